import { percent } from "../base/text.js";
import { FONT_SIZE, plain, type Theme } from "./theme.js";

/** A value to compare with, drawn as a line: chance, human listeners. */
export interface Reference {
  /** What it is, with its source: "listeners, CREMA-D voice only". */
  name: string;
  /** In [0, 1]. */
  value: number;
}

/** Dashes of the reference lines, in their order. */
const DASHES = ["dot", "dash", "longdash", "dashdot"] as const;

/** Line height of the names, CSS pixels. */
const LINE = 15;

/** CSS pixels that the names of vertical lines take above the plot. */
export function roomAbove(references: readonly Reference[]): number {
  return references.length > 0 ? LINE * references.length + 4 : 0;
}

/**
 * Vertical lines at reference values of an x axis. Each name has its own line of text above the plot, so that the
 * names of close values do not overlap.
 *
 * @param plot height of the plot including `roomAbove`, CSS pixels: its y axis ends below that room
 * @returns parts of a layout
 */
export function uprightReferences(references: readonly Reference[], plot: number, theme: Theme) {
  const top = (i: number) => 1 - (roomAbove(references) - LINE * (references.length - 1 - i) - 2) / plot;
  return {
    shapes: references.map(({ value }, i) => ({
      ...line(i, theme),
      x0: value,
      x1: value,
      yref: "paper" as const,
      y0: 0,
      y1: top(i),
    })),
    annotations: references.map((reference, i) => ({
      ...label(reference, theme),
      x: reference.value,
      xanchor: "center" as const,
      yref: "paper" as const,
      y: top(i),
    })),
  };
}

/** Horizontal lines at reference values of a y axis, named at the emptier end of the figure. */
export function levelReferences(references: readonly Reference[], end: "left" | "right", theme: Theme) {
  return {
    shapes: references.map(({ value }, i) => ({
      ...line(i, theme),
      xref: "paper" as const,
      x0: 0,
      x1: 1,
      y0: value,
      y1: value,
    })),
    annotations: references.map((reference) => ({
      ...label(reference, theme),
      xref: "paper" as const,
      x: end === "left" ? 0 : 1,
      xshift: end === "left" ? 4 : -4,
      xanchor: end,
      y: reference.value,
    })),
  };
}

function line(i: number, theme: Theme) {
  const dash = DASHES[i % DASHES.length]!;
  return { type: "line" as const, layer: "below" as const, line: { color: theme.muted, width: 1.4, dash } };
}

function label({ name, value }: Reference, theme: Theme) {
  return {
    text: `${plain(name)} ${percent(value)} %`,
    showarrow: false,
    yanchor: "bottom" as const,
    font: { size: FONT_SIZE.small, color: theme.muted },
  };
}
