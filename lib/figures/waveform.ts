import type { Figure, FigureOptions } from "./figure.js";
import { envelopeOf, outline, peakOf, timeTicks, timeTitle } from "./sound.js";
import { axis, baseLayout, emotionColour, themeOf } from "./theme.js";

/** Options of {@link waveform}. */
export interface WaveformOptions extends FigureOptions {
  /** Mono, in [-1, 1]. */
  samples: Float32Array;
  /** Hz. */
  sampleRate: number;
  /** The emotion whose colour the waveform has; default blue. */
  emotion?: string;
}

/**
 * The waveform of a sound: the lowest and the highest sample of each stretch of time; full scale is 1.
 *
 * @throws {RangeError} when there are no samples
 * @example
 * const { samples, sampleRate } = await readAudio("recording.wav");
 * const figure = waveform({ samples, sampleRate, emotion: "anger" });
 * figure.layout.xaxis?.range; // => [0, samples.length / sampleRate]
 */
export function waveform(options: WaveformOptions): Figure {
  const { samples, sampleRate, emotion } = options;
  if (samples.length === 0) throw new RangeError("a waveform needs at least one sample");
  const theme = themeOf(options.theme);
  const envelope = envelopeOf(samples, sampleRate);
  const reach = 1.05 * peakOf(envelope);
  const colour = emotion === undefined ? theme.series[0]! : emotionColour(emotion, theme);
  return {
    data: [
      {
        type: "scatter",
        mode: "lines",
        ...outline(envelope),
        fill: "toself",
        fillcolor: colour,
        line: { color: colour, width: 0.6 },
        hoverinfo: "skip",
      },
    ],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "Waveform",
        width: 980,
        height: 250,
        margin: { left: 80, right: 30, bottom: 62 },
      }),
      xaxis: {
        ...axis(theme, timeTitle(envelope.seconds)),
        ...timeTicks(envelope.seconds),
        showgrid: false,
      },
      yaxis: { ...axis(theme, "amplitude"), range: [-reach, reach], nticks: 6 },
    },
  };
}
