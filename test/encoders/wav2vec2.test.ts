import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, test, vi } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { compact, encoderDigest } from "../../lib/encoders/digest.js";
import { recognise } from "../../lib/encoders/families.js";
import { type ModelFiles, make } from "../../lib/encoders/family.js";
import { openModel } from "../../lib/encoders/open.js";
import { type SafetensorsFile, type StoredTensor, writeSafetensors } from "../../lib/encoders/safetensors.js";
import { addEncoder, readEncoder } from "../../lib/encoders/store.js";
import { hubert, wav2vec2, wav2vec2ShapeOf } from "../../lib/encoders/wav2vec2.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "wav2vec2-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const fixture = (name: string) => fileURLToPath(new URL(`../fixtures/encoders/${name}`, import.meta.url));

async function tensorsOf(name: string) {
  const files = await openModel(fixture(name));
  const recognised = await recognise(files);
  const tensors = new Map(
    await Promise.all(
      recognised.recipes.map(async (recipe) => [recipe.name, await make(recipe, files.tensors)] as const),
    ),
  );
  await files.tensors.close();
  return { ...recognised, tensors };
}

describe.each(["wav2vec2", "hubert"] as const)("a small %s", (family) => {
  test("is recognised with its sizes", async () => {
    const { shape, name, tensors } = await tensorsOf(family);
    const sizes = { blocks: 2, width: 24, heads: 4, hidden: 44, bands: 0, positions: 0 };
    expect(shape).toEqual({ family, ...sizes });
    expect(name).toBeUndefined();
    expect(wav2vec2ShapeOf(shape, tensors)).toMatchObject({
      ...sizes,
      channels: 10,
      reach: family === "hubert" ? 7 : 8,
      groups: 4,
    });
  });

  test("has our tensors in their order", async () => {
    const { tensors } = await tensorsOf(family);
    const layer = (name: string) => [`${name}/kernel`, `${name}/bias`];
    const norm = (name: string) => [`${name}/gamma`, `${name}/beta`];
    const block = (name: string) => [
      ...norm(`${name}.norm1`),
      ...["qkv", "out"].flatMap((part) => layer(`${name}.${part}`)),
      ...norm(`${name}.norm2`),
      ...["up", "down"].flatMap((part) => layer(`${name}.${part}`)),
    ];
    expect([...tensors.keys()]).toEqual([
      ...Array.from({ length: 7 }, (_, i) => `feature${i}/kernel`),
      ...norm("feature0.norm"),
      ...norm("projection.norm"),
      ...layer("projection"),
      ...layer("positional"),
      ...norm("norm"),
      ...block("block0"),
      ...block("block1"),
    ]);
  });

  test("has the same digest by all namings", async () => {
    const { shape, tensors } = await tensorsOf(family);
    const digest = await encoderDigest(shape.heads, compact(tensors));
    const old = { original0: "weight_g", original1: "weight_v" } as const;
    const bare = (name: string) => name.replace(/^wav2vec2\./, "");
    for (const [prefix, rename] of [
      [
        "",
        (name: string) =>
          name.replace(/weight_([gv])/, (_, g) => `parametrizations.weight.original${g === "g" ? 0 : 1}`),
      ],
      [
        `${family}.`,
        (name: string) =>
          name.replace(/parametrizations\.weight\.(original[01])/, (_, part) => old[part as "original0"]),
      ],
    ] as const) {
      const files = await copyOf(family, ({ name, ...rest }) => ({
        ...rest,
        name: prefix + rename(bare(name)),
      }));
      const again = await recognise(files);
      const made = new Map<string, { shape: number[]; data: Float32Array }>();
      for (const recipe of again.recipes) made.set(recipe.name, await make(recipe, files.tensors));
      await files.tensors.close();
      expect(await encoderDigest(again.shape.heads, compact(made))).toBe(digest);
    }
  });
});

/** A fixture with other tensors. */
async function copyOf(
  name: string,
  change: (tensor: StoredTensor) => StoredTensor | undefined,
): Promise<ModelFiles> {
  const { tensors, config } = await openModel(fixture(name));
  const file = tensors as SafetensorsFile;
  const all: StoredTensor[] = [];
  for (const tensor of file.shapes.keys()) all.push(...[change(await file.stored(tensor)) ?? []].flat());
  await file.close();
  const path = join(folder, "model.safetensors");
  await writeSafetensors(path, all);
  await writeFile(join(folder, "config.json"), JSON.stringify(config!.values));
  return openModel(folder);
}

test("added and read again it is the same, with the sizes that the model takes", async () => {
  vi.stubEnv("XDG_CACHE_HOME", folder);
  const { shape, tensors } = await tensorsOf("wav2vec2");
  const { digest, parameters } = await addEncoder(fixture("wav2vec2"), { name: "small" });
  expect(parameters).toBe([...tensors.values()].reduce((sum, { data }) => sum + data.length, 0));
  const again = await readEncoder(digest);
  expect(again.tensors).toEqual(tensors);
  expect(again.info).toMatchObject(shape);
  expect(wav2vec2ShapeOf(again.info, again.tensors)).toMatchObject({ channels: 10, reach: 8, groups: 4 });
  await expect(addEncoder(fixture("hubert"))).rejects.toThrow("give it a name with --name");
  vi.unstubAllEnvs();
});

test("a kernel under weight norm is g times the direction, by hand", async () => {
  const { recipes } = await tensorsOf("wav2vec2");
  const { make: multiplied, parts } = recipes.find(({ name }) => name === "positional/kernel")!;
  expect(parts.map(({ shape }) => shape)).toEqual([
    [1, 1, 8],
    [24, 6, 8],
  ]);
  const g = Float32Array.from({ length: 8 }, (_, k) => k);
  const v = new Float32Array(24 * 6 * 8);
  v[0 * 8 + 1] = 3; // output 0, input 0, place 1
  v[(5 * 6 + 2) * 8 + 1] = 4; // output 5, input 2, place 1
  const kernel = multiplied([g, v]);
  expect(kernel[(1 * 6 + 0) * 24 + 0]).toBeCloseTo(3 / 5, 6);
  expect(kernel[(1 * 6 + 2) * 24 + 5]).toBeCloseTo(4 / 5, 6);
  expect(kernel.every(Number.isFinite)).toBe(true);
});

describe("the published models' names", () => {
  const first = "feature_extractor.conv_layers.0.conv.weight";
  const nameOf = async (change: Record<string, unknown>, ...others: string[]) => {
    const shapes = new Map([first, ...others].map((name) => [name, [1]]));
    const values: Record<string, unknown> = { model_type: "hubert", ...change };
    const files = { tensors: { path: "m", shapes }, config: { path: "c", values } } as unknown as ModelFiles;
    return (await (values.model_type === "hubert" ? hubert : wav2vec2).recognise(files))?.name;
  };

  test.each([
    [{}, "hubert-base"],
    [{ model_type: "wav2vec2" }, "wav2vec2-base"],
    [{ num_hidden_layers: 6 }, undefined],
  ])("%j", async (change, name) => {
    expect(await nameOf(change)).toBe(name);
  });
  test("are not given to weights that were trained on for a task", async () => {
    expect(await nameOf({ model_type: "wav2vec2" }, "lm_head.weight")).toBeUndefined();
  });
});

describe("what is not read is named in one line", () => {
  async function refusal(files: ModelFiles): Promise<string> {
    const error: unknown = await recognise(files).catch((reason: unknown) => reason);
    await files.tensors.close();
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as Error;
    expect(message).not.toContain("\n");
    return message;
  }
  const changed = async (change: Record<string, unknown>) => {
    const { tensors, config } = await openModel(fixture("wav2vec2"));
    return refusal({ tensors, config: { path: "config.json", values: { ...config!.values, ...change } } });
  };

  test.each([
    [
      { do_stable_layer_norm: true },
      "config.json is a wav2vec 2.0 with do_stable_layer_norm true, as wav2vec 2.0 large has; supported is wav2vec 2.0 base (do_stable_layer_norm false)",
    ],
    [{ feat_extract_norm: "layer" }, 'with feat_extract_norm "layer", as wav2vec 2.0 large has'],
    [{ conv_bias: true }, "with conv_bias true; supported is wav2vec 2.0 base (conv_bias false)"],
    [{ hidden_act: "relu" }, 'with hidden_act "relu"'],
    [{ layer_norm_eps: 1e-6 }, "with layer_norm_eps 0.000001"],
    [{ conv_stride: [5, 2, 2, 2, 2, 2, 1] }, "with conv_stride [5,2,2,2,2,2,1]"],
    [
      { conv_dim: [512, 512] },
      "with conv_dim [512,512]; supported are 7 convolutions with the same number of channels",
    ],
    [{ conv_dim: "wide" }, 'with conv_dim "wide"'],
    [{ hidden_size: "wide" }, "hidden_size"],
    [
      { num_conv_pos_embedding_groups: 5 },
      "a width of 24 cannot be divided into 5 groups of the positional convolution",
    ],
    [{ num_attention_heads: 7 }, "a width of 24 cannot be divided into 7 heads"],
    [{ num_hidden_layers: 1 }, "has more blocks than the 1 of config.json"],
    [{ num_hidden_layers: 3 }, "has no tensor wav2vec2.encoder.layers.2.layer_norm.weight"],
    [
      { num_conv_pos_embeddings: 9 },
      "encoder.pos_conv_embed.conv.weight_g has the shape [1,1,8] and should have [1,1,9]",
    ],
    [{ model_type: "wavlm" }, 'the model_type "wavlm"'],
    [
      { model_type: "hubert" },
      "has no tensor feature_extractor.conv_layers.0.conv.weight, which a HuBERT has",
    ],
  ])("%j", async (change, message) => {
    expect(await changed(change)).toContain(message);
  });

  test("a tensor of another shape", async () => {
    const files = await copyOf("wav2vec2", (tensor) =>
      tensor.name.endsWith("layers.1.attention.k_proj.weight") ? { ...tensor, shape: [48, 12] } : tensor,
    );
    expect(await refusal(files)).toContain(
      "wav2vec2.encoder.layers.1.attention.k_proj.weight has the shape [48,12] and should have [24,24]",
    );
  });

  test("a missing tensor", async () => {
    const files = await copyOf("hubert", (tensor) => (/original1$/.test(tensor.name) ? undefined : tensor));
    expect(await refusal(files)).toContain(
      "has no tensor encoder.pos_conv_embed.conv.parametrizations.weight.original1",
    );
  });
});
