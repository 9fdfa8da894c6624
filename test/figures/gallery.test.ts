import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { loadImage } from "@napi-rs/canvas";
import { describe, expect, test } from "vitest";
import * as figures from "../../lib/figures/index.js";
import { figureExamples } from "./examples.js";
import { GALLERY, galleryPage, pictureOf, THEMES } from "./gallery-page.js";

const FOLDER = join(import.meta.dirname, "../..", GALLERY);

describe("the gallery, as it is committed", () => {
  const examples = figureExamples();

  test("its page is that of the examples, and says that they are made up", async () => {
    expect(await readFile(join(FOLDER, "README.md"), "utf8")).toBe(galleryPage(examples));
    expect(galleryPage(examples)).toContain("data are made up");
  });

  test("has a picture of each example in each theme, and no other", async () => {
    const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".png"));
    const names = examples.flatMap(({ name }) => THEMES.map((theme) => pictureOf(name, theme)));
    expect(files.sort()).toEqual(names.sort());
  });

  test.each(examples)("$name: its pictures have the figure's size", async ({ name, draw }) => {
    for (const theme of THEMES) {
      const { width, height } = await loadImage(join(FOLDER, pictureOf(name, theme)));
      const { layout } = draw({ theme });
      expect([width, height]).toEqual([layout.width, layout.height]);
    }
  });

  test("is small", async () => {
    const sizes = (await readdir(FOLDER)).map(async (file) => (await stat(join(FOLDER, file))).size);
    expect((await Promise.all(sizes)).reduce((a, b) => a + b)).toBeLessThan(3e6);
  });

  test("shows every figure there is", async () => {
    const sources = join(import.meta.dirname, "../../lib/figures");
    const texts = (await readdir(sources)).map((file) => readFile(join(sources, file), "utf8"));
    const drawing = (await Promise.all(texts)).flatMap((text) => [
      ...text.matchAll(/^export function (\w+)\(options: \w+\): Figure \{/gm),
    ]);
    const shown = drawing.map(([, name]) => name);
    expect(new Set(examples.map((example) => example.function))).toEqual(new Set(shown));
    for (const { function: name } of examples) expect(figures).toHaveProperty(name);
  });
});
