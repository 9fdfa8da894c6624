import type { Matrix } from "../base/matrix.js";
import type { EncoderSettings } from "./settings.js";

/** The settings of what is made and kept for these: one pass makes the statistics of all layers. */
export function madeWith(settings: EncoderSettings): EncoderSettings {
  return settings.pooling === "statistics" ? { ...settings, layer: "all" } : settings;
}

/** The part of what was made by {@link madeWith} that the settings ask for, which does not hold on to the rest. */
export function layerOf(made: Matrix, { pooling, layer }: EncoderSettings): Matrix {
  if (pooling === "frames" || layer === "all") return made;
  const { data, cols } = made;
  return { data: data.slice(layer * cols, (layer + 1) * cols), rows: 1, cols };
}
