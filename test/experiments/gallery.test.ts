import { readdir, readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { loadImage } from "@napi-rs/canvas";
import { describe, expect, test } from "vitest";

// Making the gallery takes a minute, so what is committed is tested.
const FOLDER = join(__dirname, "../../results/gallery");

describe("results/gallery", async () => {
  const page = await readFile(join(FOLDER, "README.md"), "utf8");
  const shown = [...page.matchAll(/(?:src|srcset)="([^"]+)"/g)].map((match) => match[1]!).sort();

  test("the page shows every picture that is there, light and dark", async () => {
    const files = (await readdir(FOLDER)).filter((file) => file.endsWith(".png")).sort();
    expect(shown).toEqual(files);
    expect(files.filter((file) => !file.endsWith("-dark.png"))).toHaveLength(files.length / 2);
  });

  test("names every figure of lib/figures", async () => {
    const names = [...page.matchAll(/^`(\w+)`/gm)].map((match) => match[1]);
    const { exampleFigures } = await import("../figures/examples.js");
    for (const name of Object.keys(exampleFigures())) {
      if (name === "perClassIntervals") continue;
      expect(names).toContain(name === "reliability" ? "reliabilityDiagram" : name);
    }
  });

  test("is small, and each picture can be read", async () => {
    let bytes = 0;
    for (const file of shown) {
      bytes += (await stat(join(FOLDER, file))).size;
      expect((await loadImage(join(FOLDER, file))).width).toBeGreaterThan(400);
    }
    expect(bytes).toBeLessThan(3e6);
  });

  test("says that its numbers are of synthetic voices", () => {
    expect(page).toContain("the numbers say nothing about people's voices");
  });
});
