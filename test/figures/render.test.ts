import { spawnSync } from "node:child_process";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { loadImage } from "@napi-rs/canvas";
import { JSDOM } from "jsdom";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { confusionMatrix } from "../../lib/figures/confusion-matrix.js";
import type { Figure } from "../../lib/figures/figure.js";
import { renderHtml, renderPng, renderSvg, saveFigure } from "../../lib/figures/render.js";
import { figureExamples } from "./examples.js";
import { differing } from "./pixels.js";

// Loading plotly takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

const FIXTURES = join(__dirname, "../fixtures/figures");
const figures = Object.fromEntries(figureExamples().map(({ name, draw }) => [name, draw({})]));
const tiny: Figure = {
  data: [{ type: "scatter", x: [1, 2], y: [1, 2] }],
  layout: { width: 120, height: 80 },
};

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "figures-"));
});
afterAll(() => rm(folder, { recursive: true }));

/** What stands in a picture, without its coordinates. */
function structure(svg: string) {
  const { document } = new JSDOM(svg, { contentType: "image/svg+xml" }).window;
  const count = (selector: string) => document.querySelectorAll(selector).length;
  const texts = [...document.querySelectorAll("text")].map((text) => text.textContent).filter(Boolean);
  return { texts, paths: count("path"), images: count("image"), clips: count("clipPath") };
}

describe.each(Object.entries(figures))("%s", (name, figure) => {
  test("holds its texts and marks", async () => {
    expect(structure(await renderSvg(figure))).toMatchSnapshot();
  });

  test("looks as in a browser", async () => {
    // The fixtures are Chromium's (version 156); chromium.test.ts says how to renew them.
    const browser = await readFile(join(FIXTURES, `${name}.png`));
    expect(await differing(await renderPng(figure, { scale: 1 }), browser)).toBeLessThan(0.015);
  });
});

describe("renderSvg", () => {
  test("figures asked for at once do not disturb each other", async () => {
    const all = [tiny, figures.confusionMatrix!];
    const alone = [];
    for (const figure of all) alone.push(await renderSvg(figure));
    expect(await Promise.all(all.map(renderSvg))).toEqual(alone);
  });

  test("two figures in one page share no ids", async () => {
    const ids = async (figure: Figure) =>
      [...(await renderSvg(figure)).matchAll(/ id="([^"]+)"/g)].map((m) => m[1]);
    const other = new Set(await ids(figures.classCounts!));
    expect((await ids(figures.learningCurves!)).filter((id) => other.has(id))).toEqual([]);
  });

  test("keeps awkward names as text", async () => {
    const name = `</text><script>&'"url("#x")`;
    const svg = await renderSvg(confusionMatrix({ counts: [[1]], classes: [name], title: name }));
    const { texts } = structure(svg);
    expect(texts.filter((text) => text === name)).toHaveLength(3);
  });

  test("names the font and what may stand in for it", async () => {
    expect(await renderSvg(figures.classCounts!)).toMatch(
      /font-family: ?"?'?(&quot;)?DejaVu Sans.{0,12}Verdana, Arial, sans-serif/,
    );
  });

  test("takes typed arrays, and leaves NaN blank", async () => {
    const figure = { ...tiny, data: [{ ...tiny.data[0]!, y: Float32Array.of(1, Number.NaN) }] };
    expect(await renderSvg(figure)).toBe(
      await renderSvg({ ...tiny, data: [{ ...tiny.data[0]!, y: [1, null] }] }),
    );
  });

  test.each([
    ["scattergl", { type: "scattergl" }, /WebGL/],
    ["surface", { type: "surface" }, /WebGL/],
    ["an unknown colour scale", { type: "heatmap", z: [[1]], colorscale: "Magma" }, /colorscale/],
    ["a misspelt attribute", { type: "scatter", colour: "red" }, /colour/],
  ])("refuses %s", async (_, trace, message) => {
    const figure = { ...tiny, data: [trace as Figure["data"][number]] };
    const error = await renderSvg(figure).catch((thrown) => thrown);
    expect(error).toBeInstanceOf(UserError);
    expect(error.message).toMatch(message);
  });

  test("draws a layout with a legend that no trace asks for", async () => {
    const figure = { ...tiny, layout: { ...tiny.layout, showlegend: false, legend: { orientation: "h" } } };
    expect(await renderSvg(figure as Figure)).toContain("<svg");
  });

  test("is cheap to import, lets the process end, and gives the same bytes in every process", async () => {
    const figure = figures.confusionMatrix!;
    const script = `
      require("tsx/cjs");
      const { renderSvg } = require("./lib/figures/index.ts");
      const early = Object.keys(require.cache).filter((file) => /jsdom|plotly|resvg|canvas/.test(file));
      renderSvg(${JSON.stringify(figure)}).then((svg) => process.stdout.write(early.length + svg));`;
    const run = spawnSync(process.execPath, ["-e", script], {
      encoding: "utf8",
      cwd: join(__dirname, "../.."),
    });
    expect(run).toMatchObject({ status: 0, stdout: `0${await renderSvg(figure)}`, stderr: "" });
  });
});

describe("renderPng", () => {
  test("is as large as asked for, and the same bytes again", async () => {
    const png = await renderPng(tiny);
    const image = await loadImage(Buffer.from(png));
    expect([image.width, image.height]).toEqual([240, 160]);
    expect(Buffer.from(await renderPng(tiny)).equals(png)).toBe(true);
    await expect(renderPng(tiny, { scale: 0 })).rejects.toThrow(RangeError);
  });
});

describe("characters that the font lacks", () => {
  const titled = (text: string): Figure => ({ ...tiny, layout: { ...tiny.layout, title: { text } } });
  const printed = async (draw: () => Promise<unknown>) => {
    const write = vi.spyOn(process.stderr, "write").mockReturnValue(true);
    try {
      await draw();
      return write.mock.calls.map(([line]) => line);
    } finally {
      write.mockRestore();
    }
  };

  test("are named once a picture, and only where they are boxes", async () => {
    const chinese = titled("赵-愤怒 <b>赵</b> &amp; गुस्सा");
    expect(await printed(() => renderPng(chinese, { scale: 1 }))).toEqual([
      "ser: the font of PNG figures lacks 赵愤怒गुस्ा (drawn as boxes): .svg and .html show them\n",
    ]);
    expect(await printed(() => renderPng(titled("гнев, θυμός, غضب &amp; $"), { scale: 1 }))).toEqual([]);
    expect(await printed(() => renderSvg(chinese))).toEqual([]);
    expect(await printed(() => renderHtml(chinese, "愤怒"))).toEqual([]);
  });

  test("are counted beyond twenty", async () => {
    const many = String.fromCodePoint(...Array.from({ length: 25 }, (_, i) => 0x4e00 + i));
    const [line] = await printed(() => renderPng(titled(many), { scale: 1 }));
    expect(line).toContain(`lacks ${many.slice(0, 20)} and 5 more (`);
  });
});

describe("renderHtml", () => {
  const nasty = "</script><script>alert(1)</script>";

  test("draws in a page, and names cannot leave their place", async () => {
    const figure = confusionMatrix({ counts: [[3]], classes: [nasty], title: nasty });
    const html = await renderHtml(figure, nasty);
    const { document } = new JSDOM(html).window;
    expect(document.title).toBe(nasty);
    expect(document.querySelectorAll("script")).toHaveLength(3);
    expect(JSON.parse(document.getElementById("content")!.textContent!)).toEqual(
      JSON.parse(JSON.stringify(figure)),
    );
    // Nothing is fetched, and plotly's button to upload a chart is off.
    expect(html).not.toMatch(/(src|href)=/);
    expect(html).toContain('"showSendToCloud":false');
  });
});

describe("saveFigure", () => {
  test.each([
    ["a.png", "\x89PNG"],
    ["b.svg", "<svg"],
    ["C.HTML", "<!do"],
  ])("writes %s", async (name, start) => {
    await saveFigure(tiny, join(folder, "sub", name));
    const bytes = await readFile(join(folder, "sub", name));
    expect(bytes.subarray(0, 4).toString("latin1")).toBe(start);
  });

  test("refuses another ending, and writes nothing", async () => {
    const before = await readdir(folder);
    await expect(saveFigure(tiny, join(folder, "a.pdf"))).rejects.toThrow(UsageError);
    expect(await readdir(folder)).toEqual(before);
  });
});
