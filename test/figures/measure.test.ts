import { createCanvas, GlobalFonts } from "@napi-rs/canvas";
import { JSDOM } from "jsdom";
import { expect, test } from "vitest";
import { type Box, boundingBox, clientBox, inlineWidth, type TextWidth } from "../../lib/figures/measure.js";
import { fontFiles } from "../../lib/figures/window.js";

for (const file of fontFiles()) GlobalFonts.registerFromPath(file, "DejaVu Sans");
const context = createCanvas(1, 1).getContext("2d");
const textWidth: TextWidth = (text, { weight, slant, size }) => {
  context.font = `${slant} ${weight} ${size}px "DejaVu Sans"`;
  return context.measureText(text).width;
};

const { document } = new JSDOM(`<svg xmlns="http://www.w3.org/2000/svg" width="400" height="300">
<g id="group" transform="translate(30,40)"><text id="plain" x="10" y="20" font-size="14">happiness</text><rect id="rect" x="5" y="60" width="40" height="10"/></g>
<text id="middle" x="200" y="50" style="font-size: 16px; text-anchor: middle; font-weight: bold">predicted</text>
<text id="turned" x="100" y="150" font-size="14" transform="rotate(-90,100,150)" text-anchor="middle">true class</text>
<text id="lines" x="250" y="100" font-size="12"><tspan class="line" x="250" y="100" dy="0em">first</tspan><tspan class="line" x="250" y="100" dy="1.3em">second line</tspan></text>
<path id="path" d="M10,200L60,230L20,260Z"/>
<text id="mixed" x="300" y="200" font-size="12">a<tspan style="font-size:20px">B</tspan><tspan font-weight="bold">c</tspan></text>
<g id="scaled" transform="translate(10,10) scale(2)"><rect x="5" y="6" width="7" height="8"/><path d="M0,0L3,4"/></g>
</svg>`).window;

// What Chromium says of the same picture with the same font: getBBox and getBoundingClientRect, x y width height.
// It rounds ascent and descent to whole pixels; we do not.
const CHROMIUM: Record<string, { box: number[]; client: number[] }> = {
  plain: { box: [10, 7, 71.2, 16], client: [40, 47, 71.2, 16] },
  group: { box: [5, 7, 76.2, 63], client: [35, 47, 76.2, 63] },
  middle: { box: [156.71, 35, 86.58, 19], client: [156.71, 35, 86.58, 19] },
  turned: { box: [66.03, 137, 67.94, 16], client: [87, 116.03, 16, 67.94] },
  lines: { box: [250, 89, 68.28, 29.6], client: [250, 89, 68.28, 29.6] },
  path: { box: [10, 200, 50, 60], client: [10, 200, 50, 60] },
  mixed: { box: [300, 181, 28.22, 24], client: [300, 181, 28.22, 24] },
  scaled: { box: [0, 0, 12, 14], client: [10, 10, 24, 28] },
  rect: { box: [5, 60, 40, 10], client: [35, 100, 40, 10] },
};

function expectNear(box: Box, expected: number[]): void {
  [box.x, box.y, box.width, box.height].forEach((value, i) => {
    expect(Math.abs(value - expected[i]!)).toBeLessThan(1);
  });
}

test.each(Object.entries(CHROMIUM))("%s has Chromium's boxes", (id, { box, client }) => {
  const element = document.getElementById(id)!;
  expectNear(boundingBox(element, textWidth), box);
  expectNear(clientBox(element, textWidth), client);
});

test("text is as wide as in Chromium", () => {
  expect(inlineWidth(document.getElementById("mixed")!, textWidth)).toBeCloseTo(28.22, 1);
});

test("an empty text has no size", () => {
  const empty = document.createElementNS("http://www.w3.org/2000/svg", "text");
  expect(boundingBox(empty, textWidth)).toEqual({ x: 0, y: 0, width: 0, height: 0 });
});
