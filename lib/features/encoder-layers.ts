import type { Matrix } from "../base/matrix.js";
import type { SoundSettings } from "./settings.js";

/** The settings of what is made and kept for these: one pass of an encoder makes the statistics of all its layers. */
export function madeWith(settings: SoundSettings): SoundSettings {
  if (settings.kind !== "encoder" || settings.pooling === "frames") return settings;
  return { ...settings, layer: "all" };
}

/** The part of what was made by {@link madeWith} that the settings ask for, which does not hold on to the rest. */
export function layerOf(made: Matrix, settings: SoundSettings): Matrix {
  if (settings.kind !== "encoder" || settings.pooling === "frames" || settings.layer === "all") return made;
  const { layer } = settings;
  const { data, cols } = made;
  return { data: data.slice(layer * cols, (layer + 1) * cols), rows: 1, cols };
}
