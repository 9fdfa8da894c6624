import * as v from "valibot";
import { canonicalJson } from "../base/hash.js";
import { list, number, problemsBy, refuse, type Say, strict, whole } from "../base/schema.js";
import { isBaseline, isOwn, type ModelName, type NetworkName } from "./names.js";

/** The settings of a network's size; each network takes the keys that {@link SIZES} lists for it. */
export const sizeSchema = strict(
  "Size of the network; keys that are left out have the default of the network.",
  {
    filters: v.optional(
      list(
        "Filters of each convolution block, one number per block (cnn, cnn-small, clstm).",
        whole("Filters of a block.", 1, 4096),
      ),
    ),
    units: v.optional(
      whole(
        "LSTM cells of a layer (bilstm: of each direction), with half as many units in the dense layer; for cnn the units of the dense layer, for attention those of the dense layer and of the projection.",
        1,
        4096,
      ),
    ),
    layers: v.optional(whole("LSTM layers (lstm, bilstm, clstm).", 1, 8)),
    blocks: v.optional(whole("Encoder blocks that are fine-tuned (top-blocks).", 1, 64)),
    dropout: v.optional(
      number("Dropout at the dense layer; all other dropout of the network scales with it.", {
        ...{ from: 0, to: 0.9 },
      }),
    ),
  },
);

/** Size of a network. Each network takes the keys that {@link SIZES} lists for it; absent keys keep its default. */
export type Size = v.InferOutput<typeof sizeSchema>;

/**
 * The default size of each network.
 *
 * @example
 * const size = { ...SIZES.lstm, layers: 1 };
 * const model = await models.lstm({ frames: 100, bands: 64, classes: 7, seed: 1, size });
 * model.countParams() < 239111; // => true
 */
export const SIZES = {
  cnn: { filters: [32, 64, 128, 128], units: 128, dropout: 0.2 },
  "cnn-small": { filters: [32, 48, 64], dropout: 0.3 },
  lstm: { units: 128, layers: 2, dropout: 0.3 },
  bilstm: { units: 128, layers: 2, dropout: 0.3 },
  clstm: { filters: [64, 128], units: 128, layers: 1, dropout: 0.3 },
  attention: { units: 128, dropout: 0.3 },
  "weighted-layers": { dropout: 0.3 },
  "top-blocks": { blocks: 2, dropout: 0.3 },
} satisfies Record<NetworkName, Size>;

/** The default size of a model; empty for a baseline and for a network that a script defines. */
export function usualSize(model: ModelName): Size {
  return isBaseline(model) || isOwn(model) ? {} : SIZES[model];
}

/** The part of a size that differs from the network's default; `undefined` where nothing does. */
export function ownSize(model: ModelName, size: Size = {}): Size | undefined {
  const usual = usualSize(model);
  const own = Object.entries(size).filter(
    ([key, value]) =>
      value !== undefined && canonicalJson(value) !== canonicalJson(usual[key as keyof Size] ?? null),
  );
  return own.length > 0 ? Object.fromEntries(own) : undefined;
}

/**
 * Reports settings of a size that a network does not take.
 *
 * @param input frames and bands, where they are known
 */
export function sizeRules(
  model: ModelName,
  size: Size,
  say: Say,
  input?: { frames: number; bands: number },
): void {
  const known = Object.keys(usualSize(model));
  for (const [key, value] of Object.entries(size)) {
    if (value === undefined || known.includes(key)) continue;
    say(
      `${model} has no ${key}: it takes ${known.join(", ") || `no size, being ${isOwn(model) ? "a script's" : "no network"}`}`,
      key,
    );
  }
  const own = ownSize(model, size)?.filters;
  if (!own || !input || isBaseline(model) || isOwn(model)) return;
  const most = BLOCKS[model]?.(input) ?? Infinity;
  if (own.length > most)
    say(
      `${own.length} blocks are too many: an input of ${input.frames} frames and ${input.bands} bands is exhausted after ${most}`,
      "filters",
    );
}

const halvings = (length: number) => Math.floor(Math.log2(length));

/** How many blocks an input has room for: the CNN halves either axis, the others time alone, cnn-small not after its last. */
const BLOCKS: Partial<Record<NetworkName, (input: { frames: number; bands: number }) => number>> = {
  cnn: ({ frames, bands }) => Math.max(halvings(frames), halvings(bands), 1),
  "cnn-small": ({ frames }) => halvings(frames) + 1,
  clstm: ({ frames }) => halvings(frames),
};

/**
 * The size of a network: its defaults, replaced by the given settings.
 *
 * @throws {UsageError} naming the settings that the network does not take
 */
export function sizeOf<Name extends keyof typeof SIZES>(
  model: Name,
  { size = {}, frames, bands }: { size?: Size; frames: number; bands: number },
): (typeof SIZES)[Name] {
  refuse(
    problemsBy((say) =>
      sizeRules(model, size, (text, ...path) => say(text, "size", ...path), { frames, bands }),
    ),
  );
  const given = Object.fromEntries(Object.entries(size).filter(([, value]) => value !== undefined));
  return { ...SIZES[model], ...given };
}
