import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { random } from "../../lib/base/random.js";

export const FIXTURE = join(import.meta.dirname, "..", "fixtures", "encoders", "whisper");

export interface Part {
  name: string;
  shape: number[];
  values: Float32Array;
}

export interface Sizes {
  width: number;
  blocks: number;
  heads: number;
  hidden: number;
  positions: number;
  bands: number;
  tokens: number;
}

export const SMALL: Sizes = {
  ...{ width: 16, blocks: 2, heads: 2, hidden: 24, positions: 6, bands: 80, tokens: 50 },
};

/** A whole Whisper's encoder and the embedding of its decoder, by Hugging Face's names; every value is exactly a float16. */
export function huggingFaceParts(
  sizes: Partial<Sizes> = {},
  seed = "whisper",
  fill: (length: number) => Float32Array = uniform(seed),
): Part[] {
  const { width, blocks, hidden, positions, bands, tokens } = { ...SMALL, ...sizes };
  const part = (name: string, ...shape: number[]): Part => {
    const length = shape.reduce((product, n) => product * n, 1);
    return { name: `model.${name}`, shape, values: fill(length) };
  };
  const linear = (name: string, inputs: number, outputs: number) => [
    part(`${name}.weight`, outputs, inputs),
    part(`${name}.bias`, outputs),
  ];
  const norm = (name: string) => [part(`${name}.weight`, width), part(`${name}.bias`, width)];
  return [
    part("encoder.conv1.weight", width, bands, 3),
    part("encoder.conv1.bias", width),
    part("encoder.conv2.weight", width, width, 3),
    part("encoder.conv2.bias", width),
    part("encoder.embed_positions.weight", positions, width),
    ...Array.from({ length: blocks }, (_, i) => `encoder.layers.${i}`).flatMap((block) => [
      part(`${block}.self_attn.k_proj.weight`, width, width),
      ...linear(`${block}.self_attn.v_proj`, width, width),
      ...linear(`${block}.self_attn.q_proj`, width, width),
      ...linear(`${block}.self_attn.out_proj`, width, width),
      ...norm(`${block}.self_attn_layer_norm`),
      ...linear(`${block}.fc1`, width, hidden),
      ...linear(`${block}.fc2`, hidden, width),
      ...norm(`${block}.final_layer_norm`),
    ]),
    ...norm("encoder.layer_norm"),
    part("decoder.embed_tokens.weight", tokens, 1),
  ];
}

/** Random whole numbers of 1/256, which float16 has. */
export function uniform(seed: string): (length: number) => Float32Array {
  const rng = random(seed);
  return (length) => Float32Array.from({ length }, () => Math.round(rng.uniform(-256, 256)) / 256);
}

const bytesOf = ({ buffer, byteOffset, byteLength }: Float32Array) =>
  Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);

export function configOf(sizes: Partial<Sizes> = {}): Record<string, unknown> {
  const { width, blocks, heads, hidden, positions, bands, tokens } = { ...SMALL, ...sizes };
  return {
    model_type: "whisper",
    ...{ d_model: width, encoder_layers: blocks, encoder_attention_heads: heads, encoder_ffn_dim: hidden },
    ...{ num_mel_bins: bands, max_source_positions: positions, vocab_size: tokens },
  };
}

/** A safetensors file of float32. */
export function safetensorsOf(parts: readonly Part[]): Buffer {
  return Buffer.concat(safetensorsPieces(parts));
}

function safetensorsPieces(parts: readonly Part[]): Buffer[] {
  let end = 0;
  const header: Record<string, unknown> = { __metadata__: { format: "pt" } };
  for (const { name, shape, values } of parts) {
    header[name] = { dtype: "F32", shape, data_offsets: [end, end + 4 * values.length] };
    end += 4 * values.length;
  }
  return [withHeader(JSON.stringify(header)), ...parts.map(({ values }) => bytesOf(values))];
}

/** A header behind its length, and what follows. */
export function withHeader(header: string, ...rest: Buffer[]): Buffer {
  const text = Buffer.from(header);
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  return Buffer.concat([length, text, ...rest]);
}

/** Writes a model as Hugging Face does. */
export async function writeHuggingFace(
  folder: string,
  parts: readonly Part[],
  config: Record<string, unknown> | undefined,
): Promise<void> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "model.safetensors"), safetensorsPieces(parts));
  if (config) await writeFile(join(folder, "config.json"), JSON.stringify(config));
}

export interface Variable {
  name: string;
  shape: number[];
  /** 0 float32, 1 int8, 2 int16, 4 float16. */
  type: number;
  bytes: Buffer;
}

/** The same model by CTranslate2's names: q, k and v in one matrix, with zeros for k's bias. */
export function ctranslate2Variables(parts: readonly Part[], heads = SMALL.heads): Variable[] {
  const of = (name: string) => parts.find((part) => part.name === `model.encoder.${name}`)!;
  const float = (name: string, ...values: Part[]): Variable => {
    const [first] = values as [Part];
    const rows = values.reduce((sum, { shape }) => sum + shape[0]!, 0);
    const bytes = Buffer.concat(values.map((one) => bytesOf(one.values)));
    return { name: `encoder/${name}`, shape: [rows, ...first.shape.slice(1)], type: 0, bytes };
  };
  const linear = (name: string, from: string) => [
    float(`${name}/weight`, of(`${from}.weight`)),
    float(`${name}/bias`, of(`${from}.bias`)),
  ];
  const norm = (name: string, from: string) => [
    float(`${name}/gamma`, of(`${from}.weight`)),
    float(`${name}/beta`, of(`${from}.bias`)),
  ];
  const blocks = parts.filter(({ name }) => name.endsWith("fc1.weight")).length;
  const embedding = parts.find(({ name }) => name.includes("embed_tokens"))!;
  return [
    ...linear("conv1", "conv1"),
    ...linear("conv2", "conv2"),
    ...Array.from({ length: blocks }, (_, i) => {
      const [block, from] = [`layer_${i}`, `layers.${i}`];
      const query = of(`${from}.self_attn.q_proj.bias`);
      const zeros = { ...query, values: new Float32Array(query.values.length) };
      const each = ["q", "k", "v"].map((one) => of(`${from}.self_attn.${one}_proj.weight`));
      return [
        ...norm(`${block}/self_attention/layer_norm`, `${from}.self_attn_layer_norm`),
        float(`${block}/self_attention/linear_0/weight`, ...each),
        float(`${block}/self_attention/linear_0/bias`, query, zeros, of(`${from}.self_attn.v_proj.bias`)),
        ...linear(`${block}/self_attention/linear_1`, `${from}.self_attn.out_proj`),
        ...norm(`${block}/ffn/layer_norm`, `${from}.final_layer_norm`),
        ...linear(`${block}/ffn/linear_0`, `${from}.fc1`),
        ...linear(`${block}/ffn/linear_1`, `${from}.fc2`),
      ];
    }).flat(),
    ...norm("layer_norm", "layer_norm"),
    float("position_encodings/encodings", of("embed_positions.weight")),
    { name: "encoder/num_heads", shape: [], type: 2, bytes: Buffer.from(Int16Array.of(heads).buffer) },
    {
      name: "decoder/embeddings/weight",
      ...{ shape: embedding.shape, type: 0, bytes: bytesOf(embedding.values) },
    },
  ];
}

/** A model.bin, binary version 6. */
export function ctranslate2Of(variables: readonly Variable[], header: CTranslate2Header = {}): Buffer {
  return Buffer.concat(ctranslate2Pieces(variables, header));
}

interface CTranslate2Header {
  version?: number;
  spec?: string;
  /** Names of variables that are equal to another. */
  aliases?: [string, string][];
}

export function ctranslate2Pieces(
  variables: readonly Variable[],
  { version = 6, spec = "WhisperSpec", aliases = [] }: CTranslate2Header = {},
): Buffer[] {
  const number = (value: number, bytes: number) => {
    const buffer = Buffer.alloc(bytes);
    buffer.writeUIntLE(value, 0, bytes);
    return buffer;
  };
  const text = (value: string) => Buffer.concat([number(value.length + 1, 2), Buffer.from(`${value}\0`)]);
  return [
    ...[number(version, 4), text(spec), number(3, 4), number(variables.length, 4)],
    ...variables.flatMap(({ name, shape, type, bytes }) => [
      ...[text(name), number(shape.length, 1), ...shape.map((n) => number(n, 4)), number(type, 1)],
      ...[number(bytes.length, 4), bytes],
    ]),
    ...[number(aliases.length, 4), ...aliases.flat().map(text)],
  ];
}

/** As CTranslate2 does: int8, and the scale of each row. */
export function quantised(variable: Variable): Variable[] {
  const values = new Float32Array(new Uint8Array(variable.bytes).buffer);
  const rows = variable.shape[0]!;
  const columns = values.length / rows;
  const scales = Float32Array.from({ length: rows }, (_, row) => {
    const most = values
      .subarray(row * columns, (row + 1) * columns)
      .reduce((max, x) => Math.max(max, Math.abs(x)), 0);
    return 127 / (most || 127);
  });
  const whole = Int8Array.from(values, (value, i) => Math.round(value * scales[Math.floor(i / columns)]!));
  return [
    { ...variable, type: 1, bytes: Buffer.from(whole.buffer) },
    { name: `${variable.name}_scale`, shape: [rows], type: 0, bytes: Buffer.from(scales.buffer) },
  ];
}
