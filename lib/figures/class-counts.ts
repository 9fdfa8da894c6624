import { readableInk } from "./colour.js";
import type { Figure, FigureOptions } from "./figure.js";
import {
  axis,
  baseLayout,
  classOrder,
  emotionColour,
  FONT_SIZE,
  legendAbove,
  nameAxis,
  plain,
  themeOf,
} from "./theme.js";

/** Options of {@link classCounts}. */
export interface ClassCountsOptions extends FigureOptions {
  /** Corpora from top to bottom, each with its number of clips by class. */
  corpora: readonly { name: string; counts: Readonly<Record<string, number>> }[];
}

/**
 * Number of clips of each class by corpus: one stacked bar per corpus, one segment per class in the class's colour, the
 * count inside it where it fits, and the total at the end. Classes without clips are left out.
 *
 * @throws {RangeError} when there are no corpora
 * @example
 * const figure = classCounts({ corpora: [{ name: "savee", counts: { neutral: 120, anger: 60 } }] });
 * figure.data.map(({ name }) => name); // => ["anger", "neutral"]
 */
export function classCounts(options: ClassCountsOptions): Figure {
  const { corpora } = options;
  if (corpora.length === 0) throw new RangeError("a figure of class counts needs at least one corpus");
  const theme = themeOf(options.theme);
  const sums = corpora.map(({ counts }) => Object.values(counts).reduce((sum, count) => sum + count, 0));
  const full = Math.max(1, ...sums);
  const margin = { left: 100, right: 30, bottom: 66 };
  const width = 980;
  const roomFor = (count: number) => (count / (1.09 * full)) * (width - margin.left - margin.right);
  const names = corpora.map(({ name }) => plain(name));
  return {
    data: classOrder(corpora.flatMap(({ counts }) => occurring(counts))).map((name) => ({
      type: "bar",
      orientation: "h",
      name: plain(name),
      y: names.map((_, i) => i),
      x: corpora.map(({ counts }) => counts[name] ?? 0),
      text: corpora.map(({ counts }) => inside(counts[name] ?? 0, roomFor)),
      textposition: "inside",
      insidetextanchor: "middle",
      textangle: 0,
      textfont: {
        size: FONT_SIZE.small,
        color: readableInk(emotionColour(name, theme)),
      },
      marker: { color: emotionColour(name, theme), line: { color: theme.background, width: 1 } },
      hovertemplate: "%{x} clips<extra>%{fullData.name}</extra>",
    })) as Figure["data"],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Clips by emotion",
        width,
        height: 62 * corpora.length + margin.bottom,
        margin,
        legend: true,
      }),
      ...legendAbove(theme),
      barmode: "stack",
      bargap: 0.32,
      xaxis: { ...axis(theme, "clips"), range: [0, 1.09 * full] },
      yaxis: { ...nameAxis(theme, names), range: [names.length - 0.5, -0.5] },
      annotations: sums.map((sum, i) => ({
        text: `<b>${sum}</b>`,
        x: sum,
        y: i,
        xanchor: "left",
        xshift: 6,
        showarrow: false,
        font: { size: FONT_SIZE.tick, color: theme.ink },
      })),
    },
  };
}

/** The count, or nothing where the segment (width in pixels) is too narrow for it. */
function inside(count: number, roomFor: (count: number) => number): string {
  const text = String(count);
  return roomFor(count) >= 7.5 * text.length + 4 ? text : "";
}

function occurring(counts: Readonly<Record<string, number>>): string[] {
  return Object.keys(counts).filter((name) => counts[name]! > 0);
}
