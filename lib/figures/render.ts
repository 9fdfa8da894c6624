import { extname } from "node:path";
import { gzipSync } from "node:zlib";
import { writeAtomic } from "../base/atomic.js";
import { UsageError, UserError } from "../base/errors.js";
import { sha256 } from "../base/hash.js";
import { escapeHtml } from "../base/html.js";
import { random } from "../base/random.js";
import type { Figure } from "./figure.js";
import { fontFiles, openWindow, type PlotlyWindow, plotlySource } from "./window.js";

/** Plotly leaves style rules and caches behind in its window; after this many figures a new one is opened. */
const FIGURES_PER_WINDOW = 20;

/** How plotly behaves on a page: nothing it shows can be sent elsewhere (by default it offers an upload). */
export const PAGE_CONFIG = { displaylogo: false, showSendToCloud: false, plotlyServerURL: "" } as const;

/** Trace types that draw with WebGL or fetch maps: without a screen they come out blank, so they are refused. */
const NEEDS_WEBGL = /gl$|3d$|map$|mapbox$|^(splom|parcoords|surface|isosurface|volume|cone|streamtube)$/;
const DRAWS_ANYWAY = new Set(["heatmap", "treemap"]);

let current: PlotlyWindow | undefined;
let drawn = 0;
// One figure at a time: a window has one plotly, and its random names are set per figure.
let queue: Promise<unknown> = Promise.resolve();

/**
 * Draws a figure as SVG, without a browser: plotly.js in jsdom, text measured in DejaVu Sans. The same figure
 * gives the same bytes, whatever was drawn before.
 *
 * @returns the text of an SVG file; its texts stay texts
 * @throws {UserError} when the figure needs WebGL, or has attributes or values plotly does not know
 * @example const svg = await renderSvg(confusionMatrix({ counts, classes }));
 */
export function renderSvg(figure: Figure): Promise<string> {
  const result = queue.then(() => draw(figure));
  queue = result.catch(() => {});
  return result;
}

/**
 * Draws a figure as PNG: the SVG rasterised by resvg with DejaVu Sans, no font of the machine.
 *
 * @param options.scale pixels per CSS pixel; default 2 (print and sharp screens)
 * @returns the bytes of a PNG file, width x scale by height x scale pixels
 * @throws {UserError} as {@link renderSvg}
 * @throws {RangeError} when the scale is not above 0 and at most 10
 * @example await writeFile("figure.png", await renderPng(figure, { scale: 3 }));
 */
export async function renderPng(figure: Figure, options: { scale?: number } = {}): Promise<Uint8Array> {
  const scale = options.scale ?? 2;
  if (!(scale > 0 && scale <= 10))
    throw new RangeError(`the scale of a picture is above 0 to 10, not ${scale}`);
  const svg = await renderSvg(figure);
  const { Resvg } = await import("@resvg/resvg-js");
  const font = {
    loadSystemFonts: false,
    fontFiles: fontFiles(),
    defaultFontFamily: "DejaVu Sans",
    sansSerifFamily: "DejaVu Sans",
  };
  return new Resvg(svg, { fitTo: { mode: "zoom", value: scale }, font }).render().asPng();
}

/**
 * A page with the figure to zoom, hover and export in: one file of about 3 MB that needs no network, since
 * plotly.js is in it (gzipped; every browser since 2023 unpacks it).
 *
 * @param title the page's title, any text
 * @throws {UserError} as {@link renderSvg}, since attributes plotly does not know are ignored in a page too
 * @example await writeFile("figure.html", await renderHtml(figure, "Confusion on RAVDESS"));
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
 * Draws a figure into a file, whole or not at all, in the form the name's ending says: `.png` (scale 2),
 * `.svg` or `.html`.
 *
 * @throws {UsageError} for another ending
 * @throws {UserError} as {@link renderSvg}, or when the place cannot be written
 * @example await saveFigure(learningCurves({ epochs }), "results/curves.png");
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
    return mended(await window.plotly.toImage({ data, layout }, options));
  } catch (error) {
    // What a broken drawing left behind must not reach the next one.
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

/** JSON that cannot end the script element it stands in. */
function scriptSafe(json: string): string {
  return json.replaceAll("<", "\\u003c");
}

let packed: string | undefined;

/** plotly.js gzipped, as base64: what a page carries. */
export function packedPlotly(): string {
  packed ??= gzipSync(plotlySource(), { level: 9 }).toString("base64");
  return packed;
}

function refuseWebgl(figure: Figure): void {
  for (const { type } of figure.data) {
    if (type && NEEDS_WEBGL.test(type) && !DRAWS_ANYWAY.has(type)) {
      throw new UserError(
        `a "${type}" trace needs WebGL and is not drawn here; use a type without it, such as scatter`,
      );
    }
  }
}

/** What plotly would pass over in silence, such as an unknown colour scale or a misspelt attribute. */
function refuseUnknown(
  window: PlotlyWindow,
  ...figure: Parameters<PlotlyWindow["plotly"]["validate"]>
): void {
  const complaints = complaintsOf(window, figure);
  const wrong = complaints.find(({ code }) => code === "schema" || code === "value" || code === "object");
  if (wrong) throw new UserError(`the figure cannot be drawn: ${wrong.msg}`);
}

/** None where plotly's own check breaks, as it does on a layout with a `legend` that no trace asks for. */
function complaintsOf(window: PlotlyWindow, figure: Parameters<PlotlyWindow["plotly"]["validate"]>) {
  try {
    return window.plotly.validate(...figure) ?? [];
  } catch {
    return [];
  }
}

/** What resvg reads otherwise than browsers do, in tags only, never in texts. */
function mended(svg: string): string {
  return svg.replace(/<[^>]+>/g, (tag) =>
    tag
      .replace(/url\((?:'|"|&quot;)(#[^'"&)]+)(?:'|"|&quot;)\)/g, "url($1)")
      .replace(/image-rendering:\s*pixelated/g, "image-rendering: optimizeSpeed"),
  );
}
