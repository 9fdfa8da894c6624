import { readableInk } from "./colour.js";
import type { Figure, FigureOptions } from "./figure.js";
import { type Envelope, outline, peakOf, rounded, timeTicks, timeTitle } from "./sound.js";
import {
  axis,
  baseLayout,
  classOrder,
  emotionColour,
  FONT_SIZE,
  legendAbove,
  percentAxis,
  plain,
  type Theme,
  themeOf,
} from "./theme.js";

/** The prediction for a stretch of a recording. */
export interface TimelineWindow {
  /** Seconds. */
  start: number;
  end: number;
  /** `null` where the model abstained. */
  emotion: string | null;
  /** By class, in [0, 1]. */
  probabilities: Readonly<Record<string, number>>;
}

/** Options of {@link emotionTimeline}. */
export interface EmotionTimelineOptions extends FigureOptions {
  /** Length of the whole recording, seconds. */
  duration: number;
  /** In order of time; they may overlap and leave out silence. */
  windows: readonly TimelineWindow[];
  /** The recording's waveform, from {@link envelopeOf} or collected while streaming. */
  envelope?: Envelope;
  /** The true emotions, where they are known; seconds. */
  truth?: readonly { start: number; end: number; emotion: string }[];
}

/** Heights in CSS pixels, from the top: waveform, the bands of true and of predicted emotions, probabilities. */
const WAVE = 84;
const BAND = 24;
const STACK = 190;
const GAP = 9;
const WIDTH = 1100;
const MARGIN = { left: 92, right: 30, bottom: 62 };

/**
 * The emotions of a long recording: the waveform; the predicted emotions, hatched where the model abstained, below the
 * true ones where they are known; and the probabilities, stacked to 100 %. Where windows overlap, each is drawn for the
 * part nearest its own centre; stretches without a window (silence) stay empty. Of more windows than can be seen, those of one
 * column of pixels are averaged.
 *
 * @throws {RangeError} when the duration is not above 0, or a window does not end after it starts
 * @example
 * const { samples, sampleRate } = await readAudio("talk.wav");
 * const model = await loadModel(await findModel());
 * const { duration, windows } = await model.predict({ samples, sampleRate });
 * const figure = emotionTimeline({ duration, windows, envelope: envelopeOf(samples, sampleRate) });
 * figure.layout.xaxis?.range; // => [0, duration]
 */
export function emotionTimeline(options: EmotionTimelineOptions): Figure {
  const { duration, windows, envelope, truth = [] } = options;
  if (!(duration > 0)) throw new RangeError(`the duration must be above 0 s, not ${duration}`);
  if (windows.some(({ start, end }) => !(end > start)))
    throw new RangeError("a window must end after it starts");
  const theme = themeOf(options.theme);
  const sections = ownSections(windows.length > 2 * WIDTH ? byColumn(windows, duration) : windows);
  const classes = classOrder(windows.flatMap(({ probabilities }) => Object.keys(probabilities)));
  const rows = [
    ...(envelope ? [{ key: "wave", size: WAVE }] : []),
    ...(truth.length > 0 ? [{ key: "truth", size: BAND }] : []),
    { key: "heard", size: BAND },
    { key: "stack", size: STACK },
  ];
  const height = rows.reduce((sum, { size }) => sum + size + GAP, -GAP);
  let top = 0;
  const domain: Record<string, [number, number]> = {};
  for (const { key, size } of rows) {
    domain[key] = [1 - (top + size) / height, 1 - top / height];
    top += size + GAP;
  }
  const heard = merged(sections.map(({ start, end, window }) => ({ start, end, emotion: window.emotion })));
  const undecided = heard.some(({ emotion }) => emotion === null);
  return {
    data: [
      ...classes.map((name, i) => probabilityArea(name, classes.slice(0, i), sections, theme)),
      ...(envelope ? [sound(envelope, theme)] : []),
      ...bands(heard, "y2", duration, theme),
      ...bands(merged(truth), "y3", duration, theme),
      ...(undecided ? [undecidedLegend(theme)] : []),
    ] as Figure["data"],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Emotions over time",
        width: WIDTH,
        height: height + MARGIN.bottom,
        margin: MARGIN,
        legend: true,
      }),
      ...legendAbove(theme),
      barmode: "overlay",
      bargap: 0,
      xaxis: {
        ...axis(theme, timeTitle(duration)),
        ...timeTicks(duration),
        showgrid: false,
        anchor: "y",
      },
      yaxis: { ...percentAxis(theme, "probability"), range: [0, 1], domain: domain.stack!, showgrid: false },
      yaxis2: bandAxis("heard", domain.heard!, theme),
      ...(domain.truth && { yaxis3: bandAxis("true", domain.truth, theme) }),
      ...(domain.wave && {
        yaxis4: { domain: domain.wave, range: [-1.05, 1.05], visible: false, fixedrange: true },
      }),
    },
  };
}

/** A window and the stretch that it is drawn for. */
interface Section {
  start: number;
  end: number;
  window: TimelineWindow;
}

/** Overlapping windows are divided halfway between their centres. */
function ownSections(windows: readonly TimelineWindow[]): Section[] {
  const middle = ({ start, end }: TimelineWindow) => (start + end) / 2;
  return windows.map((window, i) => {
    const [before, after] = [windows[i - 1], windows[i + 1]];
    const start = before && before.end > window.start ? (middle(before) + middle(window)) / 2 : window.start;
    const end = after && after.start < window.end ? (middle(window) + middle(after)) / 2 : window.end;
    return { start: rounded(start), end: rounded(end), window };
  });
}

/** The means of the windows in each column of pixels; the emotion is the one of most of that time. */
function byColumn(windows: readonly TimelineWindow[], duration: number): TimelineWindow[] {
  const step = duration / WIDTH;
  const columns = Array.from({ length: WIDTH }, () => ({
    seconds: 0,
    sums: new Map<string, number>(),
    emotions: new Map<string | null, number>(),
  }));
  const add = <K>(sums: Map<K, number>, key: K, value: number) => sums.set(key, (sums.get(key) ?? 0) + value);
  for (const { start, end, emotion, probabilities } of windows) {
    const last = Math.min(WIDTH - 1, Math.floor(end / step));
    for (let i = Math.max(0, Math.floor(start / step)); i <= last; i++) {
      const seconds = Math.min(end, (i + 1) * step) - Math.max(start, i * step);
      if (seconds <= 0) continue;
      const column = columns[i]!;
      column.seconds += seconds;
      add(column.emotions, emotion, seconds);
      for (const [name, value] of Object.entries(probabilities)) add(column.sums, name, seconds * value);
    }
  }
  return columns.flatMap(({ seconds, sums, emotions }, i) => {
    if (seconds === 0) return [];
    const [emotion] = [...emotions].reduce((a, b) => (b[1] > a[1] ? b : a));
    const probabilities = Object.fromEntries([...sums].map(([name, sum]) => [name, sum / seconds]));
    return [{ start: i * step, end: (i + 1) * step, emotion, probabilities }];
  });
}

interface Stretch {
  start: number;
  end: number;
  emotion: string | null;
}

/** Joins neighbouring stretches of the same emotion. */
function merged(stretches: readonly Stretch[]): Stretch[] {
  const out: Stretch[] = [];
  for (const { start, end, emotion } of stretches) {
    const last = out.at(-1);
    if (last?.emotion === emotion && start - last.end < 1e-3) last.end = end;
    else out.push({ start, end, emotion });
  }
  return out;
}

/** One class's part of the stack: a closed shape with steps for each run of adjacent sections. */
function probabilityArea(name: string, below: readonly string[], sections: readonly Section[], theme: Theme) {
  const x: (number | null)[] = [];
  const y: (number | null)[] = [];
  for (const run of unbroken(sections)) {
    const floors = run.map(({ window }) => sumOf(window, below));
    const tops = run.map(({ window }, i) => floors[i]! + (window.probabilities[name] ?? 0));
    const steps = run.flatMap(({ start, end }) => [start, end]);
    const twice = (values: number[]) => values.flatMap((value) => [rounded(value), rounded(value)]);
    if (x.length > 0) {
      x.push(null);
      y.push(null);
    }
    x.push(...steps, ...steps.slice().reverse());
    y.push(...twice(tops), ...twice(floors).reverse());
  }
  const colour = emotionColour(name, theme);
  return {
    type: "scatter",
    mode: "lines",
    name: plain(name),
    x,
    y,
    fill: "toself",
    fillcolor: colour,
    line: { color: colour, width: 0.5 },
    hoveron: "fills",
    hoverinfo: "name",
  };
}

function sumOf({ probabilities }: TimelineWindow, classes: readonly string[]): number {
  return classes.reduce((sum, name) => sum + (probabilities[name] ?? 0), 0);
}

function unbroken(sections: readonly Section[]): Section[][] {
  const runs: Section[][] = [];
  for (const section of sections) {
    const last = runs.at(-1)?.at(-1);
    if (last && section.start - last.end < 1e-3) runs.at(-1)!.push(section);
    else runs.push([section]);
  }
  return runs;
}

function sound(envelope: Envelope, theme: Theme) {
  return {
    type: "scatter",
    mode: "lines",
    ...outline(envelope, peakOf(envelope)),
    yaxis: "y4",
    fill: "toself",
    fillcolor: theme.muted,
    line: { color: theme.muted, width: 0.6 },
    hoverinfo: "skip",
    showlegend: false,
  };
}

/** Stretches as boxes in their emotion's colour, with its name where it fits; hatched where the model abstained. */
function bands(stretches: readonly Stretch[], yaxis: string, duration: number, theme: Theme): object[] {
  const pixels = (WIDTH - MARGIN.left - MARGIN.right) / duration;
  const fits = ({ start, end, emotion }: Stretch) =>
    emotion !== null && (end - start) * pixels >= 7.5 * emotion.length + 8;
  const decided = stretches.filter(({ emotion }) => emotion !== null);
  const undecided = stretches.filter(({ emotion }) => emotion === null);
  const box = (own: readonly Stretch[]) => ({
    type: "bar",
    orientation: "h",
    base: own.map(({ start }) => rounded(start)),
    x: own.map(({ start, end }) => rounded(end - start)),
    y: own.map(() => 0),
    yaxis,
    width: 1,
    showlegend: false,
    hoverinfo: "skip",
  });
  const colours = decided.map(({ emotion }) => emotionColour(emotion!, theme));
  return [
    {
      ...box(decided),
      text: decided.map((stretch) => (fits(stretch) ? plain(stretch.emotion!) : "")),
      textposition: "inside",
      insidetextanchor: "middle",
      textangle: 0,
      textfont: { size: FONT_SIZE.small, color: colours.map(readableInk) },
      marker: { color: colours, line: { color: theme.background, width: 1 } },
    },
    { ...box(undecided), marker: hatched(theme) },
  ].filter(({ x }) => x.length > 0);
}

/** The marker of a stretch where the model abstained. */
function hatched(theme: Theme) {
  return {
    color: theme.background,
    line: { color: theme.muted, width: 1 },
    pattern: { shape: "/", size: 6, solidity: 0.3, fgcolor: theme.muted, bgcolor: theme.background },
  };
}

/** Drawn outside the plot, for the legend only. */
function undecidedLegend(theme: Theme) {
  return {
    type: "bar",
    orientation: "h",
    name: "no decision",
    base: [-1],
    x: [0],
    y: [5],
    yaxis: "y2",
    marker: hatched(theme),
    showlegend: true,
    hoverinfo: "skip",
  };
}

function bandAxis(name: string, domain: [number, number], theme: Theme) {
  return {
    domain,
    range: [-0.5, 0.5],
    fixedrange: true,
    showgrid: false,
    zeroline: false,
    tickmode: "array" as const,
    tickvals: [0],
    ticktext: [name],
    ticks: "outside" as const,
    ticklen: 4,
    tickcolor: theme.background,
    tickfont: { size: FONT_SIZE.tick, color: theme.ink },
  };
}
