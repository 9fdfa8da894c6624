import { mkdir, mkdtemp, readdir, readFile, rm, truncate, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { KNOWN_ENCODERS } from "../../lib/encoders/known.js";
import { SafetensorsFile } from "../../lib/encoders/safetensors.js";
import {
  addEncoder,
  checkEncoder,
  checkedEncoders,
  findEncoder,
  listEncoders,
  readEncoder,
  removeEncoder,
} from "../../lib/encoders/store.js";
import { encoderFolder, storedEncoders } from "../../lib/encoders/stored.js";
import type { EncoderInfo } from "../../lib/encoders/types.js";
import {
  configOf,
  ctranslate2Of,
  ctranslate2Pieces,
  ctranslate2Variables,
  FIXTURE,
  huggingFaceParts,
  type Part,
  quantised,
  uniform,
  writeHuggingFace,
} from "./files.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "store-"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

const tensorsPath = ({ digest }: EncoderInfo) => join(encoderFolder(), digest, "encoder.safetensors");
const infoPath = ({ digest }: EncoderInfo) => join(encoderFolder(), digest, "encoder.json");

async function huggingFace(name: string, parts: readonly Part[], config = configOf()): Promise<string> {
  await writeHuggingFace(join(folder, name), parts, config);
  return join(folder, name);
}

describe("adding", () => {
  test("keeps the encoder, by a digest that is the same from both formats", async () => {
    const parts = huggingFaceParts();
    const one = await addEncoder(await huggingFace("hf", parts), { name: "mine" });
    expect(one).toMatchObject({
      ...{
        name: "mine",
        family: "whisper",
        blocks: 2,
        width: 16,
        heads: 2,
        hidden: 24,
        bands: 80,
        positions: 6,
      },
      ...{ licence: "unknown", source: "unknown", digest: expect.stringMatching(/^[0-9a-f]{64}$/) },
    });
    const path = join(folder, "model.bin");
    await writeFile(path, ctranslate2Of(ctranslate2Variables(parts)));
    expect(await addEncoder(path)).toEqual(one);
    expect(await listEncoders()).toEqual([one]);
    expect((await readdir(encoderFolder())).sort()).toEqual([one.digest]);
    const { info, tensors } = await readEncoder(one.digest);
    expect(info).toEqual(one);
    expect([...tensors.values()].reduce((sum, { data }) => sum + data.length, 0)).toBe(one.parameters);
    const file = await SafetensorsFile.open(tensorsPath(one));
    expect((await file.stored("norm/gamma")).type).toBe("F16");
    await file.close();
  });

  test("of the fixture that transformers and CTranslate2 wrote as well", async () => {
    const one = await addEncoder(FIXTURE, { name: "fixture" });
    expect(await addEncoder(join(FIXTURE, "model.bin"))).toEqual(one);
    const int8 = await addEncoder(join(FIXTURE, "model.int8.bin"), { name: "int8" });
    expect(int8.digest).not.toBe(one.digest);
    // 24 x 80 x 3 + 24, 24 x 24 x 3 + 24, 36 x 24, blocks, norm.
    const block = 4 * 24 + 4 * 24 * 24 + 4 * 24 + 2 * 24 * 32 + 32 + 24;
    expect(one.parameters).toBe(5784 + 1752 + 864 + 2 * block + 48);
  });

  test("of Whisper small's shapes, known by them", async () => {
    const sizes = { blocks: 12, width: 768, heads: 12, hidden: 3072, positions: 1500, tokens: 51_864 };
    // All tensors are parts of one table, or making them would take longer than reading them.
    const table = uniform("small")(3 * 768 * 768 + 3072 * 768);
    let begin = 0;
    const parts = huggingFaceParts(sizes, "small", (length) => {
      begin = (begin + 997) % (table.length - length + 1);
      return table.subarray(begin, begin + length);
    });
    const one = await addEncoder(await huggingFace("small", parts, configOf(sizes)));
    expect(one).toMatchObject({ name: "whisper-small.en", blocks: 12, width: 768, parameters: 88_163_328 });
    await rm(join(folder, "small"), { recursive: true });
    const path = join(folder, "small.bin");
    await writeFile(path, ctranslate2Pieces(ctranslate2Variables(parts, 12)));
    expect(await addEncoder(path)).toEqual(one);
    const { tensors } = await readEncoder(one.digest);
    expect(tensors.get("block11.down/kernel")!.shape).toEqual([3072, 768]);
  });

  test("float32 where one value is no float16, and int8 as what CTranslate2 computes with", async () => {
    const parts = huggingFaceParts();
    parts[1]!.values[0] = 0.1;
    const one = await addEncoder(await huggingFace("hf", parts), { name: "full" });
    const { tensors } = await readEncoder(one.digest);
    expect(tensors.get("conv1/bias")!.data).toEqual(parts[1]!.values);
    const variables = ctranslate2Variables(parts).flatMap((variable) =>
      variable.name === "encoder/conv2/weight" ? quantised(variable) : variable,
    );
    const path = join(folder, "int8.bin");
    await writeFile(path, ctranslate2Of(variables));
    const int8 = await readEncoder((await addEncoder(path, { name: "int8" })).digest);
    const [exact, rounded] = [tensors, int8.tensors].map((all) => all.get("conv2/kernel")!.data);
    expect(rounded).not.toEqual(exact);
    for (const [i, value] of rounded!.entries()) expect(Math.abs(value - exact![i]!)).toBeLessThan(1 / 250);
  });

  test("wants a name where there is none, of letters, and not another's", async () => {
    const [a, b] = [
      await huggingFace("a", huggingFaceParts({}, "a")),
      await huggingFace("b", huggingFaceParts({}, "b")),
    ];
    await expect(addEncoder(a)).rejects.toThrow(
      /not have the shape of a published model \(2 blocks of width 16, 2 heads\): .*--name/,
    );
    for (const name of ["", "a/b", "..", "deadbeef", "-x", "a b"])
      await expect(addEncoder(a, { name })).rejects.toThrow(UsageError);
    const one = await addEncoder(a, { name: "one" });
    await expect(addEncoder(b, { name: "one" })).rejects.toThrow(
      /another encoder is called one \(.*ser encoder rm one/,
    );
    expect(await addEncoder(a, { name: "two" })).toEqual({ ...one, name: "two" });
    expect(await listEncoders()).toEqual([{ ...one, name: "two" }]);
    expect(await addEncoder(a, { licence: "MIT", source: "here" })).toMatchObject({
      name: "two",
      licence: "MIT",
    });
    expect(await addEncoder(a)).toMatchObject({ name: "two", licence: "MIT", source: "here" });
  });

  test("two processes at once", async () => {
    const path = await huggingFace("hf", huggingFaceParts());
    const all = await Promise.all(Array.from({ length: 4 }, () => addEncoder(path, { name: "one" })));
    expect(new Set(all.map(({ digest }) => digest)).size).toBe(1);
    expect(await readdir(encoderFolder())).toEqual([all[0]!.digest]);
    await checkEncoder(all[0]!);
  });

  test("stopped, it leaves nothing", async () => {
    const path = await huggingFace("hf", huggingFaceParts());
    const controller = new AbortController();
    const onProgress = (done: number) => done === 5 && controller.abort();
    const stopped = addEncoder(path, { name: "one", signal: controller.signal, onProgress });
    await expect(stopped).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
    expect(await readdir(encoderFolder()).catch(() => [])).toEqual([]);
  });

  test("removes what a killed process left, a day later", async () => {
    const leftovers = ["a.partial", "b.partial"].map((name) => join(encoderFolder(), name));
    for (const path of leftovers) await mkdir(path, { recursive: true });
    await utimes(leftovers[0]!, 0, 0);
    const { digest } = await addEncoder(FIXTURE, { name: "one" });
    expect((await readdir(encoderFolder())).sort()).toEqual([digest, "b.partial"].sort());
  });

  test("a place that cannot be written", async () => {
    await writeFile(join(folder, "cache"), "");
    await expect(addEncoder(FIXTURE, { name: "one" })).rejects.toThrow(UserError);
  });
});

describe("finding", () => {
  test("by name, digest and its beginning", async () => {
    const one = await addEncoder(FIXTURE, { name: "one" });
    for (const named of ["one", one.digest, one.digest.slice(0, 8)])
      expect(await findEncoder(named)).toEqual(one);
    await expect(findEncoder(one.digest.slice(0, 7))).rejects.toThrow(/unknown encoder/);
  });

  test("says how to get what is not there", async () => {
    expect(await listEncoders()).toEqual([]);
    await expect(findEncoder("whisper-base")).rejects.toThrow(/get it with "ser encoder get whisper-base"/);
    await expect(findEncoder("wisper-base")).rejects.toThrow(/did you mean "whisper-base"\?/);
    await expect(findEncoder("22b1254db7dc")).rejects.toThrow(/ser encoder get whisper-base/);
    await expect(findEncoder("x")).rejects.toThrow(/unknown encoder x: "ser encoder list" lists/);
  });

  test("two of one name need their digests", async () => {
    const one = await addEncoder(FIXTURE, { name: "one" });
    const two = await addEncoder(join(FIXTURE, "model.int8.bin"), { name: "two" });
    await writeFile(infoPath(two), JSON.stringify({ ...two, name: "one" }));
    await expect(findEncoder("one")).rejects.toThrow(/one is ambiguous, it matches /);
    expect(await findEncoder(one.digest)).toEqual(one);
  });
});

test("a published encoder's name is no other's", async () => {
  await expect(addEncoder(FIXTURE, { name: "whisper-base" })).rejects.toThrow(
    /^whisper-base is a published encoder with other weights \(22b1254db7dc\): give this one another name/,
  );
  expect(await listEncoders()).toEqual([]);
  const { source } = KNOWN_ENCODERS["whisper-base"]!;
  expect(await addEncoder(FIXTURE, { name: "whisper-base", source })).toMatchObject({ source });
});

describe("damage", () => {
  const stored = () => addEncoder(FIXTURE, { name: "one" });

  test("a cut file is found when it is read, and adding it again mends it", async () => {
    const one = await stored();
    await truncate(tensorsPath(one), 5000);
    await expect(readEncoder(one.digest)).rejects.toThrow(
      /^the encoder one is damaged \(.*is truncated.*\): add it again with "ser encoder add FOLDER", or remove it/,
    );
    expect(await addEncoder(FIXTURE, { name: "one" })).toEqual(one);
    expect((await readEncoder(one.digest)).tensors.size).toBeGreaterThan(20);
    expect(await readdir(encoderFolder())).toEqual([one.digest]);
  });

  test("a file that is not there, or of another encoder", async () => {
    const one = await stored();
    const two = await addEncoder(join(FIXTURE, "model.int8.bin"), { name: "two" });
    await writeFile(tensorsPath(one), await readFile(tensorsPath(two)));
    await expect(readEncoder(one.digest)).rejects.toThrow(
      /encoder one is damaged \(.*belongs to another encoder\)/,
    );
    await rm(tensorsPath(one));
    await expect(readEncoder(one.digest)).rejects.toThrow(/encoder one is damaged \(cannot read/);
  });

  test("a changed weight is found by the digest", async () => {
    const one = await stored();
    const bytes = await readFile(tensorsPath(one));
    bytes[bytes.length - 100]! ^= 1;
    await writeFile(tensorsPath(one), bytes);
    for (const read of [() => readEncoder(one.digest), () => checkEncoder(one)])
      await expect(read()).rejects.toThrow(/encoder one is damaged \(.* has the digest .*\): add it again/);
    expect(await checkedEncoders()).toEqual([
      { digest: one.digest, problem: expect.stringMatching(/damaged/) },
    ]);
    expect(await addEncoder(FIXTURE, { name: "one" })).toEqual(one);
    expect(await checkedEncoders()).toEqual([{ info: one }]);
  });

  test("of what is known of it hides no other, and it can be removed", async () => {
    const one = await stored();
    const two = await addEncoder(join(FIXTURE, "model.int8.bin"), { name: "two" });
    for (const text of ["{", "{}", JSON.stringify(two)]) {
      await writeFile(infoPath(one), text);
      expect(await listEncoders()).toEqual([two]);
    }
    expect(storedEncoders()).toContainEqual({
      digest: one.digest,
      problem: expect.stringMatching(/encoder\.json is damaged: add it again/),
    });
    expect(await removeEncoder(one.digest.slice(0, 12))).toBe(one.digest);
    expect(storedEncoders()).toEqual([{ info: two }]);
  });
});

test("removing", async () => {
  const { digest } = await addEncoder(FIXTURE, { name: "one" });
  await expect(removeEncoder("two")).rejects.toThrow(/unknown encoder two/);
  expect(await removeEncoder("one")).toBe(digest);
  expect(await readdir(encoderFolder())).toEqual([]);
  await expect(removeEncoder(digest)).rejects.toThrow(UserError);
});
