import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Script } from "node:vm";
import type { Canvas } from "@napi-rs/canvas";
import type { DOMWindow, JSDOM } from "jsdom";
import type { Layout, PlotData, ToImgopts } from "plotly.js";
import { projectRoot } from "../base/root.js";
import { type Box, boundingBox, clientBox, inlineWidth, type TextWidth } from "./measure.js";

/** The parts of plotly.js that the renderer uses. */
export interface PlotlyApi {
  toImage(figure: object, options: ToImgopts & { imageDataOnly: boolean }): Promise<string>;
  validate(data: Partial<PlotData>[], layout: Partial<Layout>): PlotlyComplaint[] | undefined;
}

/** One finding of `Plotly.validate`. */
export interface PlotlyComplaint {
  code: "object" | "array" | "schema" | "unused" | "dynamic" | "invisible" | "value";
  container: string;
  astr: string;
  msg: string;
}

/** A jsdom window with plotly.js loaded. */
export interface PlotlyWindow {
  plotly: PlotlyApi;
  /** Parses JSON into objects of the window itself: plotly tests `instanceof Array`. */
  parse(json: string): { data: Partial<PlotData>[]; layout: Partial<Layout> };
  /** Sets the source of plotly's random names (ids of clip paths). */
  setRandom(source: () => number): void;
  close(): void;
}

/** The font files that all text is measured and drawn with: the three styles of DejaVu Sans used here. */
export function fontFiles(): string[] {
  return ["DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique"].map((name) =>
    resolveFromRoot(`dejavu-fonts-ttf/ttf/${name}.ttf`),
  );
}

/** plotly.js as published: one script without dependencies. */
export function plotlySource(): string {
  return readFileSync(resolveFromRoot("plotly.js-dist/plotly.js"), "utf8");
}

/**
 * Opens a window. The first takes one to two seconds to load jsdom and plotly.js; later ones take about 0.15 s, since the
 * compiled script is kept.
 */
export async function openWindow(): Promise<PlotlyWindow> {
  const { JSDOM, VirtualConsole } = await import("jsdom");
  // Nothing is printed: plotly warns about what jsdom lacks.
  const dom = new JSDOM("<!doctype html><html><body></body></html>", {
    runScripts: "outside-only",
    pretendToBeVisual: true,
    virtualConsole: new VirtualConsole(),
  });
  await addLayout(dom.window);
  await addCanvas(dom.window);
  // maplibre needs both while loading; the address is never read.
  dom.window.URL.createObjectURL = () => "blob:none";
  dom.window.URL.revokeObjectURL = () => {};
  return withPlotly(dom);
}

let compiled: Script | undefined;

function withPlotly(dom: JSDOM): PlotlyWindow {
  compiled ??= new Script(plotlySource(), { filename: "plotly.js" });
  compiled.runInContext(dom.getInternalVMContext());
  const window: DOMWindow & { Plotly?: PlotlyApi } = dom.window;
  if (!window.Plotly) throw new Error("plotly.js did not load");
  return {
    plotly: window.Plotly,
    parse: (json) => window.JSON.parse(json),
    setRandom: (source) => {
      window.Math.random = source;
    },
    close: () => window.close(),
  };
}

function resolveFromRoot(file: string): string {
  return createRequire(join(projectRoot(), "package.json")).resolve(file);
}

let measuring: Promise<TextWidth> | undefined;

/** Measures text in the fonts that draw it, never in the machine's own fonts. */
async function loadTextWidth(): Promise<TextWidth> {
  const { createCanvas, GlobalFonts } = await import("@napi-rs/canvas");
  for (const file of fontFiles()) {
    if (!GlobalFonts.registerFromPath(file, "DejaVu Sans")) throw new Error(`not a font: ${file}`);
  }
  const context = createCanvas(1, 1).getContext("2d");
  return (text, { weight, slant, size }) => {
    context.font = `${slant} ${weight} ${size}px "DejaVu Sans"`;
    return context.measureText(text).width;
  };
}

/** Adds to a window's SVG elements the boxes and lengths that jsdom does not compute. */
async function addLayout(window: DOMWindow): Promise<void> {
  measuring ??= loadTextWidth();
  const textWidth = await measuring;
  const { svgPathProperties } = await import("svg-path-properties");
  const path = (element: Element) => new svgPathProperties(element.getAttribute("d") || "M0,0");
  Object.assign(window.SVGElement.prototype, {
    getBBox(this: Element): Box {
      return boundingBox(this, textWidth);
    },
    getBoundingClientRect(this: Element) {
      const { x, y, width, height } = clientBox(this, textWidth);
      return { x, y, width, height, left: x, top: y, right: x + width, bottom: y + height };
    },
    getComputedTextLength(this: Element): number {
      return inlineWidth(this, textWidth);
    },
    getTotalLength(this: Element): number {
      return path(this).getTotalLength();
    },
    getPointAtLength(this: Element, length: number) {
      return path(this).getPointAtLength(length);
    },
  });
}

/** Adds a 2-d context to a window's canvases, in which plotly draws heat maps; there is no WebGL. */
async function addCanvas(window: DOMWindow): Promise<void> {
  const { createCanvas } = await import("@napi-rs/canvas");
  const canvases = new WeakMap<HTMLCanvasElement, Canvas>();
  const canvasOf = (element: HTMLCanvasElement): Canvas => {
    const known = canvases.get(element);
    if (known && known.width === element.width && known.height === element.height) return known;
    const made = createCanvas(element.width, element.height);
    canvases.set(element, made);
    return made;
  };
  Object.assign(window.HTMLCanvasElement.prototype, {
    getContext(this: HTMLCanvasElement, kind: string) {
      return kind === "2d" ? canvasOf(this).getContext("2d") : null;
    },
    toDataURL(this: HTMLCanvasElement): string {
      return canvasOf(this).toDataURL("image/png");
    },
  });
}
