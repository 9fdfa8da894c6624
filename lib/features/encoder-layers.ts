import type { Matrix } from "../base/matrix.js";
import type { SoundSettings } from "./settings.js";

/** The settings under which features are computed and cached: one pass of an encoder gives the statistics of all layers. */
export function madeWith(settings: SoundSettings): SoundSettings {
  if (settings.kind !== "encoder" || settings.pooling === "frames") return settings;
  return { ...settings, layer: "all" };
}

/** The requested layer of features computed with `madeWith`: a copy, so that the other layers can be freed. */
export function layerOf(made: Matrix, settings: SoundSettings): Matrix {
  if (settings.kind !== "encoder" || settings.pooling === "frames" || settings.layer === "all") return made;
  const { layer } = settings;
  const { data, cols } = made;
  return { data: data.slice(layer * cols, (layer + 1) * cols), rows: 1, cols };
}
