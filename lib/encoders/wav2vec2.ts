import * as v from "valibot";
import { UserError } from "../base/errors.js";
import { whole } from "../base/schema.js";
import { MAX_GROUPS } from "../engine/core.js";
import { FEATURE_CONVOLUTIONS, type Wav2vec2Shape } from "../models/wav2vec2.js";
import {
  checkedConfig,
  convKernel,
  convolution,
  dense,
  type Family,
  type ModelFiles,
  norm,
  type Recipe,
  type Recognised,
  type Shape,
  same,
  torchNorm,
} from "./family.js";
import type { TensorFile } from "./tensor-file.js";
import type { Tensor } from "./types.js";

const FEATURES = FEATURE_CONVOLUTIONS.length;

/** Sizes of both families, with the defaults of Hugging Face's configurations. */
const configSchema = v.looseObject({
  num_hidden_layers: v.optional(whole("blocks", 1, 1024), 12),
  hidden_size: v.optional(whole("width", 1, 65_536), 768),
  num_attention_heads: v.optional(whole("heads", 1, 1024), 12),
  intermediate_size: v.optional(whole("width of the feed-forward part", 1, 1_048_576), 3072),
  num_conv_pos_embeddings: v.optional(whole("frames of the positional convolution", 1, 65_536), 128),
  num_conv_pos_embedding_groups: v.optional(whole("groups of the positional convolution", 1, MAX_GROUPS), 16),
});

/** The settings that all supported models share, as text; a file may leave out defaults. */
const SETTINGS: Readonly<Record<string, string>> = {
  do_stable_layer_norm: "false",
  feat_extract_norm: '"group"',
  conv_bias: "false",
  feat_extract_activation: '"gelu"',
  hidden_act: '"gelu"',
  layer_norm_eps: "0.00001",
  conv_kernel: JSON.stringify(FEATURE_CONVOLUTIONS.map(([size]) => size)),
  conv_stride: JSON.stringify(FEATURE_CONVOLUTIONS.map(([, stride]) => stride)),
  feat_proj_layer_norm: "true",
  conv_pos_batch_norm: "false",
};

/** wav2vec 2.0's encoder, from Hugging Face's files. Baevski et al. 2020. */
export const wav2vec2: Family = familyOf("wav2vec2", "wav2vec 2.0");

/** HuBERT's encoder, from Hugging Face's files. Hsu et al. 2021. */
export const hubert: Family = familyOf("hubert", "HuBERT");

function familyOf(name: "wav2vec2" | "hubert", called: string): Family {
  return {
    name,
    title: `${called} base`,
    recognise: async (files) =>
      files.config?.values.model_type === name ? fromHuggingFace(files, name, called) : undefined,
  };
}

interface Sizes extends Shape {
  channels: number;
  reach: number;
  groups: number;
}

function fromHuggingFace(
  { tensors, config }: ModelFiles,
  family: "wav2vec2" | "hubert",
  called: string,
): Recognised {
  const { path, values } = config!;
  refuseOthers(path, values, called);
  const checked = checkedConfig(configSchema, config!);
  const prefix = prefixOf(tensors, family, called);
  const sizes: Sizes = {
    family,
    blocks: checked.num_hidden_layers,
    width: checked.hidden_size,
    heads: checked.num_attention_heads,
    hidden: checked.intermediate_size,
    bands: 0,
    positions: 0,
    channels: channelsOf(values.conv_dim, path, called),
    reach: checked.num_conv_pos_embeddings,
    groups: checked.num_conv_pos_embedding_groups,
  };
  const { channels, reach, groups, ...shape } = sizes;
  for (const [count, what] of [
    [sizes.heads, "heads"],
    [groups, "groups of the positional convolution"],
  ] as const) {
    if (sizes.width % count !== 0)
      throw new UserError(
        `${path} is damaged: a width of ${sizes.width} cannot be divided into ${count} ${what}`,
      );
  }
  if (tensors.shapes.has(`${prefix}encoder.layers.${sizes.blocks}.attention.q_proj.weight`))
    throw new UserError(`${tensors.path} has more blocks than the ${sizes.blocks} of ${path}`);
  return { shape, name: nameOf(sizes, tensors), recipes: recipesOf(sizes, prefix, tensors) };
}

/** @throws {UserError} naming the first setting that differs from the base models' */
function refuseOthers(path: string, values: Record<string, unknown>, called: string): void {
  for (const [key, wanted] of Object.entries(SETTINGS)) {
    const found = values[key] ?? null;
    if (found === null || JSON.stringify(found) === JSON.stringify(JSON.parse(wanted))) continue;
    const large = key === "do_stable_layer_norm" || key === "feat_extract_norm";
    const like = large ? `, as ${called} large has` : "";
    throw new UserError(
      `${path} is a ${called} with ${key} ${JSON.stringify(found)}${like}; supported is ${called} base (${key} ${wanted})`,
    );
  }
}

/** Channels of the convolutions over samples; all must have the same number. */
function channelsOf(found: unknown, path: string, called: string): number {
  const all = found ?? new Array<number>(FEATURES).fill(512);
  const [first] = Array.isArray(all) ? (all as unknown[]) : [];
  const fits =
    Array.isArray(all) &&
    all.length === FEATURES &&
    Number.isInteger(first) &&
    (first as number) > 0 &&
    all.every((one) => one === first);
  if (fits) return first as number;
  throw new UserError(
    `${path} is a ${called} with conv_dim ${JSON.stringify(found)}; supported are ${FEATURES} convolutions with the same number of channels`,
  );
}

/** Models with and without a head use different names for the encoder's tensors. */
function prefixOf(tensors: TensorFile, family: string, called: string): string {
  const first = "feature_extractor.conv_layers.0.conv.weight";
  const prefix = [`${family}.`, ""].find((one) => tensors.shapes.has(one + first));
  if (prefix !== undefined) return prefix;
  throw new UserError(`${tensors.path} has no tensor ${first}, which a ${called} has`);
}

/** Fine-tuned weights have the same shapes, but are not the published base model. */
function nameOf(sizes: Sizes, tensors: TensorFile): string | undefined {
  const { family, blocks, width, heads, hidden, channels, reach, groups } = sizes;
  const base = [12, 768, 12, 3072, 512, 128, 16];
  if ([blocks, width, heads, hidden, channels, reach, groups].some((n, i) => n !== base[i])) return undefined;
  const heading = [...tensors.shapes.keys()].some((name) => /^(lm_head|classifier|projector)\./.test(name));
  return heading ? undefined : `${family}-base`;
}

/** The encoder's tensors in our order. */
function recipesOf(sizes: Sizes, prefix: string, tensors: TensorFile): Recipe[] {
  const { blocks, width, channels } = sizes;
  const extractor = `${prefix}feature_extractor.conv_layers`;
  const projection = `${prefix}feature_projection`;
  return [
    ...FEATURE_CONVOLUTIONS.map(([size], i) =>
      convolution(`feature${i}`, `${extractor}.${i}.conv.weight`, size, i === 0 ? 1 : channels, channels),
    ),
    ...norm("feature0.norm", torchNorm(`${extractor}.0.layer_norm`), channels),
    ...norm("projection.norm", torchNorm(`${projection}.layer_norm`), channels),
    ...dense("projection", [`${projection}.projection.`], channels, width),
    ...positional(sizes, `${prefix}encoder.pos_conv_embed.conv`, tensors),
    ...norm("norm", torchNorm(`${prefix}encoder.layer_norm`), width),
    ...Array.from({ length: blocks }, (_, i) => block(i, `${prefix}encoder.layers.${i}`, sizes)).flat(),
  ];
}

function block(index: number, part: string, { width, hidden }: Sizes): Recipe[] {
  const name = `block${index}`;
  const qkv = ["q", "k", "v"].map((one) => `${part}.attention.${one}_proj.`);
  return [
    ...norm(`${name}.norm1`, torchNorm(`${part}.layer_norm`), width),
    ...dense(`${name}.qkv`, qkv, width, width),
    ...dense(`${name}.out`, [`${part}.attention.out_proj.`], width, width),
    ...norm(`${name}.norm2`, torchNorm(`${part}.final_layer_norm`), width),
    ...dense(`${name}.up`, [`${part}.feed_forward.intermediate_dense.`], width, hidden),
    ...dense(`${name}.down`, [`${part}.feed_forward.output_dense.`], hidden, width),
  ];
}

/** The two parts of weight norm, by PyTorch's names before and since 2.1. */
const WEIGHT_NORM = [
  ["weight_g", "weight_v"],
  ["parametrizations.weight.original0", "parametrizations.weight.original1"],
];

function positional({ width, reach, groups }: Sizes, part: string, tensors: TensorFile): Recipe[] {
  const inputs = width / groups;
  const [length, direction] = (
    WEIGHT_NORM.find(([name]) => tensors.shapes.has(`${part}.${name}`)) ?? WEIGHT_NORM[1]!
  ).map((name) => `${part}.${name}`) as [string, string];
  const kernel = convKernel(reach, inputs, width);
  return [
    {
      name: "positional/kernel",
      shape: [reach, inputs, width],
      parts: [
        { name: length, shape: [1, 1, reach] },
        { name: direction, shape: [width, inputs, reach] },
      ],
      make: ([g, weights]) => kernel([normed(g!, weights!)]),
    },
    same("positional/bias", [width], `${part}.bias`),
  ];
}

/** Weight norm (Salimans and Kingma 2016) over all but the last dimension: g[k] w[.., k] / |w[.., k]|. */
function normed(g: Float32Array, weights: Float32Array): Float32Array {
  const squares = new Float64Array(g.length);
  weights.forEach((weight, i) => {
    squares[i % g.length]! += weight * weight;
  });
  // A direction of length 0 gives 0, since NaN would spread through the whole network.
  const scales = g.map((length, k) => length / (Math.sqrt(squares[k]!) || 1));
  return weights.map((weight, i) => weight * scales[i % g.length]!);
}

/**
 * The sizes for `wav2vec2` of the models: those of the stored encoder, completed by those that its tensors imply.
 *
 * @param tensors of {@link readEncoder}; `feature0/kernel` is `[10, 1, channels]`, `positional/kernel`
 *   `[reach, width / groups, width]`
 * @example
 * const tensor = (...shape: number[]) => ({ shape, data: new Float32Array(shape.reduce((a, b) => a * b)) });
 * const tensors = new Map([["feature0/kernel", tensor(10, 1, 512)], ["positional/kernel", tensor(128, 48, 768)]]);
 * const sizes = { blocks: 12, width: 768, heads: 12, hidden: 3072, bands: 0, positions: 0 };
 * const { channels, reach, groups } = wav2vec2ShapeOf(sizes, tensors);
 * [channels, reach, groups]; // => [512, 128, 16]
 */
export function wav2vec2ShapeOf(
  shape: Omit<Shape, "family">,
  tensors: ReadonlyMap<string, Tensor>,
): Wav2vec2Shape {
  const [reach, inputs] = tensors.get("positional/kernel")!.shape as [number, number];
  const [, , channels] = tensors.get("feature0/kernel")!.shape as [number, number, number];
  return { ...shape, channels, reach, groups: shape.width / inputs };
}
