import { groupBy } from "../base/group.js";
import type { Figure, FigureOptions } from "./figure.js";
import { levelReferences, type Reference } from "./reference-line.js";
import {
  axis,
  baseLayout,
  FONT_SIZE,
  legendAbove,
  percentSpan,
  plain,
  type Theme,
  themeOf,
} from "./theme.js";

/** Scores on the clips of one speaker. */
export interface SpeakerScore {
  /** The speaker's name in the corpus: "01", "KL". */
  speaker: string;
  /** Speakers of one group, such as a corpus, are drawn together. */
  group?: string;
  sex?: string;
  /** UAR in [0, 1], one value per seed. */
  values: readonly number[];
}

/** Options of {@link perSpeaker}. */
export interface PerSpeakerOptions extends FigureOptions {
  speakers: readonly SpeakerScore[];
  /** Name of the measure; default "UAR". */
  measure?: string;
  /** Horizontal lines to compare with, such as chance. */
  references?: readonly Reference[];
}

const SYMBOLS = ["circle", "diamond", "square"] as const;

/**
 * UAR by speaker: one dot per speaker at the mean over seeds, with a line from the lowest to the highest seed, sorted from
 * worst to best within a group. Sexes differ in colour and symbol; a horizontal line marks each group's mean.
 *
 * @throws {RangeError} when there are no speakers, or one has no values
 * @example
 * const figure = perSpeaker({
 *   speakers: [
 *     { speaker: "DC", sex: "male", values: [0.41, 0.45] },
 *     { speaker: "JE", sex: "male", values: [0.36, 0.38] },
 *   ],
 * });
 * figure.data[0]?.y; // => [0.37, 0.43]
 */
export function perSpeaker(options: PerSpeakerOptions): Figure {
  const { speakers, measure = "UAR", references = [] } = options;
  if (speakers.length === 0) throw new RangeError("a figure of speakers needs at least one speaker");
  const empty = speakers.find(({ values }) => values.length === 0);
  if (empty) throw new RangeError(`speaker ${empty.speaker} has no values`);
  const theme = themeOf(options.theme);
  const groups = [...groupBy(speakers, ({ group = "" }) => group)].map(([name, own]) => ({
    name,
    dots: own.map(dotOf).sort((a, b) => a.estimate - b.estimate),
  }));
  // One free position between groups.
  let next = 0;
  const spans = groups.map(({ dots }) => {
    const from = next;
    next += dots.length + 1;
    return { from, to: from + dots.length - 1 };
  });
  const all = groups.flatMap(({ dots }, g) => dots.map((dot, i) => ({ ...dot, x: spans[g]!.from + i })));
  const step = all.length <= 32 ? 26 : 13;
  const sexes = [...new Set(all.map(({ sex }) => sex ?? ""))].sort();
  const marks = levelReferences(references, "right", theme);
  const named = groups.length > 1 || groups[0]!.name !== "";
  return {
    data: sexes.map((sex, s) => {
      const own = all.filter((dot) => (dot.sex ?? "") === sex);
      const colour = theme.series[s % theme.series.length]!;
      return {
        type: "scatter",
        mode: "markers",
        name: plain(sex || "speakers"),
        x: own.map(({ x }) => x),
        y: own.map(({ estimate }) => estimate),
        text: own.map(({ speaker }) => plain(speaker)),
        error_y: {
          type: "data",
          symmetric: false,
          array: own.map(({ high, estimate }) => high - estimate),
          arrayminus: own.map(({ low, estimate }) => estimate - low),
          color: colour,
          thickness: 1.4,
          width: 0,
        },
        marker: { size: all.length <= 32 ? 10 : 7, symbol: SYMBOLS[s % SYMBOLS.length]!, color: colour },
        cliponaxis: false,
        hovertemplate: "%{text}: %{y:.1%}<extra></extra>",
      };
    }) as Figure["data"],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? `${measure} by speaker`,
        subtitle: [options.subtitle, note(groups.length, speakers)].filter(Boolean).join(" · "),
        width: Math.max(560, step * next + 106),
        height: 330 + (named ? 12 : 0),
        margin: { left: 76, right: 30, bottom: named ? 78 : 66 },
        legend: sexes.length > 1,
      }),
      ...(sexes.length > 1 && legendAbove(theme)),
      xaxis: {
        ...axis(theme, named ? "" : "speaker"),
        automargin: false,
        range: [-0.8, next - 1.2],
        showgrid: false,
        tickmode: "array",
        tickvals: all.map(({ x }) => x),
        ticktext: all.map(({ speaker }) => plain(speaker)),
        tickangle: all.some(({ speaker }) => speaker.length > 2) || step < 20 ? -90 : 0,
        tickfont: { size: step < 20 ? 9 : FONT_SIZE.small, color: theme.muted },
      },
      yaxis: percentSpan(
        theme,
        [...all.flatMap(({ low, high }) => [low, high]), ...valuesOf(references)],
        measure,
      ),
      shapes: [...marks.shapes, ...groups.map(({ dots }, g) => meanLine(dots, spans[g]!, theme))],
      annotations: [
        ...marks.annotations,
        ...(named ? groups.map(({ name }, g) => groupName(name, spans[g]!, theme)) : []),
      ],
    },
  };
}

function note(groups: number, speakers: readonly SpeakerScore[]): string {
  const mean = `level line: mean of ${groups > 1 ? "each group" : "all"}`;
  return speakers.some(({ values }) => values.length > 1)
    ? `${mean}; whiskers: least to greatest seed`
    : mean;
}

interface Dot extends SpeakerScore {
  estimate: number;
  low: number;
  high: number;
}

function dotOf(score: SpeakerScore): Dot {
  const { values } = score;
  const estimate = values.reduce((sum, value) => sum + value, 0) / values.length;
  return { ...score, estimate, low: Math.min(...values), high: Math.max(...values) };
}

function valuesOf(references: readonly Reference[]): number[] {
  return references.map(({ value }) => value);
}

function meanLine(dots: readonly Dot[], { from, to }: { from: number; to: number }, theme: Theme) {
  const mean = dots.reduce((sum, { estimate }) => sum + estimate, 0) / dots.length;
  return {
    type: "line" as const,
    layer: "below" as const,
    x0: from - 0.5,
    x1: to + 0.5,
    y0: mean,
    y1: mean,
    line: { color: theme.ink, width: 1.2 },
  };
}

function groupName(name: string, { from, to }: { from: number; to: number }, theme: Theme) {
  return {
    text: plain(name),
    x: (from + to) / 2,
    y: 0,
    yref: "paper" as const,
    yshift: -36,
    yanchor: "top" as const,
    showarrow: false,
    font: { size: FONT_SIZE.axis, color: theme.ink },
  };
}
