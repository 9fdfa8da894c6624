import type { Figure, FigureOptions } from "./figure.js";
import { envelopeOf, outline, peakOf, timeTicks, timeTitle } from "./sound.js";
import { axis, baseLayout, emotionColour, themeOf } from "./theme.js";

export interface WaveformOptions extends FigureOptions {
  /** Mono, in [-1, 1]. */
  samples: Float32Array;
  /** Hz. */
  sampleRate: number;
  /** Colours the sound; without it the sound is blue. */
  emotion?: string;
}

/**
 * The waveform of a sound: least and greatest sample of each stretch of time, full scale being 1.
 *
 * @throws {RangeError} without samples
 * @example waveform({ samples: audio.samples, sampleRate: audio.sampleRate })
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
