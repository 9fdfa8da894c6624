import { percent } from "../base/text.js";
import type { Hex } from "./colour.js";
import type { Estimate, Figure, FigureOptions } from "./figure.js";
import { type Reference, roomAbove, uprightReferences } from "./reference-line.js";
import {
  baseLayout,
  FONT_SIZE,
  nameAxis,
  percentSpan,
  plain,
  type Theme,
  themeOf,
  whiskers,
} from "./theme.js";

/** One row of an ablation plot: a setting and the UAR it reached, in [0, 1]. */
export interface AblationRow extends Estimate {
  name: string;
  /** Consecutive rows of one group, such as one varied setting, stand together under this heading. */
  group?: string;
  /** The setting that the others vary; drawn as a larger diamond, its name in bold. */
  baseline?: boolean;
  /** A value to compare this row with, such as chance: a short upright line. */
  reference?: number;
}

/** Options of {@link ablation}. */
export interface AblationOptions extends FigureOptions {
  /** From top to bottom. */
  rows: readonly AblationRow[];
  /** Vertical lines to compare with, such as chance and human listeners. */
  references?: readonly Reference[];
  /** Lines close together, and all but the baselines grey: for many rows of which some count. */
  dense?: boolean;
}

/** Height of a line in CSS pixels, and the sizes of dots and of text in it. */
const LINES = {
  usual: { height: 27, dot: 9, diamond: 12, text: FONT_SIZE.tick },
  dense: { height: 17, dot: 6, diamond: 9, text: FONT_SIZE.small },
} as const;

/**
 * Ablation plot: one row per setting with a dot at its UAR, the interval as whiskers, and the numbers beside it. Vertical
 * lines mark reference values. A row without an interval has an open dot.
 *
 * @throws {RangeError} when there are no rows
 * @example
 * const figure = ablation({
 *   rows: [
 *     { name: "log-mel", estimate: 0.62, low: 0.58, high: 0.66, baseline: true },
 *     { name: "MFCC", estimate: 0.57, low: 0.53, high: 0.61 },
 *   ],
 *   references: [{ name: "chance", value: 1 / 7 }],
 * });
 * figure.data[0]?.x; // => [0.62, 0.57]
 */
export function ablation(options: AblationOptions): Figure {
  const { rows, references = [], dense = false } = options;
  if (rows.length === 0) throw new RangeError("an ablation plot needs at least one row");
  const theme = themeOf(options.theme);
  const line = LINES[dense ? "dense" : "usual"];
  const { lines, places } = arranged(rows);
  const range = [lines.length - 0.5, -0.5];
  const values = rows.flatMap(({ estimate, low, high, reference }) => [
    ...[estimate, low ?? estimate, high ?? estimate],
    reference ?? estimate,
  ]);
  const room = roomAbove(references);
  const plot = line.height * lines.length + room;
  const marks = uprightReferences(references, plot, theme);
  return {
    data: (dense ? [false, true] : [undefined]).flatMap((which) =>
      dots(
        rows.flatMap((row, i) =>
          which === undefined || which === Boolean(row.baseline) ? [{ row, place: places[i]! }] : [],
        ),
        { ...line, colour: which === false ? theme.line : theme.series[0]! },
      ),
    ),
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "What each setting is worth",
        width: 860,
        height: plot + 62,
        margin: { left: 200, right: 150, bottom: 62 },
      }),
      xaxis: {
        ...percentSpan(theme, [...values, ...references.map(({ value }) => value)], "UAR"),
        domain: [0, 1],
        // Numbers that do not fit are turned otherwise.
        ...(dense && { tickangle: 0, tickfont: { size: line.text, color: theme.muted } }),
      },
      yaxis: {
        ...nameAxis(
          theme,
          lines.map(({ text }) => text),
        ),
        range,
        domain: [0, 1 - room / plot],
        showgrid: false,
        tickfont: { size: line.text, color: theme.ink },
      },
      shapes: [...marks.shapes, ...ownReferences(rows, places, theme)],
      annotations: [
        ...marks.annotations,
        ...rows.map((row, i) => ({
          text: valueText(row, !dense || Boolean(row.baseline)),
          x: 1,
          xref: "paper" as const,
          xshift: 10,
          xanchor: "left" as const,
          y: places[i]!,
          showarrow: false,
          font: { size: line.text, color: dense && !row.baseline ? theme.muted : theme.ink },
        })),
      ],
    },
  };
}

/** The labels from top to bottom, group headings included, and the position of each row. */
function arranged(rows: readonly AblationRow[]): { lines: { text: string }[]; places: number[] } {
  const lines: { text: string }[] = [];
  const places = rows.map(({ name, group, baseline }, i) => {
    if (group !== undefined && group !== rows[i - 1]?.group) lines.push({ text: `<b>${plain(group)}</b>` });
    lines.push({ text: baseline ? `<b>${plain(name)}</b>` : plain(name) });
    return lines.length - 1;
  });
  return { lines, places };
}

/** One trace of dots with their whiskers; none for no rows. */
function dots(
  own: readonly { row: AblationRow; place: number }[],
  { dot, diamond, colour }: { dot: number; diamond: number; colour: Hex },
): Figure["data"] {
  if (own.length === 0) return [];
  const rows = own.map(({ row }) => row);
  return [
    {
      type: "scatter",
      mode: "markers",
      x: rows.map(({ estimate }) => estimate),
      y: own.map(({ place }) => place),
      error_x: whiskers(rows, colour),
      cliponaxis: false,
      marker: {
        size: rows.map(({ baseline }) => (baseline ? diamond : dot)),
        symbol: rows.map(({ low, baseline }) => {
          if (low === undefined) return "circle-open";
          return baseline ? "diamond" : "circle";
        }),
        color: colour,
        opacity: 1,
        line: { color: colour, width: 1.5 },
      },
      hovertemplate: "%{x:.1%}<extra></extra>",
    } as Figure["data"][number],
  ];
}

/** Short upright lines at the rows' own references. */
function ownReferences(rows: readonly AblationRow[], places: readonly number[], theme: Theme) {
  return rows.flatMap(({ reference }, i) =>
    reference === undefined
      ? []
      : [
          {
            type: "line" as const,
            layer: "below" as const,
            ...{ x0: reference, x1: reference, y0: places[i]! - 0.5, y1: places[i]! + 0.5 },
            line: { color: theme.muted, width: 1.2 },
          },
        ],
  );
}

function valueText({ estimate, low, high }: AblationRow, bold: boolean): string {
  const interval = low === undefined || high === undefined ? "" : ` [${percent(low)}, ${percent(high)}]`;
  return `${bold ? `<b>${percent(estimate)}</b>` : percent(estimate)}${interval}`;
}
