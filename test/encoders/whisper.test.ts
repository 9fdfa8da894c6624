import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { recognise } from "../../lib/encoders/families.js";
import { make, type Recognised } from "../../lib/encoders/family.js";
import { openModel } from "../../lib/encoders/open.js";
import type { TensorFile } from "../../lib/encoders/tensor-file.js";
import type { Tensor } from "../../lib/encoders/types.js";
import {
  configOf,
  ctranslate2Of,
  ctranslate2Variables,
  FIXTURE,
  huggingFaceParts,
  type Part,
  type Sizes,
  SMALL,
  safetensorsOf,
  type Variable,
  writeHuggingFace,
} from "./files.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "whisper-"));
});
afterAll(() => rm(folder, { recursive: true }));

async function tensorsOf(path: string): Promise<Recognised & { tensors: Map<string, Tensor> }> {
  const files = await openModel(path);
  const found = await recognise(files).finally(() => files.tensors.close());
  const again = await openModel(path);
  const tensors = new Map<string, Tensor>();
  for (const recipe of found.recipes) tensors.set(recipe.name, await make(recipe, again.tensors));
  await again.tensors.close();
  return { ...found, tensors };
}

async function huggingFace(
  parts: readonly Part[],
  config: Record<string, unknown> | undefined,
): Promise<string> {
  await writeHuggingFace(join(folder, "hf"), parts, config);
  return join(folder, "hf");
}

async function ctranslate2(variables: readonly Variable[]): Promise<string> {
  const path = join(folder, "model.bin");
  await writeFile(path, ctranslate2Of(variables));
  return path;
}

describe("tensors", () => {
  const parts = huggingFaceParts();
  const value = (name: string, ...at: number[]) => {
    const { shape, values } = parts.find((part) => part.name === `model.encoder.${name}`)!;
    return values[at.reduce((index, n, i) => index * shape[i]! + n, 0)]!;
  };
  const ours = ({ tensors }: { tensors: Map<string, Tensor> }, name: string, ...at: number[]) => {
    const { shape, data } = tensors.get(name)!;
    return data[at.reduce((index, n, i) => index * shape[i]! + n, 0)]!;
  };

  test("have our names, order and shapes", async () => {
    const found = await tensorsOf(await huggingFace(parts, configOf()));
    expect(found.shape).toEqual({
      ...{ family: "whisper", blocks: 2, width: 16, heads: 2, hidden: 24, bands: 80, positions: 6 },
    });
    const block = [
      ...["norm1/gamma", "norm1/beta", "qkv/kernel", "qkv/bias", "out/kernel", "out/bias"],
      ...["norm2/gamma", "norm2/beta", "up/kernel", "up/bias", "down/kernel", "down/bias"],
    ];
    expect([...found.tensors.keys()]).toEqual([
      ...["conv1/kernel", "conv1/bias", "conv2/kernel", "conv2/bias", "positions/table"],
      ...block.map((name) => `block0.${name}`),
      ...block.map((name) => `block1.${name}`),
      ...["norm/gamma", "norm/beta"],
    ]);
    const shapes = Object.fromEntries([...found.tensors].map(([name, { shape }]) => [name, shape]));
    expect(shapes).toMatchObject({
      "conv1/kernel": [3, 80, 16],
      "conv2/kernel": [3, 16, 16],
      "positions/table": [6, 16],
      "block1.qkv/kernel": [16, 48],
      "block1.qkv/bias": [48],
      "block1.up/kernel": [16, 24],
      "block1.down/kernel": [24, 16],
    });
    for (const { shape, data } of found.tensors.values())
      expect(data).toHaveLength(shape.reduce((product, n) => product * n, 1));
  });

  test("have their values at the places of tf.layers", async () => {
    const found = await tensorsOf(await huggingFace(parts, configOf()));
    expect(ours(found, "conv1/kernel", 2, 70, 5)).toBe(value("conv1.weight", 5, 70, 2));
    expect(ours(found, "conv2/kernel", 1, 3, 15)).toBe(value("conv2.weight", 15, 3, 1));
    expect(ours(found, "block1.out/kernel", 4, 9)).toBe(value("layers.1.self_attn.out_proj.weight", 9, 4));
    expect(ours(found, "block0.up/kernel", 4, 20)).toBe(value("layers.0.fc1.weight", 20, 4));
    expect(ours(found, "block0.down/kernel", 20, 4)).toBe(value("layers.0.fc2.weight", 4, 20));
    for (const [i, one] of ["q", "k", "v"].entries())
      expect(ours(found, "block1.qkv/kernel", 7, 16 * i + 3)).toBe(
        value(`layers.1.self_attn.${one}_proj.weight`, 3, 7),
      );
    expect(ours(found, "block1.qkv/bias", 3)).toBe(value("layers.1.self_attn.q_proj.bias", 3));
    expect([...found.tensors.get("block1.qkv/bias")!.data.subarray(16, 32)]).toEqual(Array(16).fill(0));
    expect(ours(found, "block1.qkv/bias", 35)).toBe(value("layers.1.self_attn.v_proj.bias", 3));
    expect(ours(found, "block1.norm2/gamma", 3)).toBe(value("layers.1.final_layer_norm.weight", 3));
    expect(ours(found, "norm/beta", 3)).toBe(value("layer_norm.bias", 3));
    expect(ours(found, "positions/table", 5, 3)).toBe(value("embed_positions.weight", 5, 3));
  });

  test("are the same from CTranslate2's form, made here or by CTranslate2", async () => {
    const [a, b] = [await huggingFace(parts, configOf()), await ctranslate2(ctranslate2Variables(parts))];
    for (const [left, right] of [
      [a, b],
      [FIXTURE, join(FIXTURE, "model.bin")],
    ] as const) {
      const [one, other] = [await tensorsOf(left), await tensorsOf(right)];
      expect(other.shape).toEqual(one.shape);
      expect(other.tensors).toEqual(one.tensors);
    }
  });

  test("are found without the decoder's half of the names", async () => {
    const expected = await tensorsOf(await huggingFace(parts, configOf()));
    for (const prefix of ["encoder.", ""]) {
      const renamed = parts
        .filter(({ name }) => name.startsWith("model.encoder."))
        .map((part) => ({ ...part, name: part.name.replace("model.encoder.", prefix) }));
      expect((await tensorsOf(await huggingFace(renamed, configOf()))).tensors).toEqual(expected.tensors);
    }
  });
});

describe("names", () => {
  /** A file with shapes and no values. */
  const shapesOnly = (parts: readonly { name: string; shape: number[] }[]): TensorFile => ({
    ...{ path: "model.safetensors", format: "safetensors" },
    shapes: new Map(parts.map(({ name, shape }) => [name, shape])),
    read: () => Promise.reject(new Error("not to be read")),
    close: async () => {},
  });
  const published = (size: string, tokens: number): Sizes => {
    const [blocks, width] = { tiny: [4, 384], base: [6, 512], small: [12, 768] }[size] as [number, number];
    return { blocks, width, heads: width / 64, hidden: 4 * width, positions: 1500, bands: 80, tokens };
  };
  const named = async (sizes: Sizes, embedding: boolean) => {
    // Parts of a small one, whose shapes are enlarged.
    const enlarge: Record<number, number> = { 17: sizes.width, 24: sizes.hidden, 6: sizes.positions };
    const parts = huggingFaceParts({ ...SMALL, width: 17, blocks: sizes.blocks }).map((part) => ({
      name: part.name,
      shape: part.name.includes("tokens")
        ? [sizes.tokens, sizes.width]
        : part.shape.map((n) => enlarge[n] ?? n),
    }));
    const tensors = shapesOnly(parts.filter(({ name }) => embedding || !name.includes("decoder")));
    const found = await recognise({ tensors, config: { path: "config.json", values: configOf(sizes) } });
    return found.name;
  };

  test.each([
    ["tiny", 51_865, "whisper-tiny"],
    ["tiny", 51_864, "whisper-tiny.en"],
    ["base", 51_865, "whisper-base"],
    ["base", 51_864, "whisper-base.en"],
    ["small", 51_865, "whisper-small"],
    ["small", 51_864, "whisper-small.en"],
  ])("%s with %d tokens is %s", async (size, tokens, name) => {
    expect(await named(published(size, tokens), true)).toBe(name);
    expect(await named(published(size, tokens), false)).toBe(name);
  });

  test("there is none for other shapes", async () => {
    const base = published("base", 51_865);
    expect(await named({ ...base, heads: 4 }, true)).toBeUndefined();
    expect(await named({ ...base, positions: 750 }, true)).toBeUndefined();
    expect(await named({ ...base, blocks: 5 }, true)).toBeUndefined();
  });
});

describe("refuses", () => {
  const parts = huggingFaceParts();
  const changed = (name: string, change: (part: Part) => Part | undefined) =>
    parts.flatMap((part) => (part.name.endsWith(name) ? (change(part) ?? []) : part));

  test.each<[string, Partial<Sizes>, RegExp]>([
    [
      "large-v3",
      { bands: 128 },
      /128 mel bands, as Whisper large-v3 has; supported are Whisper tiny, base and small \(80 bands\)/,
    ],
    [
      "medium",
      { width: 1024, blocks: 24, heads: 16 },
      /is Whisper medium \(24 blocks of width 1024\); supported are Whisper tiny/,
    ],
    ["large", { width: 1280, blocks: 32, heads: 20 }, /is Whisper large \(32 blocks of width 1280\)/],
    ["heads that do not divide", { heads: 3 }, /a width of 16 cannot be divided into 3 heads/],
    [
      "another width than it says",
      { width: 32 },
      /model\.encoder\.conv1\.weight has the shape \[16,80,3\] and should have \[32,80,3\]/,
    ],
    ["fewer blocks than it says", { blocks: 3 }, /has no tensor model\.encoder\.layers\.2\./],
    ["more blocks than it says", { blocks: 1 }, /has more blocks than the 1 of .*config\.json/],
    ["other positions than it says", { positions: 7 }, /embed_positions\.weight has the shape \[6,16\]/],
  ])("%s", async (_, config, words) => {
    await expect(tensorsOf(await huggingFace(parts, configOf(config)))).rejects.toThrow(words);
  });

  test("wrong and missing tensors by their names", async () => {
    const wrong = changed("layers.1.fc1.weight", (part) => ({ ...part, shape: [16, 24] }));
    await expect(tensorsOf(await huggingFace(wrong, configOf()))).rejects.toThrow(
      /layers\.1\.fc1\.weight has the shape \[16,24\] and should have \[24,16\]/,
    );
    const missing = changed("layers.0.self_attn.v_proj.bias", () => undefined);
    await expect(tensorsOf(await huggingFace(missing, configOf()))).rejects.toThrow(
      /has no tensor model\.encoder\.layers\.0\.self_attn\.v_proj\.bias/,
    );
    const other = parts.filter(({ name }) => name.includes("decoder"));
    await expect(tensorsOf(await huggingFace(other, configOf()))).rejects.toThrow(/which a Whisper has/);
  });

  test("a configuration that lacks what is needed, in one line", async () => {
    const failure = tensorsOf(await huggingFace(parts, { model_type: "whisper", d_model: "16" }));
    await expect(failure).rejects.toThrow(
      /config\.json: d_model is "16": it takes .*; encoder_layers is missing/,
    );
    await expect(failure).rejects.not.toThrow(/\n/);
  });

  test("other kinds of models by their names", async () => {
    const kind = (config: object) => huggingFace(parts, config as Record<string, unknown>).then(tensorsOf);
    await expect(kind({ model_type: "bert" })).rejects.toThrow(
      /config\.json has the model_type "bert"; supported are Whisper/,
    );
    await expect(kind({})).rejects.toThrow(/config\.json has no model_type/);
    await writeFile(join(folder, "model.bin"), ctranslate2Of([], { spec: "TransformerSpec" }));
    await expect(tensorsOf(join(folder, "model.bin"))).rejects.toThrow(
      /is CTranslate2's TransformerSpec; supported are Whisper/,
    );
  });

  test("CTranslate2's variables that are missing or of other shapes", async () => {
    const all = ctranslate2Variables(parts);
    const without = (name: string) => ctranslate2(all.filter((one) => one.name !== name)).then(tensorsOf);
    await expect(without("encoder/conv1/weight")).rejects.toThrow(/encoder\/conv1\/weight is missing/);
    await expect(without("encoder/num_heads")).rejects.toThrow(/encoder\/num_heads is missing/);
    await expect(without("encoder/layer_1/ffn/linear_1/bias")).rejects.toThrow(/no tensor encoder\/layer_1/);
    await expect(without("encoder/layer_1/ffn/linear_0/weight")).rejects.toThrow(
      /no tensor encoder\/layer_1/,
    );
    const flat = all.map((one) =>
      one.name === "encoder/conv1/weight" ? { ...one, shape: [16 * 80 * 3] } : one,
    );
    await expect(ctranslate2(flat).then(tensorsOf)).rejects.toThrow(
      /has the shape \[3840\]: this is not a Whisper/,
    );
  });
});

test("any damage gives an encoder or a UserError", async () => {
  const path = join(folder, "damaged");
  await mkdir(path, { recursive: true });
  const whole = {
    "model.safetensors": safetensorsOf(huggingFaceParts()),
    "config.json": Buffer.from(JSON.stringify(configOf())),
    "model.bin": ctranslate2Of(ctranslate2Variables(huggingFaceParts())),
  };
  const names = ["model.safetensors", "config.json", "model.bin"] as const;
  const place = fc.oneof(fc.nat(5000), fc.nat(60_000));
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...names),
      place,
      fc.uint8Array({ maxLength: 6 }),
      async (name, at, noise) => {
        for (const one of names) await writeFile(join(path, one), whole[one]);
        const bytes = Buffer.from(whole[name]);
        const begin = at % bytes.length;
        bytes.set(noise.subarray(0, bytes.length - begin), begin);
        await writeFile(join(path, name), bytes);
        for (const file of ["model.safetensors", "model.bin"]) {
          const error = await tensorsOf(join(path, file)).catch((thrown: unknown) => thrown);
          if (error instanceof Error && !(error instanceof UserError)) throw error;
        }
      },
    ),
    { seed: 5, numRuns: 200 },
  );
});
