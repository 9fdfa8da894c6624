import type { LayoutAxis } from "plotly.js";
import type { Matrix } from "../base/matrix.js";
import type { Figure, FigureOptions } from "./figure.js";
import {
  decibelRange,
  envelopeOf,
  frameImage,
  frequencyTicks,
  melCentres,
  outline,
  peakOf,
} from "./sound.js";
import {
  axis,
  baseLayout,
  classOrder,
  emotionColour,
  FONT_SIZE,
  nameAxis,
  plain,
  type Theme,
  themeOf,
} from "./theme.js";

/** One panel: a clip, its spectrogram and its prediction. */
export interface PredictionPanel {
  /** The clip's id, or a file's name. */
  id: string;
  /** Mono, in [-1, 1]. */
  samples: Float32Array;
  /** Hz. */
  sampleRate: number;
  /** Log-mel spectrogram, dB: rows = frames, cols = bands. */
  logmel: Matrix;
  /** Seconds from one frame's centre to the next; the first is at 0. */
  hopSeconds: number;
  /** Centre frequency of each band, Hz; default: Slaney's mel scale from 0 to half the sample rate. */
  bandHz?: ArrayLike<number>;
  /** The true emotion, where it is known. */
  truth?: string;
  /** The predicted emotion; `null` where the model abstained. */
  predicted: string | null;
  /** By class, in [0, 1]. */
  probabilities: Readonly<Record<string, number>>;
}

/** Options of {@link emotionPrediction}. */
export interface EmotionPredictionOptions extends FigureOptions {
  /** One to nine clips. */
  clips: readonly PredictionPanel[];
}

/** CSS pixels: the size of a panel, then the boxes in it, measured from the panel's left and top edges. */
const PANEL = { width: 500, height: 318 };
const GAP = 18;
const SIDE = 20;
const TIME = { left: 52, right: 262 };
const WAVE = { top: 66, bottom: 118 };
const MEL = { top: 124, bottom: 272 };
const BARS = { left: 358, right: 448, top: 66, bottom: 272 };
/** Twice the pixels of the plot: more columns would not be visible. */
const COLUMNS = 2 * (TIME.right - TIME.left);

/**
 * Predictions of a model: for up to nine clips the waveform, the log-mel spectrogram, the true and the predicted emotion
 * and the probability of each class. A correct prediction has a check mark and a solid frame, a wrong one a cross and a
 * dashed frame, an abstention or a clip of unknown emotion a plain thin frame.
 *
 * @throws {RangeError} for no clips, more than nine, or an empty spectrogram
 * @example
 * const audio = await readAudio("recording.wav");
 * const samples = resample(audio.samples, audio.sampleRate, 16000);
 * const logmel = createExtractor(featureSettings())(samples, 16000);
 * const model = await loadModel(await findModel());
 * const { emotion, probabilities } = await model.predict({ samples, sampleRate: 16000 });
 * const clip = { id: "recording.wav", samples, sampleRate: 16000, logmel, hopSeconds: 0.01 };
 * const figure = emotionPrediction({ clips: [{ ...clip, predicted: emotion, probabilities: probabilities ?? {} }] });
 * figure.data.length; // => 3
 */
export function emotionPrediction(options: EmotionPredictionOptions): Figure {
  const { clips } = options;
  if (clips.length < 1 || clips.length > 9)
    throw new RangeError(`a figure of predictions shows 1 to 9 clips, not ${clips.length}`);
  const theme = themeOf(options.theme);
  const columns = clips.length <= 4 ? Math.min(2, clips.length) : 3;
  const rows = Math.ceil(clips.length / columns);
  const size = {
    width: 2 * SIDE + columns * PANEL.width + (columns - 1) * GAP,
    height: rows * PANEL.height + (rows - 1) * GAP + SIDE,
  };
  const panels = clips.map((clip, i) => {
    const left = SIDE + (i % columns) * (PANEL.width + GAP);
    const top = Math.floor(i / columns) * (PANEL.height + GAP);
    return panel(clip, i, { left, top, ...size }, theme);
  });
  const base = baseLayout({
    ...options,
    title: options.title ?? "Predicted emotions",
    ...size,
    margin: { left: 0, right: 0, bottom: 0 },
  });
  return {
    data: panels.flatMap(({ data }) => data),
    layout: {
      ...base,
      ...Object.assign({}, ...panels.map(({ axes }) => axes)),
      barmode: "overlay",
      bargap: 0.3,
      shapes: panels.map(({ frame }) => frame),
      annotations: panels.flatMap(({ texts }) => texts),
    },
  };
}

/** Position of a panel in the figure, and the figure's size below its title; CSS pixels. */
export interface Place {
  left: number;
  top: number;
  width: number;
  height: number;
}

function panel(clip: PredictionPanel, index: number, place: Place, theme: Theme) {
  if (clip.logmel.rows === 0 || clip.logmel.cols === 0) throw new RangeError(`${clip.id} has no frames`);
  // Three pairs of axes per panel: waveform, spectrogram, bars.
  const [wave, mel, bars] = [0, 1, 2].map((k) => (3 * index + k === 0 ? "" : String(3 * index + k + 1)));
  const classes = classOrder(Object.keys(clip.probabilities));
  return {
    data: [
      waveform(clip, wave!, theme),
      spectrogram(clip, mel!, theme),
      probabilities(clip, classes, bars!, theme),
    ],
    axes: { ...soundAxes(clip, wave!, mel!, place, theme), ...barAxes(clip, classes, bars!, place, theme) },
    frame: frame(clip, place, theme),
    texts: heading(clip, place, theme),
  };
}

type Axes = Record<string, Partial<LayoutAxis>>;

/** Waveform and spectrogram share the time axis, which is drawn under the spectrogram. */
function soundAxes(clip: PredictionPanel, wave: string, mel: string, place: Place, theme: Theme): Axes {
  const seconds = clip.samples.length / clip.sampleRate;
  const time = { ...across(place, TIME), range: [0, seconds], showgrid: false };
  const small = { ...axis(theme), automargin: false, ticklen: 3, tickfont: { size: FONT_SIZE.small } };
  return {
    [`xaxis${wave}`]: { ...time, anchor: `y${wave}`, visible: false, matches: `x${mel}` },
    [`yaxis${wave}`]: { ...down(place, WAVE), anchor: `x${wave}`, visible: false, range: [-1.05, 1.05] },
    [`xaxis${mel}`]: {
      ...small,
      ...time,
      anchor: `y${mel}`,
      nticks: 6,
      title: smallTitle("time (s)", 4, theme),
    },
    [`yaxis${mel}`]: {
      ...small,
      ...down(place, MEL),
      anchor: `x${mel}`,
      range: [-0.5, clip.logmel.cols - 0.5],
      showgrid: false,
      title: smallTitle("frequency (kHz)", 5, theme),
      ...frequencyTicks(clip.bandHz ?? melCentres(clip.logmel.cols, clip.sampleRate)),
    },
  } as Axes;
}

function barAxes(clip: PredictionPanel, classes: string[], bars: string, place: Place, theme: Theme): Axes {
  const labels = classes.map((name) => barLabel(name, clip));
  return {
    [`xaxis${bars}`]: { ...across(place, BARS), anchor: `y${bars}`, visible: false, range: [0, 1] },
    [`yaxis${bars}`]: {
      ...nameAxis(theme, labels),
      automargin: false,
      ...down(place, BARS),
      anchor: `x${bars}`,
      range: [classes.length - 0.4, -0.6],
      tickfont: { size: FONT_SIZE.tick, color: theme.ink },
    },
  } as Axes;
}

function smallTitle(text: string, standoff: number, theme: Theme) {
  return { text, standoff, font: { size: FONT_SIZE.small, color: theme.muted } };
}

function across(place: Place, box: { left: number; right: number }) {
  return { domain: [(place.left + box.left) / place.width, (place.left + box.right) / place.width] };
}

function down(place: Place, box: { top: number; bottom: number }) {
  return { domain: [1 - (place.top + box.bottom) / place.height, 1 - (place.top + box.top) / place.height] };
}

/** Scaled to the clip's peak. */
function waveform(clip: PredictionPanel, panel: string, theme: Theme): Figure["data"][number] {
  const envelope = envelopeOf(clip.samples, clip.sampleRate, COLUMNS);
  const colour = clip.predicted === null ? theme.muted : emotionColour(clip.predicted, theme);
  return {
    type: "scatter",
    mode: "lines",
    ...outline(envelope, peakOf(envelope)),
    xaxis: `x${panel}`,
    yaxis: `y${panel}`,
    fill: "toself",
    fillcolor: colour,
    line: { color: colour, width: 0.6 },
    hoverinfo: "skip",
  };
}

function spectrogram(
  { logmel, hopSeconds }: PredictionPanel,
  panel: string,
  theme: Theme,
): Figure["data"][number] {
  const image = frameImage(logmel, hopSeconds, { columns: COLUMNS });
  return {
    type: "heatmap",
    ...image,
    ...decibelRange(image.z),
    colorscale: theme.spectrogram,
    showscale: false,
    xaxis: `x${panel}`,
    yaxis: `y${panel}`,
    hovertemplate: "%{x:.2f} s, %{z:.1f} dB<extra></extra>",
  } as Figure["data"][number];
}

function probabilities(
  clip: PredictionPanel,
  classes: readonly string[],
  panel: string,
  theme: Theme,
): Figure["data"][number] {
  const values = classes.map((name) => clip.probabilities[name]!);
  return {
    type: "bar",
    orientation: "h",
    x: values,
    y: classes.map((_, i) => i),
    xaxis: `x${panel}`,
    yaxis: `y${panel}`,
    text: values.map((value) => `${(100 * value).toFixed(0)} %`),
    textposition: "outside",
    cliponaxis: false,
    textfont: { size: FONT_SIZE.small, color: theme.muted },
    marker: { color: classes.map((name) => emotionColour(name, theme)) },
    hoverinfo: "skip",
  };
}

/** The predicted class in bold. */
function barLabel(name: string, { predicted }: PredictionPanel): string {
  return name === predicted ? `<b>${plain(name)}</b>` : plain(name);
}

type Verdict = "right" | "wrong" | "open";

function verdict({ truth, predicted }: PredictionPanel): Verdict {
  if (truth === undefined || predicted === null) return "open";
  return truth === predicted ? "right" : "wrong";
}

function frame(clip: PredictionPanel, place: Place, theme: Theme) {
  const outcome = verdict(clip);
  const line = {
    right: { color: theme.right, width: 2, dash: "solid" as const },
    wrong: { color: theme.wrong, width: 2, dash: "dash" as const },
    open: { color: theme.line, width: 1, dash: "solid" as const },
  }[outcome];
  return {
    type: "rect" as const,
    xref: "paper" as const,
    yref: "paper" as const,
    x0: place.left / place.width,
    x1: (place.left + PANEL.width) / place.width,
    y0: 1 - (place.top + PANEL.height) / place.height,
    y1: 1 - place.top / place.height,
    line,
    layer: "below" as const,
  };
}

/** Two lines at the top of a panel: the prediction and whether it is correct, then the clip's id. */
function heading(clip: PredictionPanel, place: Place, theme: Theme) {
  const outcome = verdict(clip);
  const colour = { right: theme.right, wrong: theme.wrong, open: theme.ink }[outcome];
  const mark = { right: "✓ ", wrong: "✗ ", open: "" }[outcome];
  const heard = clip.predicted === null ? "no decision" : plain(clip.predicted);
  const truth = clip.truth === undefined ? "" : `true: ${plain(clip.truth)}`;
  const line = (
    text: string,
    x: number,
    y: number,
    size: number,
    color: string,
    xanchor: "left" | "right",
  ) => ({
    text,
    x: (place.left + x) / place.width,
    y: 1 - (place.top + y) / place.height,
    xref: "paper" as const,
    yref: "paper" as const,
    xanchor,
    yanchor: "middle" as const,
    showarrow: false,
    font: { size, color },
  });
  return [
    line(`<b>${mark}${heard}</b>`, 12, 22, 16, colour, "left"),
    line(truth, PANEL.width - 12, 22, FONT_SIZE.axis, theme.ink, "right"),
    line(plain(shortened(clip.id, 64)), 12, 46, FONT_SIZE.small, theme.muted, "left"),
  ];
}

function shortened(text: string, length: number): string {
  return text.length <= length ? text : `…${text.slice(1 - length)}`;
}
