import type { Matrix } from "../base/matrix.js";
import type { Figure, FigureOptions } from "./figure.js";
import {
  bandAt,
  colourBar,
  decibelRange,
  frameImage,
  frequencyTicks,
  melCentres,
  timeTicks,
  timeTitle,
} from "./sound.js";
import { axis, baseLayout, FONT_SIZE, themeOf } from "./theme.js";

/** Options of {@link spectrogram}. */
export interface SpectrogramOptions extends FigureOptions {
  /** Log-mel spectrogram, dB: rows = frames, cols = bands, the lowest first. */
  logmel: Matrix;
  /** Seconds from one frame's centre to the next; the first is at 0. */
  hopSeconds: number;
  /** Hz, at which the spectrogram was computed (after resampling): by default the bands reach half of it. */
  sampleRate: number;
  /** Centre frequency of each band, Hz; default: Slaney's mel scale from 0 to half the sample rate. */
  bandHz?: ArrayLike<number>;
  /** Fundamental frequency to draw over it: Hz, NaN where unvoiced, one value every `hopSeconds`. */
  pitch?: { hz: ArrayLike<number>; hopSeconds: number };
}

/**
 * A log-mel spectrogram: time against frequency on the mel scale, in colours from 80 dB below the loudest value (black) to
 * that value, with the pitch over it where it is given.
 *
 * @throws {RangeError} when there are no frames or fewer than two bands
 * @example
 * const { samples, sampleRate } = await readAudio("recording.wav");
 * const logmel = createExtractor(featureSettings())(samples, sampleRate);
 * const figure = spectrogram({ logmel, hopSeconds: 0.01, sampleRate: 16000 });
 * figure.layout.yaxis?.range; // => [-0.5, 63.5]
 */
export function spectrogram(options: SpectrogramOptions): Figure {
  const { logmel, hopSeconds, sampleRate, pitch } = options;
  if (logmel.rows === 0 || logmel.cols < 2)
    throw new RangeError("a spectrogram needs frames of two or more bands");
  const theme = themeOf(options.theme);
  const centres = options.bandHz ?? melCentres(logmel.cols, sampleRate);
  const image = frameImage(logmel, hopSeconds);
  // The last frame is drawn to half a hop after its centre.
  const seconds = (logmel.rows - 0.5) * hopSeconds;
  const bar = colourBar(theme, "level (dB)", { axis: FONT_SIZE.axis, tick: FONT_SIZE.tick });
  return {
    data: [
      {
        type: "heatmap",
        ...image,
        ...decibelRange(image.z),
        colorscale: theme.spectrogram,
        showscale: true,
        colorbar: bar,
        hovertemplate: "%{x:.2f} s, %{z:.1f} dB<extra></extra>",
      } as Figure["data"][number],
      ...(pitch ? pitchLines(pitch, centres) : []),
    ],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Log-mel spectrogram",
        width: 980,
        height: 330,
        margin: { left: 76, right: 96, bottom: 62 },
      }),
      xaxis: { ...axis(theme, timeTitle(seconds)), ...timeTicks(seconds), showgrid: false },
      yaxis: {
        ...axis(theme, "frequency (kHz, mel scale)"),
        range: [-0.5, logmel.cols - 0.5],
        showgrid: false,
        ...frequencyTicks(centres),
      },
    },
  };
}

/** White with a black outline, visible at every level. */
function pitchLines(
  { hz, hopSeconds }: { hz: ArrayLike<number>; hopSeconds: number },
  centres: ArrayLike<number>,
) {
  const x = Array.from(hz, (_, i) => Math.round(1e4 * i * hopSeconds) / 1e4);
  const y = Array.from(hz, (value) => (value > 0 ? Math.round(100 * bandAt(value, centres)) / 100 : null));
  return [
    { color: "#000000", width: 4.5 },
    { color: "#ffffff", width: 2 },
  ].map((line) => ({
    type: "scatter" as const,
    mode: "lines" as const,
    x,
    y,
    line,
    hoverinfo: "skip" as const,
  }));
}
