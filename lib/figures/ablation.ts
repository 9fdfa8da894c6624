import { percent } from "../base/text.js";
import type { Estimate, Figure, FigureOptions } from "./figure.js";
import { type Reference, roomAbove, uprightReferences } from "./reference-line.js";
import { baseLayout, FONT_SIZE, nameAxis, percentSpan, plain, themeOf, whiskers } from "./theme.js";

/** One row of an ablation plot: a setting and the UAR it reached, in [0, 1]. */
export interface AblationRow extends Estimate {
  name: string;
  /** Consecutive rows of one group, such as one varied setting, stand together under this heading. */
  group?: string;
  /** The setting that the others vary; drawn as a larger diamond, its name in bold. */
  baseline?: boolean;
}

/** Options of {@link ablation}. */
export interface AblationOptions extends FigureOptions {
  /** From top to bottom. */
  rows: readonly AblationRow[];
  /** Vertical lines to compare with, such as chance and human listeners. */
  references?: readonly Reference[];
}

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
  const { rows, references = [] } = options;
  if (rows.length === 0) throw new RangeError("an ablation plot needs at least one row");
  const theme = themeOf(options.theme);
  const { lines, places } = arranged(rows);
  const range = [lines.length - 0.5, -0.5];
  const values = rows.flatMap(({ estimate, low, high }) => [estimate, low ?? estimate, high ?? estimate]);
  const room = roomAbove(references);
  const plot = 27 * lines.length + room;
  const marks = uprightReferences(references, plot, theme);
  return {
    data: [
      {
        type: "scatter",
        mode: "markers",
        x: rows.map(({ estimate }) => estimate),
        y: places,
        error_x: whiskers(rows, theme.series[0]!),
        cliponaxis: false,
        marker: {
          size: rows.map(({ baseline }) => (baseline ? 12 : 9)),
          symbol: rows.map(({ low, baseline }) => {
            if (low === undefined) return "circle-open";
            return baseline ? "diamond" : "circle";
          }),
          color: theme.series[0]!,
          opacity: 1,
          line: { color: theme.series[0]!, width: 1.5 },
        },
        hovertemplate: "%{x:.1%}<extra></extra>",
      } as Figure["data"][number],
    ],
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
      },
      yaxis: {
        ...nameAxis(
          theme,
          lines.map(({ text }) => text),
        ),
        range,
        domain: [0, 1 - room / plot],
        showgrid: false,
        tickfont: { size: FONT_SIZE.tick, color: theme.ink },
      },
      shapes: marks.shapes,
      annotations: [
        ...marks.annotations,
        ...rows.map((row, i) => ({
          text: valueText(row),
          x: 1,
          xref: "paper" as const,
          xshift: 10,
          xanchor: "left" as const,
          y: places[i]!,
          showarrow: false,
          font: { size: FONT_SIZE.tick, color: theme.ink },
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

function valueText({ estimate, low, high }: AblationRow): string {
  const interval = low === undefined || high === undefined ? "" : ` [${percent(low)}, ${percent(high)}]`;
  return `<b>${percent(estimate)}</b>${interval}`;
}
