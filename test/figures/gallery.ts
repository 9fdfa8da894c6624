// Draws the examples of all figures, light and dark, and the page that shows them: npm run gallery
import { mkdir, rm, writeFile } from "node:fs/promises";
import { renderPng } from "../../lib/figures/index.js";
import { figureExamples } from "./examples.js";
import { GALLERY, galleryPage, pictureOf, THEMES } from "./gallery-page.js";

async function main(): Promise<void> {
  const examples = figureExamples();
  await rm(GALLERY, { recursive: true, force: true });
  await mkdir(GALLERY, { recursive: true });
  for (const { name, draw } of examples) {
    for (const theme of THEMES) {
      await writeFile(`${GALLERY}/${pictureOf(name, theme)}`, await renderPng(draw({ theme }), { scale: 1 }));
    }
  }
  await writeFile(`${GALLERY}/README.md`, galleryPage(examples));
}

main().catch((error: unknown) => {
  console.error(error);
  process.exitCode = 1;
});
