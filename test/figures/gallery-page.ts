import type { ThemeName } from "../../lib/figures/index.js";
import type { FigureExample } from "./examples.js";

export const GALLERY = "results/gallery";
export const THEMES: readonly ThemeName[] = ["light", "dark"];

export function pictureOf(name: string, theme: ThemeName): string {
  return theme === "dark" ? `${name}-dark.png` : `${name}.png`;
}

/** The page, with a picture for readers who like it light and one for those who like it dark. */
export function galleryPage(examples: readonly FigureExample[]): string {
  const entries = examples.map(
    ({ name, function: of, use, not }) => `## \`${of}\`

${use} ${not}

<picture><source media="(prefers-color-scheme: dark)" srcset="${pictureOf(name, "dark")}"><img src="${pictureOf(name, "light")}" alt="${name}"></picture>
`,
  );
  return `# Gallery

Every figure of \`lib/figures\`, light or dark as the page is read. **The data are made up**: sound of the workbench's synthetic
voice, and numbers that nothing was measured for. \`test/figures/examples.ts\` has the code of each; \`npm run gallery\` draws all.

${entries.join("\n")}`;
}
