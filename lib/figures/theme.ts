import type { ErrorBar, Layout, LayoutAxis } from "plotly.js";
import { EMOTIONS } from "../corpora/clip.js";
import { type Anchor, type ColourScale, type Hex, uniformScale } from "./colour.js";
import type { Estimate, Figure, FigureOptions, ThemeName } from "./figure.js";

/** The colours of a theme; those of emotions are the same in every theme, see {@link emotionColours}. */
export interface Theme {
  background: Hex;
  /** Titles and values. */
  ink: Hex;
  /** Tick labels and subtitles. */
  muted: Hex;
  /** Axis lines. */
  line: Hex;
  /** Grid lines. */
  grid: Hex;
  /** Correct and wrong predictions; blue and orange, never told apart by colour alone. */
  right: Hex;
  wrong: Hex;
  /** For series that are not emotions (corpora, curves), in this order. */
  series: readonly Hex[];
  /** Shares and counts, from 0 (near the background) to the maximum. */
  scale: ColourScale;
  /** Values below and above a middle, from cold to warm. */
  diverging: ColourScale;
  /** Spectrograms, from silence to loud. */
  spectrogram: ColourScale;
}

/**
 * One colour per emotion, the same in every figure. A search maximised the smallest distance between any two: at
 * least 0.1 in OKLab (five just noticeable differences) with full colour vision and in simulated protanopia,
 * deuteranopia and tritanopia (Machado, Oliveira & Fernandes 2009). The contrast with both backgrounds is at least
 * 2 : 1.
 *
 * @example emotionColours.anger; // => "#b40e1e"
 */
export const emotionColours: Readonly<Record<string, Hex>> = {
  anger: "#b40e1e",
  disgust: "#7f951e",
  fear: "#8e31ae",
  happiness: "#e6ae3c",
  sadness: "#5d89f2",
  surprise: "#e86e8f",
  neutral: "#5c626a",
  calm: "#56c0df",
};

/**
 * The font family of all text. SVG and PNG files are drawn in DejaVu Sans; on an HTML page Verdana, of nearly the same
 * width, and others are fallbacks.
 *
 * @example waveform({ samples: Float32Array.of(0.1, -0.1), sampleRate: 16000 }).layout.font?.family; // => FONT_FAMILY
 */
export const FONT_FAMILY = "DejaVu Sans, Verdana, Arial, sans-serif";

/** Text sizes in CSS pixels. */
export const FONT_SIZE = { title: 19, subtitle: 13, axis: 14, tick: 12.5, small: 11 } as const;

const spectrogram = uniformScale([
  { lightness: 0.13, chroma: 0.04, hue: 275 },
  { lightness: 0.34, chroma: 0.15, hue: 295 },
  { lightness: 0.55, chroma: 0.19, hue: 350 },
  { lightness: 0.77, chroma: 0.16, hue: 410 },
  { lightness: 0.97, chroma: 0.07, hue: 460 },
]);

/** Blue, a grey middle, orange: both arms uniform, of the same lightness at the same distance from the middle. */
function divergingScale(end: Omit<Anchor, "hue">, middle: Omit<Anchor, "hue">): ColourScale {
  const arm = (hue: number) =>
    uniformScale([
      { ...middle, hue },
      { ...end, hue },
    ]);
  const below = arm(250).map(([at, colour]): ColourScale[number] => [(1 - at) / 2, colour]);
  const above = arm(50).map(([at, colour]): ColourScale[number] => [(1 + at) / 2, colour]);
  return [...below.reverse(), ...above.slice(1)];
}

const light: Theme = {
  background: "#ffffff",
  ink: "#1c2126",
  muted: "#50585f",
  line: "#8a929a",
  grid: "#e4e7ea",
  right: "#1f6fb5",
  wrong: "#c4500a",
  series: ["#1f6fb5", "#c4500a", "#2d3238", "#86bb92"],
  scale: uniformScale([
    { lightness: 1, chroma: 0, hue: 248 },
    { lightness: 0.65, chroma: 0.11, hue: 248 },
    { lightness: 0.28, chroma: 0.1, hue: 260 },
  ]),
  diverging: divergingScale({ lightness: 0.35, chroma: 0.13 }, { lightness: 0.97, chroma: 0 }),
  spectrogram,
};

const dark: Theme = {
  background: "#15191e",
  ink: "#eceff1",
  muted: "#a9b2ba",
  line: "#69737c",
  grid: "#2a3138",
  right: "#6db3ee",
  wrong: "#f08c45",
  series: ["#6db3ee", "#f08c45", "#e3e8ec", "#3f7f5c"],
  scale: uniformScale([
    { lightness: 0.21, chroma: 0.015, hue: 262 },
    { lightness: 0.55, chroma: 0.11, hue: 248 },
    { lightness: 0.93, chroma: 0.05, hue: 220 },
  ]),
  diverging: divergingScale({ lightness: 0.82, chroma: 0.13 }, { lightness: 0.22, chroma: 0 }),
  spectrogram,
};

/**
 * The colours of a theme, default "light".
 *
 * @example themeOf("dark").background; // => "#15191e"
 */
export function themeOf(name: ThemeName = "light"): Theme {
  return name === "dark" ? dark : light;
}

/**
 * An emotion's colour; a class that is not an emotion gets the theme's muted grey.
 *
 * @example
 * emotionColour("calm", themeOf()); // => "#56c0df"
 * emotionColour("boredom", themeOf()); // => themeOf().muted
 */
export function emotionColour(emotion: string, theme: Theme): Hex {
  return Object.hasOwn(emotionColours, emotion) ? emotionColours[emotion]! : theme.muted;
}

/** Classes without duplicates, in the order of every table; names that are not emotions come last. */
export function classOrder(names: Iterable<string>): string[] {
  const found = [...new Set(names)];
  const order: readonly string[] = [...EMOTIONS, "calm"];
  return [...order.filter((name) => found.includes(name)), ...found.filter((name) => !order.includes(name))];
}

/**
 * Escapes text that plotly shall show as it is: plotly reads `<b>` and `&amp;` as HTML, and an SVG file must not contain
 * control characters, which become U+FFFD. White space becomes one space.
 *
 * @example plain("a<b>"); // => "a&lt;b&gt;"
 */
export function plain(text: string): string {
  return text
    .replace(/\s+/g, " ")
    .replace(/\p{Cc}|\p{Cs}|[\uFFFE\uFFFF]/gu, "\uFFFD")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
}

/** Options of `baseLayout`. */
export interface BaseOptions extends FigureOptions {
  /** CSS pixels, without the space for title, subtitle and legend above the plot. */
  width: number;
  height: number;
  margin: { left: number; right: number; bottom: number };
  /** Leaves a line for the legend above the plot. */
  legend?: boolean;
}

/**
 * The layout that all figures start from: size, background, fonts, title at the top left, and below it the subtitle,
 * which starts with a mark if the split is leaky or the voices are synthetic.
 *
 * @example const layout = baseLayout({ width: 720, height: 640, title: "Confusion", margin: { left: 90, right: 30, bottom: 80 } });
 */
export function baseLayout(options: BaseOptions): Figure["layout"] {
  const theme = themeOf(options.theme);
  const { left, right, bottom } = options.margin;
  const subtitle = subtitleLines(options);
  const top = headHeight(subtitle.length, options.legend);
  const height = options.height + top;
  return {
    width: options.width,
    height,
    paper_bgcolor: theme.background,
    plot_bgcolor: theme.background,
    font: { family: FONT_FAMILY, size: FONT_SIZE.tick, color: theme.muted },
    colorway: [...theme.series],
    margin: { l: left, r: right, b: bottom, t: top, pad: 0 },
    title: {
      text: `<b>${plain(options.title ?? "")}</b>`,
      font: { size: FONT_SIZE.title, color: theme.ink },
      ...(subtitle.length > 0 && {
        subtitle: { text: subtitle.join("<br>"), font: { size: FONT_SIZE.subtitle, color: theme.muted } },
      }),
      x: 20 / options.width,
      xref: "container",
      xanchor: "left",
      y: 1 - 34 / height,
      yref: "container",
      yanchor: "bottom",
    },
    hoverlabel: { font: { family: FONT_FAMILY } },
    showlegend: false,
  };
}

/** CSS pixels above the plot for the title, the lines of the subtitle, and the legend. */
function headHeight(lines: number, legend = false): number {
  return 60 + (lines > 0 ? 6 + 18 * lines : 0) + (legend ? 24 : 0);
}

/** The subtitle in lines that fit the figure's width: its letters are 7.6 pixels wide on average. */
function subtitleLines({ subtitle = "", synthetic, leaky, width, theme }: BaseOptions): string[] {
  const marks = [leaky ? "leaky split" : "", synthetic ? "synthetic voices" : ""].filter(Boolean);
  const text = [...marks, subtitle].filter(Boolean).join(" · ");
  const [first = "", ...rest] = wrapped(text, Math.floor((width - 40) / 7.6)).map(plain);
  const bold = (mark: string) => `<b><span style="color:${themeOf(theme).ink}">${mark}</span></b>`;
  // The marks come first, so they are on the first line.
  const head = marks.reduce((line, mark) => line.replace(mark, bold), first);
  return head ? [head, ...rest] : [];
}

/** Text in lines of at most so many characters; a number stays with its per cent sign. */
function wrapped(text: string, most: number): string[] {
  const lines: string[] = [];
  for (const word of text.split(/\s+(?!%)/).filter(Boolean)) {
    const longer = `${lines.at(-1)} ${word}`;
    if (lines.length > 0 && longer.length <= most) lines[lines.length - 1] = longer;
    else lines.push(word);
  }
  return lines;
}

/** An axis in the style of all figures: thin line, outside ticks, a title clear of the tick labels. */
export function axis(theme: Theme, title = ""): Partial<LayoutAxis> {
  return {
    title: { text: title, font: { size: FONT_SIZE.axis, color: theme.ink }, standoff: 12 },
    automargin: true,
    showline: true,
    linecolor: theme.line,
    linewidth: 1,
    ticks: "outside",
    ticklen: 5,
    tickcolor: theme.line,
    tickfont: { size: FONT_SIZE.tick, color: theme.muted },
    gridcolor: theme.grid,
    zeroline: false,
  };
}

/** An axis of names, at 0, 1, 2, ...: no line, no grid. Positions, not names, so that equal names stay apart. */
export function nameAxis(theme: Theme, names: readonly string[], title = ""): Partial<LayoutAxis> {
  return {
    ...axis(theme, title),
    tickmode: "array",
    tickvals: names.map((_, i) => i),
    ticktext: [...names],
    ticks: "outside",
    ticklen: 4,
    // A gap between name and plot.
    tickcolor: theme.background,
    showline: false,
    showgrid: false,
  };
}

/** An axis from 0 to 100 %, for values in [0, 1]. */
export function percentAxis(theme: Theme, title = ""): Partial<LayoutAxis> {
  const values = [0, 0.2, 0.4, 0.6, 0.8, 1];
  return {
    ...axis(theme, title),
    range: [0, 1],
    tickmode: "array",
    tickvals: values,
    ticktext: values.map((value) => `${Math.round(100 * value)} %`),
  };
}

/** A per cent axis no longer than the values (in [0, 1]) need, in steps of 5, 10 or 20 %. */
export function percentSpan(theme: Theme, values: readonly number[], title = ""): Partial<LayoutAxis> {
  const finite = values.length > 0 ? values : [0, 1];
  const least = Math.max(0, Math.min(1, ...finite) - 0.02);
  const most = Math.min(1, Math.max(0, ...finite) + 0.02);
  const step = [0.05, 0.1].find((size) => most - least <= 8 * size) ?? 0.2;
  const first = Math.floor(least / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(most / step - 1e-9));
  const ticks = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * step);
  return {
    ...axis(theme, title),
    range: [ticks[0]!, ticks.at(-1)!],
    tickmode: "array",
    tickvals: ticks,
    ticktext: ticks.map((value) => `${Math.round(100 * value)} %`),
  };
}

/** Whiskers from the low to the high bound; none where an estimate has no interval. */
export function whiskers(estimates: readonly Estimate[], colour: Hex, width = 0): Partial<ErrorBar> {
  return {
    type: "data",
    symmetric: false,
    array: estimates.map(({ estimate, high }) => (high === undefined ? 0 : high - estimate)),
    arrayminus: estimates.map(({ estimate, low }) => (low === undefined ? 0 : estimate - low)),
    color: colour,
    thickness: 1.8,
    width,
  } as Partial<ErrorBar>;
}

/** A legend in one line above the plot, at its right end. */
export function legendAbove(theme: Theme): Pick<Layout, "showlegend" | "legend"> {
  return {
    showlegend: true,
    legend: {
      orientation: "h",
      x: 1,
      xanchor: "right",
      y: 1.01,
      yanchor: "bottom",
      traceorder: "normal",
      font: { size: FONT_SIZE.tick, color: theme.ink },
    },
  };
}
