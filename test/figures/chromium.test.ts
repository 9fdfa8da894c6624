import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { renderPng, type ThemeName } from "../../lib/figures/index.js";
import { needs } from "../needs.js";
import { photograph } from "./chromium.js";
import { figureExamples } from "./examples.js";
import { differing } from "./pixels.js";

// Draws every figure in Chromium, where there is one. With RENEW=1 also in dark, and the pictures in light become the
// fixtures that render.test.ts compares with everywhere, and each difference is printed:
// RENEW=1 npx vitest run --config test/vitest.config.ts test/figures/chromium
const FIXTURES = join(__dirname, "../fixtures/figures");

const THEMES: ThemeName[] = process.env.RENEW ? ["light", "dark"] : ["light"];

describe.each(THEMES)("in Chromium, %s", needs("chromium"), (theme) => {
  const figures = figureExamples().map(({ name, draw }) => [name, draw({ theme })] as const);
  let pictures: Uint8Array[];

  beforeAll(async () => {
    pictures = await photograph(figures.map(([, figure]) => figure));
    if (theme === "dark" || !process.env.RENEW) return;
    await mkdir(FIXTURES, { recursive: true });
    for (const [i, [name]] of figures.entries()) await writeFile(join(FIXTURES, `${name}.png`), pictures[i]!);
  });

  test.each(figures.map(([name, figure], i) => ({ name, figure, i })))(
    "$name",
    async ({ name, figure, i }) => {
      const share = await differing(await renderPng(figure, { scale: 1 }), pictures[i]!);
      if (process.env.RENEW) process.stdout.write(`${theme} ${name}: ${(100 * share).toFixed(2)} %\n`);
      expect(share).toBeLessThan(0.015);
    },
  );
});
