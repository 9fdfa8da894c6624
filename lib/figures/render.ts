import { extname } from "node:path";
import { gzipSync } from "node:zlib";
import { writeAtomic } from "../base/atomic.js";
import { UsageError, UserError } from "../base/errors.js";
import { sha256 } from "../base/hash.js";
import { escapeHtml } from "../base/html.js";
import { random } from "../base/random.js";
import { compacted } from "./compact.js";
import type { Figure } from "./figure.js";
import { missingCharacters } from "./glyphs.js";
import { fontFiles, openWindow, type PlotlyWindow, plotlySource } from "./window.js";

/** Plotly leaves style rules and caches behind in its window; after this many figures a new one is opened. */
const FIGURES_PER_WINDOW = 20;

/** Settings of plotly on a page: no button that uploads the figure, which plotly shows by default. */
export const PAGE_CONFIG = { displaylogo: false, showSendToCloud: false, plotlyServerURL: "" } as const;

/** Trace types that need WebGL or fetch maps: without a screen they would be blank, so they are rejected. */
const NEEDS_WEBGL = /gl$|3d$|map$|mapbox$|^(splom|parcoords|surface|isosurface|volume|cone|streamtube)$/;
const DRAWS_ANYWAY = new Set(["heatmap", "treemap"]);

let current: PlotlyWindow | undefined;
let drawn = 0;
// One figure at a time: a window has one plotly, and its random names are set per figure.
let queue: Promise<unknown> = Promise.resolve();

/**
 * Renders a figure as SVG without a browser: plotly.js in jsdom, text measured in DejaVu Sans. The same figure always
 * gives the same bytes. The first call takes one to two seconds.
 *
 * @returns the content of an SVG file; text stays text
 * @throws {UserError} when the figure needs WebGL, or has attributes or values that plotly does not know
 * @example
 * const svg = await renderSvg(confusionMatrix({ counts: [[8, 2], [1, 9]], classes: ["anger", "fear"] }));
 * svg.startsWith("<svg"); // => true
 */
export function renderSvg(figure: Figure): Promise<string> {
  const result = queue.then(() => draw(figure));
  queue = result.catch(() => {});
  return result;
}

/**
 * Renders a figure as PNG: the SVG rasterised by resvg in DejaVu Sans, without the machine's fonts, so that it is the same
 * everywhere. Characters that the font lacks, such as Chinese ones, are boxes, and are named on standard error.
 *
 * @param options.scale pixels per CSS pixel; default 2 (print and high-resolution screens)
 * @returns the bytes of a PNG file, width x scale by height x scale pixels
 * @throws {UserError} as {@link renderSvg}
 * @throws {RangeError} when the scale is not above 0 and at most 10
 * @example
 * import { writeFile } from "node:fs/promises";
 * const figure = perClassBars({ classes: ["anger", "fear"], precision: [0.8, 0.6], recall: [0.7, 0.7], f1: [0.75, 0.65] });
 * await writeFile("by-class.png", await renderPng(figure, { scale: 1 }));
 */
export async function renderPng(figure: Figure, options: { scale?: number } = {}): Promise<Uint8Array> {
  const scale = options.scale ?? 2;
  if (!(scale > 0 && scale <= 10))
    throw new RangeError(`the scale must be above 0 and at most 10, not ${scale}`);
  const svg = await renderSvg(figure);
  warnOfBoxes(svg);
  const { Resvg } = await import("@resvg/resvg-js");
  const font = {
    loadSystemFonts: false,
    fontFiles: fontFiles(),
    defaultFontFamily: "DejaVu Sans",
    sansSerifFamily: "DejaVu Sans",
  };
  return new Resvg(svg, { fitTo: { mode: "zoom", value: scale }, font }).render().asPng();
}

/** Names the characters of a picture that are drawn as boxes. */
function warnOfBoxes(svg: string): void {
  const missing = missingCharacters(svg.replace(/<[^>]+>/g, ""));
  if (missing.length === 0) return;
  const more = missing.length > NAMED ? ` and ${missing.length - NAMED} more` : "";
  process.stderr.write(
    `ser: the font of PNG figures lacks ${missing.slice(0, NAMED).join("")}${more} (drawn as boxes): .svg and .html show them\n`,
  );
}

/** How many missing characters a warning names. */
const NAMED = 20;

/**
 * An interactive HTML page with the figure: zoom, hover text, export. One file of about 3 MB that works offline, since it
 * contains plotly.js (gzipped; browsers since 2023 can unpack it).
 *
 * @param title title of the page, any text
 * @example
 * import { writeFile } from "node:fs/promises";
 * const figure = confusionMatrix({ counts: [[8, 2], [1, 9]], classes: ["anger", "fear"] });
 * await writeFile("confusion.html", await renderHtml(figure, "Confusion matrix on SAVEE"));
 */
export async function renderHtml(figure: Figure, title: string): Promise<string> {
  const name = escapeHtml(title);
  const background = String(figure.layout.paper_bgcolor ?? "#fff").replace(/[^#\w(),.%\s]/g, "");
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${name}</title>
<style>body { margin: 0; background: ${background} }</style>
</head>
<body>
<div id="figure" role="img" aria-label="${name}"></div>
<script type="application/json" id="content">${scriptSafe(figureJson(figure))}</script>
<script type="text/plain" id="plotly">${packedPlotly()}</script>
<script type="module">
const text = (id) => document.getElementById(id).textContent;
const packed = Uint8Array.from(atob(text("plotly")), (sign) => sign.charCodeAt(0));
const unpacked = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
const script = document.createElement("script");
script.textContent = await new Response(unpacked).text();
document.head.append(script);
const { data, layout } = JSON.parse(text("content"));
await Plotly.newPlot("figure", data, layout, ${JSON.stringify(PAGE_CONFIG)});
</script>
</body>
</html>
`;
}

/**
 * Saves a figure to a file in the format of the extension: `.png` (scale 2), `.svg` or `.html`. Missing folders are
 * created. The file is written completely or not at all.
 *
 * @throws {UsageError} for another extension
 * @throws {UserError} as {@link renderSvg}, or when the file cannot be written
 * @example
 * const figure = classCounts({ corpora: [{ name: "savee", counts: { anger: 60, neutral: 120 } }] });
 * await saveFigure(figure, "figures/clips.svg");
 */
export async function saveFigure(figure: Figure, path: string): Promise<void> {
  await writeAtomic(path, await content(figure, path));
}

async function content(figure: Figure, path: string): Promise<string | Uint8Array> {
  switch (extname(path).toLowerCase()) {
    case ".png":
      return renderPng(figure);
    case ".svg":
      return renderSvg(figure);
    case ".html":
      return renderHtml(figure, plainTitle(figure));
    default:
      throw new UsageError(`cannot draw ${path}: a figure is saved as .png, .svg or .html`);
  }
}

function plainTitle(figure: Figure): string {
  const text = figure.layout.title?.text ?? "Figure";
  return text
    .replace(/<[^>]*>/g, " ")
    .replaceAll("&lt;", "<")
    .replaceAll("&amp;", "&")
    .trim();
}

async function draw(figure: Figure): Promise<string> {
  refuseWebgl(figure);
  const json = figureJson(figure);
  const window = await windowForNext();
  const rng = random(sha256(json));
  window.setRandom(() => rng.uniform());
  const { width, height } = figure.layout;
  const { data, layout } = window.parse(json);
  refuseUnknown(window, data, layout);
  const options = { format: "svg", width, height, imageDataOnly: true } as const;
  try {
    return compacted(mended(await window.plotly.toImage({ data, layout }, options)));
  } catch (error) {
    // What a failed drawing left behind must not affect the next one.
    closeWindow();
    throw error;
  }
}

async function windowForNext(): Promise<PlotlyWindow> {
  if (current && drawn < FIGURES_PER_WINDOW) {
    drawn++;
    return current;
  }
  closeWindow();
  current = await openWindow();
  drawn = 1;
  return current;
}

function closeWindow(): void {
  current?.close();
  current = undefined;
}

/** A figure as JSON: typed arrays as arrays, NaN and infinities as null, which plotly leaves blank. */
function figureJson(figure: Figure): string {
  return JSON.stringify(figure, (_key, value) =>
    ArrayBuffer.isView(value) && !(value instanceof DataView) ? Array.from(value as Float64Array) : value,
  );
}

/** JSON that cannot close the script element around it. */
function scriptSafe(json: string): string {
  return json.replaceAll("<", "\\u003c");
}

let packed: string | undefined;

/** plotly.js for a page: gzipped, as base64. */
export function packedPlotly(): string {
  packed ??= gzipSync(plotlySource(), { level: 9 }).toString("base64");
  return packed;
}

function refuseWebgl(figure: Figure): void {
  for (const { type } of figure.data) {
    if (type && NEEDS_WEBGL.test(type) && !DRAWS_ANYWAY.has(type)) {
      throw new UserError(
        `a "${type}" trace needs WebGL and cannot be drawn here; use a type that does not, such as scatter`,
      );
    }
  }
}

/** Rejects what plotly would silently ignore, such as an unknown colour scale or a misspelt attribute. */
function refuseUnknown(
  window: PlotlyWindow,
  ...figure: Parameters<PlotlyWindow["plotly"]["validate"]>
): void {
  const complaints = complaintsOf(window, figure);
  const wrong = complaints.find(({ code }) => code === "schema" || code === "value" || code === "object");
  if (wrong) throw new UserError(`the figure cannot be drawn: ${wrong.msg}`);
}

/** None where plotly's own validation throws, as it does for a layout with a `legend` that no trace uses. */
function complaintsOf(window: PlotlyWindow, figure: Parameters<PlotlyWindow["plotly"]["validate"]>) {
  try {
    return window.plotly.validate(...figure) ?? [];
  } catch {
    return [];
  }
}

/** Rewrites what resvg reads differently from browsers; only in tags, never in text. */
function mended(svg: string): string {
  return svg.replace(/<[^>]+>/g, (tag) =>
    tag
      .replace(/url\((?:'|"|&quot;)(#[^'"&)]+)(?:'|"|&quot;)\)/g, "url($1)")
      .replace(/image-rendering:\s*pixelated/g, "image-rendering: optimizeSpeed"),
  );
}
