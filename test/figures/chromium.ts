import { spawnSync } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createCanvas, loadImage } from "@napi-rs/canvas";
import type { Figure } from "../../lib/figures/index.js";
import { fontFiles } from "../../lib/figures/window.js";
import { CHROMIUM } from "../needs.js";
import { onPath } from "../path.js";

/** Chromium's path: `CHROMIUM`, else the first on the path; `undefined` where there is none. */
export const chromium = process.env.CHROMIUM ?? CHROMIUM.flatMap((name) => onPath(name) ?? [])[0];

/** All figures as Chromium draws them, a PNG each at one pixel a CSS pixel, with the fonts of the renderer. */
export async function photograph(figures: readonly Figure[]): Promise<Uint8Array[]> {
  const folder = await mkdtemp(join(tmpdir(), "chromium-"));
  try {
    const tops = figures.map((_, i) =>
      figures.slice(0, i).reduce((sum, { layout }) => sum + layout.height, 0),
    );
    const width = Math.max(...figures.map(({ layout }) => layout.width));
    const height = tops.at(-1)! + figures.at(-1)!.layout.height;
    await writeFile(join(folder, "page.html"), page(figures, tops));
    const run = spawnSync(
      chromium!,
      [
        ...[
          "--headless",
          "--no-sandbox",
          "--disable-gpu",
          "--hide-scrollbars",
          "--force-device-scale-factor=1",
        ],
        ...["--allow-file-access-from-files", "--force-color-profile=srgb", `--user-data-dir=${folder}/user`],
        ...[`--window-size=${width},${height}`, "--virtual-time-budget=60000"],
        ...[`--screenshot=${folder}/page.png`, pathToFileURL(join(folder, "page.html")).href],
      ],
      { encoding: "utf8", timeout: 300_000 },
    );
    if (run.status !== 0) throw new Error(`${chromium} failed: ${run.stderr}`);
    const image = await loadImage(await readFile(join(folder, "page.png")));
    return figures.map(({ layout }, i) => {
      const canvas = createCanvas(layout.width, layout.height);
      canvas.getContext("2d").drawImage(image, 0, -tops[i]!);
      return canvas.toBuffer("image/png");
    });
  } finally {
    await rm(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

function page(figures: readonly Figure[], tops: readonly number[]): string {
  const plotly = createRequire(join(__dirname, "../../package.json")).resolve("plotly.js-dist/plotly.js");
  const [regular, bold, oblique] = fontFiles().map((file) => pathToFileURL(file).href);
  const face = (url: string, more = "") =>
    `@font-face { font-family: "DejaVu Sans"; src: url("${url}"); ${more} }`;
  const json = JSON.stringify(figures).replaceAll("<", "\\u003c");
  return `<!doctype html><meta charset="utf-8">
<style>${face(regular!)} ${face(bold!, "font-weight: bold;")} ${face(oblique!, "font-style: oblique;")}
body { margin: 0 } div.figure { position: absolute; left: 0 }</style>
<script src="${pathToFileURL(plotly).href}"></script>
<script type="module">
await Promise.all(["", "bold ", "oblique "].map((style) => document.fonts.load(style + '12px "DejaVu Sans"')));
const tops = ${JSON.stringify(tops)};
const figures = ${json};
for (const [i, { data, layout }] of figures.entries()) {
  const place = document.createElement("div");
  place.className = "figure";
  place.style.top = tops[i] + "px";
  document.body.append(place);
  await Plotly.newPlot(place, data, layout, { displayModeBar: false });
}
</script>`;
}
