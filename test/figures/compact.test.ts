import { deflateSync } from "node:zlib";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import { Resvg } from "@resvg/resvg-js";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { compacted } from "../../lib/figures/compact.js";
import type { Figure } from "../../lib/figures/figure.js";
import { fontFiles, openWindow, type PlotlyWindow } from "../../lib/figures/window.js";
import { figureExamples } from "./examples.js";

// Loading plotly takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const font = { loadSystemFonts: false, fontFiles: fontFiles(), defaultFontFamily: "DejaVu Sans" };

function pixelsOf(svg: string): Buffer {
  return Buffer.from(new Resvg(svg, { fitTo: { mode: "zoom", value: 2 }, font }).render().pixels);
}

const svg = (inner: string) => `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${inner}</svg>`;
const inside = (inner: string) =>
  compacted(svg(inner))
    .replace(/^<svg xmlns="[^"]*" width="9" height="9"(?: style="[^"]*")?\/?>/, "")
    .replace(/<\/svg>$/, "");

describe("the gallery's figures, as plotly writes them", () => {
  let window: PlotlyWindow;
  beforeAll(async () => {
    window = await openWindow();
  });
  afterAll(() => window.close());

  async function asWritten({ data, layout }: Figure): Promise<string> {
    const plain = (_: string, value: unknown) =>
      ArrayBuffer.isView(value) ? [...(value as Float32Array)] : value;
    const figure = window.parse(JSON.stringify({ data, layout }, plain));
    const { width, height } = layout;
    const drawn = await window.plotly.toImage(figure, { format: "svg", width, height, imageDataOnly: true });
    return drawn.replace(/url\((?:'|"|&quot;)(#[^'"&)]+)(?:'|"|&quot;)\)/g, "url($1)");
  }

  test.each(figureExamples())("$name is the same, pixel for pixel, and smaller", async ({ draw }) => {
    const whole = await asWritten(draw({}));
    const small = compacted(whole);
    expect(pixelsOf(small).equals(pixelsOf(whole))).toBe(true);
    expect(small.length).toBeLessThan(0.85 * whole.length);
    expect(compacted(small).length).toBeLessThanOrEqual(small.length);
    expect(small).not.toMatch(/ class=| data-|<g\/>|<defs\/>/);
    const ids = [...small.matchAll(/ id="([^"]+)"/g)].map(([, id]) => id);
    for (const id of ids) expect(small).toContain(`#${id}`);
  });
});

describe("compacted", () => {
  test("drops groups that are empty or say nothing, and marks that cannot be seen", () => {
    expect(inside('<g class="a"><g class="b"/><g><rect width="1" height="1"/></g></g>')).toBe(
      '<rect width="1" height="1"/>',
    );
    expect(inside('<path/><text/><rect width="1" style="fill: rgb(0, 0, 0); fill-opacity: 0;"/>')).toBe("");
    expect(inside('<defs><clipPath id="a"><rect width="1"/></clipPath></defs>')).toBe("");
  });

  test("an open mark stays", () => {
    const mark = '<circle r="1" style="fill: none; stroke: rgb(255, 0, 0);"/>';
    expect(inside(mark + mark)).toBe('<circle r="1"/><circle r="1"/>');
    expect(compacted(svg(mark + mark))).toContain('style="stroke:#f00;fill:none"');
  });

  test("a property stands where all marks below have it, and nowhere if it is the initial one", () => {
    const line = (colour: string) =>
      `<path d="M1,1h1" style="stroke: ${colour}; stroke-opacity: 1; stroke-width: 2px;"/>`;
    const red = `<g class="x">${line("red")}${line("red")}</g>`;
    expect(compacted(svg(red + line("blue")))).toBe(
      '<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9" style="stroke-width:2">' +
        '<g style="stroke:red"><path d="M1 1h1"/><path d="M1 1h1"/></g><path d="M1 1h1" style="stroke:blue"/></svg>',
    );
  });

  test("a group's opacity and transform go to its only child, unless that has its own", () => {
    const path = '<path d="M1,1h1"/>';
    expect(inside(`<g transform="translate(1,0)" style="opacity: 0.5;">${path}</g>`)).toBe(
      '<path d="M1 1h1" transform="translate(1,0)" style="opacity:0.5"/>',
    );
    const twice = `<g transform="translate(1,0)"><path d="M1 1h1" transform="translate(2,0)"/></g>`;
    expect(inside(twice)).toBe(twice);
    expect(inside(`<g transform="translate(0,0)rotate(0,3,4)">${path}</g>`)).toBe('<path d="M1 1h1"/>');
  });

  test.each([
    ["M0,0L1.5,2.25L3,2.25H9V1Z", "M0 0l1.5 2.25h1.5 6v-1.25z"],
    ["M0.1,0.2L0.3,0.1L0.2,-4", "M.1 .2l.2-.1-.1-4.1"],
    ["M1,1ZM2,2l1,1m1,1 1,1", "M1 1zM2 2l1 1M4 4l1 1"],
    ["M23.339999771118165,0.30000000000000004v1", "M23.34 .3v1"],
    ["M4.5,0A4.5,4.5 0 1,1 0,-4.5Z", "M4.5,0A4.5,4.5 0 1,1 0,-4.5Z"],
    ["M0,0L1e-7,1", "M0,0L1e-7,1"],
  ])("path %s is %s", (long, shorter) => {
    expect(inside(`<path d="${long}"/>`)).toBe(`<path d="${shorter}"/>`);
  });

  test("keeps texts as they are", () => {
    const text =
      '<text x="1" y="2">a &lt;b&gt; &amp; <tspan style="fill:#123456">0.10000 px</tspan> 1.0</text>';
    expect(inside(text)).toBe(text);
  });

  test("packs a picture's pixels again", async () => {
    const canvas = createCanvas(200, 200);
    canvas.getContext("2d").fillRect(20, 20, 50, 90);
    const uri = `data:image/png;base64,${canvas.toBuffer("image/png").toString("base64")}`;
    const small = / href="([^"]+)"/.exec(inside(`<image href="${uri}" width="9" height="9"/>`))![1]!;
    expect(small.length).toBeLessThan(uri.length);
    const again = createCanvas(200, 200);
    again.getContext("2d").drawImage(await loadImage(small), 0, 0);
    expect(again.data().equals(canvas.data())).toBe(true);
    const jpeg = `data:image/jpeg;base64,${deflateSync("x").toString("base64")}`;
    expect(inside(`<image href="${jpeg}"/>`)).toContain(jpeg);
  });
});
