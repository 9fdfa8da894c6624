import * as v from "valibot";
import { UserError } from "../base/errors.js";
import { whole } from "../base/schema.js";
import {
  checkedConfig,
  convolution,
  dense,
  denseKernel,
  type Family,
  type ModelFiles,
  type NormNames,
  norm,
  type Recipe,
  type Recognised,
  type Shape,
  same,
  torchNorm,
} from "./family.js";
import type { TensorFile } from "./tensor-file.js";

// Radford et al., "Robust speech recognition via large-scale weak supervision", 2022. Weights: MIT.
const SIZES = [
  { name: "tiny", blocks: 4, width: 384, heads: 6 },
  { name: "base", blocks: 6, width: 512, heads: 8 },
  { name: "small", blocks: 12, width: 768, heads: 12 },
];
const LARGER = [
  { name: "medium", blocks: 24, width: 1024 },
  { name: "large", blocks: 32, width: 1280 },
];
const TITLE = "Whisper tiny, base and small";
const BANDS = 80;
/** Frames of 20 ms in 30 s. */
const POSITIONS = 1500;
/** Tokens of the English-only models; the others have more. */
const ENGLISH_TOKENS = 51_864;
const configSchema = v.looseObject({
  d_model: whole("width", 2, 65_536),
  encoder_layers: whole("blocks", 1, 1024),
  encoder_attention_heads: whole("heads", 1, 1024),
  encoder_ffn_dim: whole("width of the feed-forward part", 1, 1_048_576),
  num_mel_bins: whole("mel bands", 1, 1024),
  max_source_positions: whole("frames", 1, 1_048_576),
  vocab_size: v.optional(v.number()),
});

/** Whisper's encoder, from Hugging Face's and CTranslate2's files. */
export const whisper: Family = {
  name: "whisper",
  title: TITLE,
  async recognise(files) {
    if (files.tensors.format === "CTranslate2") return fromCTranslate2(files.tensors);
    return files.config?.values.model_type === "whisper" ? fromHuggingFace(files) : undefined;
  },
};

function fromHuggingFace({ tensors, config }: ModelFiles): Recognised {
  const { path } = config!;
  const checked = checkedConfig(configSchema, config!);
  const shape: Shape = {
    family: "whisper",
    blocks: checked.encoder_layers,
    width: checked.d_model,
    heads: checked.encoder_attention_heads,
    hidden: checked.encoder_ffn_dim,
    bands: checked.num_mel_bins,
    positions: checked.max_source_positions,
  };
  checkSize(shape, tensors.path);
  // Of a complete model, of encoder and decoder without the head, and of the encoder alone.
  const prefix = ["model.encoder.", "encoder.", ""].find((one) => tensors.shapes.has(`${one}conv1.weight`));
  if (prefix === undefined) {
    throw new UserError(`${tensors.path} has no tensor model.encoder.conv1.weight, which a Whisper has`);
  }
  if (tensors.shapes.has(`${prefix}layers.${shape.blocks}.fc1.weight`))
    throw new UserError(`${tensors.path} has more blocks than the ${shape.blocks} of ${path}`);
  const embedding = tensors.shapes.get(`${prefix.replace("encoder.", "decoder.")}embed_tokens.weight`);
  const name = nameOf(shape, embedding?.[0] ?? checked.vocab_size);
  return { shape, name, recipes: recipesOf(shape, huggingFaceNames(prefix)) };
}

async function fromCTranslate2(tensors: TensorFile): Promise<Recognised | undefined> {
  if (tensors.spec !== "WhisperSpec") return undefined;
  const sizes = (name: string, rank: number): readonly number[] => {
    const found = tensors.shapes.get(name);
    if (found?.length === rank) return found;
    const wrong = found ? `has the shape [${found}]` : "is missing";
    throw new UserError(`${tensors.path}: ${name} ${wrong}: this is not a Whisper`);
  };
  const [width, bands] = sizes("encoder/conv1/weight", 3) as [number, number];
  const [positions] = sizes("encoder/position_encodings/encodings", 2) as [number];
  const [hidden] = sizes("encoder/layer_0/ffn/linear_0/weight", 2) as [number];
  sizes("encoder/num_heads", 0);
  const [heads] = (await tensors.read("encoder/num_heads")) as unknown as [number];
  const layers = [...tensors.shapes.keys()].map((name) => /^encoder\/layer_\d+(?=\/)/.exec(name)?.[0]);
  const blocks = new Set(layers.filter(Boolean)).size;
  const shape: Shape = { family: "whisper", blocks, width, heads, hidden, bands, positions };
  checkSize(shape, tensors.path);
  const name = nameOf(shape, tensors.shapes.get("decoder/embeddings/weight")?.[0]);
  return { shape, name, recipes: recipesOf(shape, CTRANSLATE2_NAMES) };
}

/** @throws {UserError} for unsupported sizes */
function checkSize({ blocks, width, heads, bands }: Shape, path: string): void {
  const larger = LARGER.find((size) => size.width === width && size.blocks === blocks);
  if (bands !== BANDS) {
    const like = bands === 128 ? ", as Whisper large-v3 has" : "";
    throw new UserError(
      `${path} is a Whisper with ${bands} mel bands${like}; supported are ${TITLE} (${BANDS} bands)`,
    );
  }
  if (larger || width >= LARGER[0]!.width) {
    const what = larger ? `Whisper ${larger.name}` : "a Whisper";
    throw new UserError(`${path} is ${what} (${blocks} blocks of width ${width}); supported are ${TITLE}`);
  }
  if (heads < 1 || width < 2 || width % heads !== 0 || width % 2 !== 0)
    throw new UserError(`${path} is damaged: a width of ${width} cannot be divided into ${heads} heads`);
}

function nameOf(shape: Shape, tokens: number | undefined): string | undefined {
  const { blocks, width, heads, hidden, positions } = shape;
  const size = SIZES.find((one) => one.blocks === blocks && one.width === width && one.heads === heads);
  if (!size || hidden !== 4 * width || positions !== POSITIONS) return undefined;
  return `whisper-${size.name}${tokens === ENGLISH_TOKENS ? ".en" : ""}`;
}

/** A format's names of the parts of a Whisper. */
interface Names {
  conv: (i: 1 | 2) => string;
  positions: string;
  block: (i: number) => BlockNames;
  norm: NormNames;
}

interface BlockNames {
  norm1: NormNames;
  /** The matrices of q, k and v: three, or one for all. */
  qkv: string[];
  /** Their biases; `undefined` where one is zero. */
  qkvBias: (string | undefined)[];
  out: string;
  norm2: NormNames;
  up: string;
  down: string;
}

function huggingFaceNames(prefix: string): Names {
  return {
    conv: (i) => `${prefix}conv${i}.`,
    positions: `${prefix}embed_positions.weight`,
    norm: torchNorm(`${prefix}layer_norm`),
    block: (i) => {
      const block = `${prefix}layers.${i}`;
      const attention = `${block}.self_attn`;
      return {
        norm1: torchNorm(`${block}.self_attn_layer_norm`),
        qkv: ["q", "k", "v"].map((one) => `${attention}.${one}_proj.weight`),
        qkvBias: [`${attention}.q_proj.bias`, undefined, `${attention}.v_proj.bias`],
        out: `${attention}.out_proj.`,
        norm2: torchNorm(`${block}.final_layer_norm`),
        up: `${block}.fc1.`,
        down: `${block}.fc2.`,
      };
    },
  };
}

const CTRANSLATE2_NAMES: Names = {
  conv: (i) => `encoder/conv${i}/`,
  positions: "encoder/position_encodings/encodings",
  norm: { gamma: "encoder/layer_norm/gamma", beta: "encoder/layer_norm/beta" },
  block: (i) => {
    const block = `encoder/layer_${i}`;
    const norm = (part: string) => ({
      gamma: `${block}/${part}/layer_norm/gamma`,
      beta: `${block}/${part}/layer_norm/beta`,
    });
    return {
      norm1: norm("self_attention"),
      qkv: [`${block}/self_attention/linear_0/weight`],
      qkvBias: [`${block}/self_attention/linear_0/bias`],
      out: `${block}/self_attention/linear_1/`,
      norm2: norm("ffn"),
      up: `${block}/ffn/linear_0/`,
      down: `${block}/ffn/linear_1/`,
    };
  },
};

/** The encoder's weights in our order. */
function recipesOf(shape: Shape, names: Names): Recipe[] {
  const { blocks, width, bands, positions } = shape;
  return [
    ...conv("conv1", names.conv(1), bands, width),
    ...conv("conv2", names.conv(2), width, width),
    same("positions/table", [positions, width], names.positions),
    ...Array.from({ length: blocks }, (_, i) => blockRecipes(`block${i}`, names.block(i), shape)).flat(),
    ...norm("norm", names.norm, width),
  ];
}

function blockRecipes(block: string, names: BlockNames, { width, hidden }: Shape): Recipe[] {
  return [
    ...norm(`${block}.norm1`, names.norm1, width),
    ...qkv(`${block}.qkv`, names, width),
    ...dense(`${block}.out`, [names.out], width, width),
    ...norm(`${block}.norm2`, names.norm2, width),
    ...dense(`${block}.up`, [names.up], width, hidden),
    ...dense(`${block}.down`, [names.down], hidden, width),
  ];
}

function conv(name: string, part: string, inputs: number, outputs: number): Recipe[] {
  const kernel = convolution(name, `${part}weight`, 3, inputs, outputs);
  return [kernel, same(`${name}/bias`, [outputs], `${part}bias`)];
}

function qkv(name: string, names: BlockNames, width: number): Recipe[] {
  const outputs = (3 * width) / names.qkv.length;
  const biases = names.qkvBias.flatMap((bias) => bias ?? []);
  return [
    {
      name: `${name}/kernel`,
      shape: [width, 3 * width],
      parts: names.qkv.map((part) => ({ name: part, shape: [outputs, width] })),
      make: denseKernel(width, ...names.qkv.map(() => outputs)),
    },
    {
      name: `${name}/bias`,
      shape: [3 * width],
      parts: biases.map((part) => ({ name: part, shape: [outputs] })),
      make: (parts) => {
        const all = new Float32Array(3 * width);
        for (const [i, part] of parts.entries()) all.set(part, outputs * names.qkvBias.indexOf(biases[i]));
        return all;
      },
    },
  ];
}
