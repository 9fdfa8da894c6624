import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { renderPng } from "../../lib/figures/index.js";
import { figureExamples } from "../figures/examples.js";
import { GALLERY, pictureOf, THEMES } from "../figures/gallery-page.js";
import { ROOT } from "../package.js";

test.each(figureExamples())("the gallery's $name is the example's, to the byte", async ({ name, draw }) => {
  for (const theme of THEMES) {
    const committed = await readFile(join(ROOT, GALLERY, pictureOf(name, theme)));
    const made = await renderPng(draw({ theme }), { scale: 1 });
    expect(committed.equals(made), `${pictureOf(name, theme)}: npm run gallery draws it anew`).toBe(true);
  }
});
