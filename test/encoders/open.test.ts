import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { openModel } from "../../lib/encoders/open.js";
import { zip } from "../corpora/zip.js";
import { configOf, ctranslate2Of, huggingFaceParts, safetensorsOf } from "./files.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "open-"));
});
afterEach(() => rm(folder, { recursive: true }));

const write = (name: string, content: string | Buffer) => writeFile(join(folder, name), content);
const SAFETENSORS = safetensorsOf(huggingFaceParts().slice(0, 2));
const CONFIG = JSON.stringify(configOf());

/** Opens a file or the folder; the format it has, or why it is refused, which must be one line that names the place. */
async function outcome(name = ""): Promise<string> {
  const path = join(folder, name);
  try {
    const { tensors, config } = await openModel(path);
    await tensors.close();
    return config ? `${tensors.format} with config` : tensors.format;
  } catch (error) {
    expect(error).toBeInstanceOf(UserError);
    const { message } = error as Error;
    expect(message).toContain(folder);
    expect(message).not.toContain("\n");
    return message;
  }
}

describe("opens", () => {
  test("safetensors beside its configuration, as file and folder", async () => {
    await write("model.safetensors", SAFETENSORS);
    await write("config.json", CONFIG);
    expect(await outcome()).toBe("safetensors with config");
    expect(await outcome("model.safetensors")).toBe("safetensors with config");
  });

  test("CTranslate2's form, whatever it is called", async () => {
    await write("model.bin", ctranslate2Of([]));
    await write("whisper", ctranslate2Of([]));
    expect(await outcome()).toBe("CTranslate2");
    expect(await outcome("whisper")).toBe("CTranslate2");
  });

  test("of a folder with all forms safetensors", async () => {
    await write("config.json", CONFIG);
    await write("model.bin", ctranslate2Of([]));
    await write("pytorch_model.bin", Buffer.of(0x80, 2, 0x8a));
    await write("model.safetensors", SAFETENSORS);
    expect(await outcome()).toBe("safetensors with config");
  });
});

describe("refuses", () => {
  const WANTED =
    /give Hugging Face's model\.safetensors with its config\.json beside it, or CTranslate2's model\.bin$/;

  test("safetensors without a configuration, or with one that is none", async () => {
    await write("model.safetensors", SAFETENSORS);
    expect(await outcome()).toMatch(/model\.safetensors has no config\.json beside it/);
    await write("config.json", "{");
    expect(await outcome()).toMatch(/config\.json is not a JSON object/);
    await rm(join(folder, "config.json"));
    await mkdir(join(folder, "config.json"));
    expect(await outcome()).toMatch(/cannot read .*config\.json: is a folder/);
  });

  test.each([
    ["PyTorch's, of today", zip([{ name: "archive/data.pkl", data: Buffer.of(1) }])],
    ["PyTorch's, before 1.6", Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex")],
    ["pickle's own", Buffer.from("80049507000000", "hex")],
  ])("a pickle with the lines of Python that save it anew: %s", async (_, content) => {
    await write("base.pt", content);
    expect(await outcome("base.pt")).toMatch(
      /base\.pt is a pickle, .*python3 -c 'from transformers import AutoModel; m = AutoModel\.from_pretrained\("openai\/whisper-base"\); m\.save_pretrained\("encoder", safe_serialization=True\)' and then: ser encoder add encoder$/,
    );
    await write("config.json", CONFIG);
    await write("pytorch_model.bin", content);
    const message = await outcome();
    expect(message).toContain(`${join(folder, "pytorch_model.bin")} is a pickle`);
    expect(message).toContain(`from_pretrained(${JSON.stringify(folder)})`);
  });

  test("a pickle by the name of another form", async () => {
    for (const name of ["model.bin", "model.safetensors"]) {
      await write(name, Buffer.from("80028a0a6cfc9c46f9206aa850192e", "hex"));
      expect(await outcome(name)).toMatch(/is a pickle/);
    }
  });

  test("a model in several files", async () => {
    await write("config.json", CONFIG);
    await write("model.safetensors.index.json", "{}");
    await write("model-00001-of-00002.safetensors", SAFETENSORS);
    const words = /a model in several files is not supported; save it as one: python3 .*max_shard_size="1TB"/;
    expect(await outcome()).toMatch(words);
    expect(await outcome("model.safetensors.index.json")).toMatch(words);
    expect(await outcome("model-00001-of-00002.safetensors")).toMatch(words);
  });

  test.each<[string, string | Buffer, RegExp]>([
    ["a.txt", "Some text.\n", /a\.txt is a text file: /],
    ["empty.bin", "", /empty\.bin is empty: /],
    ["a.zip", zip([{ name: "a.txt", data: Buffer.of(1) }]), /is a zip archive: /],
    ["tf_model.h5", Buffer.from("\u0089HDF\r\n\u001a\n", "latin1"), /is an HDF5 file, as Keras writes it: /],
    ["ggml-base.bin", Buffer.from("lmgg\0\0", "latin1"), /is a whisper\.cpp model: /],
    ["a.wav", Buffer.from("RIFF\0\0\0\0WAVE", "latin1"), /is a sound file: /],
    ["noise.bin", Buffer.alloc(100, 0xfe), /is neither safetensors nor CTranslate2's model\.bin: /],
  ])("%s", async (name, content, words) => {
    await write(name, content);
    const message = await outcome(name);
    expect(message).toMatch(words);
    expect(message).toMatch(WANTED);
  });

  test("what Git LFS puts in place of a file that was not fetched", async () => {
    await write("model.safetensors", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 9\n");
    expect(await outcome()).toMatch(/is only a Git LFS pointer: .*git lfs pull/);
  });

  test("an empty folder, and nothing", async () => {
    expect(await outcome()).toMatch(/holds no model: /);
    expect(await outcome("none")).toMatch(/cannot read .*none: no such file or folder; /);
  });
});
