import { readFileSync } from "node:fs";
import { expect, test, vi } from "vitest";
import { fontFiles, openWindow, plotlySource } from "../../lib/figures/window.js";

// Loading plotly takes seconds on a busy machine.
vi.setConfig({ testTimeout: 60_000 });

test("the fonts are TrueType files of the package", () => {
  for (const file of fontFiles()) expect(readFileSync(file).readUInt32BE(0)).toBe(0x00010000);
});

test("plotly is the version that was checked against Chromium", () => {
  expect(plotlySource().slice(0, 200)).toContain("v4.1.1");
});

test("a window's plotly draws, and two windows do not share their random names", async () => {
  const [a, b] = [await openWindow(), await openWindow()];
  a.setRandom(() => 0.25);
  b.setRandom(() => 0.75);
  const draw = (window: typeof a) =>
    window.plotly.toImage(window.parse('{"data":[{"y":[1,2]}],"layout":{}}'), {
      format: "svg",
      width: 100,
      height: 100,
      imageDataOnly: true,
    });
  expect(await draw(a)).toMatch(/^<svg/);
  expect(await draw(a)).not.toBe(await draw(b));
  a.close();
  b.close();
});
