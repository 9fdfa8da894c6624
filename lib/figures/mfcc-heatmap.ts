import { type Matrix, zeros } from "../base/matrix.js";
import type { Figure, FigureOptions } from "./figure.js";
import { colourBar, frameImage, timeTicks, timeTitle } from "./sound.js";
import { axis, baseLayout, FONT_SIZE, themeOf } from "./theme.js";

/** Options of {@link mfccHeatmap}. */
export interface MfccHeatmapOptions extends FigureOptions {
  /** MFCC: rows = frames, cols = coefficients, the 0th first. */
  mfcc: Matrix;
  /** Seconds from one frame's centre to the next; the first is at 0. */
  hopSeconds: number;
}

/** Standard deviations at the ends of the colour scale. */
const REACH = 3;

/**
 * MFCC over time. Each coefficient is standardised over the clip, (c - mean) / sd, since the 0th would otherwise hide
 * all others; a constant coefficient is 0. Colours span -3 to 3 standard deviations.
 *
 * @throws {RangeError} when there are no frames or no coefficients
 * @example
 * const { samples, sampleRate } = await readAudio("recording.wav");
 * const mfcc = createExtractor(featureSettings({ kind: "mfcc", nMfcc: 13 }))(samples, sampleRate);
 * const figure = mfccHeatmap({ mfcc, hopSeconds: 0.01 });
 * figure.layout.yaxis?.range; // => [-0.5, 12.5]
 */
export function mfccHeatmap(options: MfccHeatmapOptions): Figure {
  const { mfcc, hopSeconds } = options;
  if (mfcc.rows === 0 || mfcc.cols === 0)
    throw new RangeError("an MFCC heat map needs frames and coefficients");
  const theme = themeOf(options.theme);
  // The last frame is drawn to half a hop after its centre.
  const seconds = (mfcc.rows - 0.5) * hopSeconds;
  const every = [1, 2, 4, 5, 10, 20, 50].find((step) => mfcc.cols / step <= 9) ?? 100;
  return {
    data: [
      {
        type: "heatmap",
        ...frameImage(standardised(mfcc), hopSeconds, { mean: true }),
        zmin: -REACH,
        zmax: REACH,
        colorscale: theme.diverging,
        showscale: true,
        colorbar: {
          ...colourBar(theme, "standard deviations", { axis: FONT_SIZE.axis, tick: FONT_SIZE.tick }),
          tickvals: [-3, -2, -1, 0, 1, 2, 3],
          ticktext: ["≤ −3", "−2", "−1", "0", "1", "2", "≥ 3"],
        },
        hovertemplate: "%{x:.2f} s, coefficient %{y}: %{z:.2f} sd<extra></extra>",
      } as Figure["data"][number],
    ],
    layout: {
      ...baseLayout({
        ...options,
        title: options.title ?? "MFCC",
        width: 980,
        height: 330,
        margin: { left: 76, right: 108, bottom: 62 },
      }),
      xaxis: { ...axis(theme, timeTitle(seconds)), ...timeTicks(seconds), showgrid: false },
      yaxis: {
        ...axis(theme, "coefficient"),
        range: [-0.5, mfcc.cols - 0.5],
        dtick: every,
        tick0: 0,
        showgrid: false,
      },
    },
  };
}

/** Each column minus its mean, over its standard deviation. */
function standardised({ data, rows, cols }: Matrix): Matrix {
  const out = zeros(rows, cols);
  for (let col = 0; col < cols; col++) {
    let sum = 0;
    let squares = 0;
    for (let t = 0; t < rows; t++) sum += data[t * cols + col]!;
    const mean = sum / rows;
    for (let t = 0; t < rows; t++) squares += (data[t * cols + col]! - mean) ** 2;
    const sd = Math.sqrt(squares / rows);
    if (sd < 1e-6) continue;
    for (let t = 0; t < rows; t++) out.data[t * cols + col] = (data[t * cols + col]! - mean) / sd;
  }
  return out;
}
