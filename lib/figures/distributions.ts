import type { Figure, FigureOptions } from "./figure.js";
import {
  axis,
  baseLayout,
  emotionColour,
  emotionColours,
  FONT_SIZE,
  plain,
  type Theme,
  themeOf,
} from "./theme.js";

/** One panel: the distribution of a quantity in each group. */
export interface DistributionPanel {
  /** The quantity with its unit: "pitch (Hz)". */
  name: string;
  /** Values by group; values that are not finite are left out. */
  groups: readonly { name: string; values: ArrayLike<number> }[];
  /** Logarithmic axis, for quantities such as pitch that are perceived by ratio; all values must be above 0. */
  log?: boolean;
}

/** Options of {@link distributions}. */
export interface DistributionsOptions extends FigureOptions {
  /** One to three panels, side by side, with the same groups in the same order. */
  panels: readonly DistributionPanel[];
}

/**
 * Violin plots of quantities by emotion or by corpus: per group a density, cut at the smallest and the largest value, and
 * inside it a box from the lower to the upper quartile with the median. Groups named after an emotion have its colour.
 *
 * @throws {RangeError} for no panel or more than three, for panels with different groups, or for a value that is not
 *   above 0 with `log`
 * @example
 * const groups = [
 *   { name: "anger", values: [240, 310, 280] },
 *   { name: "sadness", values: [150, 170, 165] },
 * ];
 * const figure = distributions({ panels: [{ name: "pitch (Hz)", groups, log: true }] });
 * figure.data.length; // => 2
 */
export function distributions(options: DistributionsOptions): Figure {
  const { panels } = options;
  requirePanels(panels);
  const theme = themeOf(options.theme);
  const names = panels[0]!.groups.map(({ name }) => name);
  const kept = panels.map((panel) => panel.groups.map(({ values }) => finite(values, panel)));
  const gap = 0.06;
  const width = (1 - gap * (panels.length - 1)) / panels.length;
  const key = (p: number) => (p === 0 ? "" : String(p + 1));
  const labels = names.map((name, i) => {
    const sizes = new Set(kept.map((groups) => groups[i]!.length));
    return `${plain(name)}<br><span style="font-size:${FONT_SIZE.small}px">n = ${[...sizes].join(", ")}</span>`;
  });
  return {
    data: panels.flatMap(({ log }, p) =>
      kept[p]!.map((values, i) =>
        violin(log ? values.map(Math.log2) : values, i, colourOf(names[i]!, theme), key(p), theme),
      ),
    ) as Figure["data"],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? headingOf(panels),
        width: Math.max(640, 440 * panels.length) + 60,
        height: 52 * names.length + 76,
        margin: { left: 110, right: 30, bottom: 66 },
      }),
      ...Object.fromEntries(
        panels.flatMap(({ name, log }, p) => [
          [
            `xaxis${key(p)}`,
            {
              ...axis(theme, plain(name)),
              domain: [p * (width + gap), p * (width + gap) + width],
              anchor: `y${key(p)}`,
              ...(log ? logTicks(kept[p]!.flat()) : {}),
            },
          ],
          [
            `yaxis${key(p)}`,
            {
              ...axis(theme),
              anchor: `x${key(p)}`,
              range: [names.length - 0.5, -0.5],
              tickmode: "array",
              tickvals: names.map((_, i) => i),
              ticktext: labels,
              showticklabels: p === 0,
              ticks: "outside",
              ticklen: p === 0 ? 4 : 0,
              tickcolor: theme.background,
              showline: false,
              showgrid: false,
            },
          ],
        ]),
      ),
    },
  };
}

/** The names without their units: "Pitch and energy". */
function headingOf(panels: readonly DistributionPanel[]): string {
  const names = panels.map(({ name }) => name.replace(/ \(.*/, "")).join(" and ");
  return names.slice(0, 1).toUpperCase() + names.slice(1);
}

function requirePanels(panels: readonly DistributionPanel[]): void {
  if (panels.length < 1 || panels.length > 3)
    throw new RangeError(`a figure of distributions holds 1 to 3 panels, not ${panels.length}`);
  const names = JSON.stringify(panels[0]!.groups.map(({ name }) => name));
  for (const { name, groups } of panels) {
    if (JSON.stringify(groups.map((group) => group.name)) !== names)
      throw new RangeError(`panel "${name}" has other groups than the first panel`);
  }
}

function finite(values: ArrayLike<number>, { name, log }: DistributionPanel): number[] {
  const kept = Array.from(values).filter(Number.isFinite);
  if (log && kept.some((value) => value <= 0))
    throw new RangeError(`${name}: a logarithmic axis needs values above 0`);
  return kept;
}

function colourOf(name: string, theme: Theme): string {
  return Object.hasOwn(emotionColours, name) ? emotionColour(name, theme) : theme.series[0]!;
}

function violin(
  values: readonly number[],
  place: number,
  colour: string,
  panel: string,
  theme: Theme,
): object {
  return {
    type: "violin",
    orientation: "h",
    x: values.map((value) => Math.round(1e4 * value) / 1e4),
    y: values.map(() => place),
    xaxis: `x${panel}`,
    yaxis: `y${panel}`,
    width: 0.86,
    scalemode: "width",
    spanmode: "hard",
    points: false,
    line: { color: colour, width: 1.2 },
    fillcolor: `${colour}80`,
    box: { visible: true, width: 0.18, fillcolor: theme.background, line: { color: theme.ink, width: 1.2 } },
    hoverinfo: "skip",
    showlegend: false,
  };
}

/** First digits of the ticks of a logarithmic axis, from coarse to fine. */
const DIGITS = [
  [1, 2, 5],
  [1, 1.5, 2, 3, 5, 7],
  [1, 1.2, 1.4, 1.6, 1.8, 2, 2.5, 3, 3.5, 4, 5, 6, 7, 8, 9],
];

/** Values are drawn as binary logarithms, so the density is estimated on that scale; ticks show the original values. */
function logTicks(values: readonly number[]) {
  if (values.length === 0) return {};
  const least = values.reduce((a, b) => Math.min(a, b));
  const most = values.reduce((a, b) => Math.max(a, b));
  const powers = Array.from({ length: 15 }, (_, i) => 10 ** (i - 7));
  const candidates = DIGITS.map((digits) =>
    powers
      .flatMap((power) => digits.map((digit) => digit * power))
      .filter((value) => value >= least && value <= most),
  );
  const ticks = candidates.find(({ length }) => length >= 4) ?? candidates.at(-1)!;
  const pad = 0.03 * Math.max(0.2, Math.log2(most / least));
  return {
    range: [Math.log2(least) - pad, Math.log2(most) + pad],
    tickmode: "array",
    tickvals: ticks.map(Math.log2),
    ticktext: ticks.map((value) => String(Number(value.toPrecision(3)))),
  };
}
