import { readdir, readFile, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { systemCode, systemReason, UserError } from "../base/errors.js";
import { ByteFile } from "./bytes.js";
import { CTranslate2File, looksLikeCTranslate2 } from "./ctranslate2.js";
import type { ModelFiles } from "./family.js";
import { objectOf } from "./json.js";
import { looksLikeSafetensors, SafetensorsFile } from "./safetensors.js";

const WANTED =
  "give Hugging Face's model.safetensors with its config.json beside it, or CTranslate2's model.bin";
const INDEX = "model.safetensors.index.json";
const SHARD = /-\d{5}-of-\d{5}\.safetensors$/;

/**
 * Opens a model file, or the one in a folder. The format is detected by content, not by name. Close its tensors afterwards.
 *
 * @param path `model.safetensors` beside its `config.json`, CTranslate2's `model.bin`, or a folder with either
 * @throws {UserError} for any other file; the message says what it is and what is supported
 * @example const { tensors, config } = await openModel("whisper-base");
 */
export async function openModel(path: string): Promise<ModelFiles> {
  const found = await stat(path).catch((error: unknown) => {
    throw new UserError(`cannot read ${path}: ${systemReason(error)}; ${WANTED}`, { cause: error });
  });
  const file = found.isDirectory() ? await fileIn(path) : path;
  if (basename(file) === INDEX || SHARD.test(file)) throw splitRefusal(file);
  const start = await startOf(file);
  if (looksLikeCTranslate2(start)) return { tensors: await CTranslate2File.open(file) };
  if (!looksLikeSafetensors(start)) throw await refusal(file, start);
  const config = await readConfig(file);
  return { tensors: await SafetensorsFile.open(file), config };
}

async function fileIn(folder: string): Promise<string> {
  const names = await readdir(folder).catch((error: unknown) => {
    throw new UserError(`cannot read ${folder}: ${systemReason(error)}`, { cause: error });
  });
  const known = ["model.safetensors", INDEX, "model.bin"].find((name) => names.includes(name));
  if (known) return join(folder, known);
  const pickles = names.sort().filter((name) => /\.(bin|pt|pth|ckpt)$/.test(name));
  const pickle = pickles.find((name) => name === "pytorch_model.bin") ?? pickles[0];
  if (pickle) return join(folder, pickle);
  throw new UserError(`${folder} holds no model: ${WANTED}`);
}

function splitRefusal(index: string): UserError {
  return new UserError(
    `${index}: a model in several files is not supported; save it as one: ${linesOfPython(dirname(index), "1TB")}`,
  );
}

async function startOf(path: string): Promise<Buffer> {
  const file = await ByteFile.open(path);
  try {
    return await file.read(0, Math.min(file.size, 4096));
  } finally {
    await file.close();
  }
}

/** The error for an unsupported file. */
async function refusal(path: string, start: Buffer): Promise<UserError> {
  const text = start.toString("latin1");
  if (start.length === 0) return new UserError(`${path} is empty: ${WANTED}`);
  if (text.startsWith("version https://git-lfs")) {
    return new UserError(
      `${path} is only a Git LFS pointer: get the file with "git lfs pull", or from the model's page`,
    );
  }
  if (isPickle(start)) return pickleRefusal(path, await namesBeside(path));
  return new UserError(`${path} is ${kindOf(text)}: ${WANTED}`);
}

/** Whether torch.save or pickle wrote a file: a zip archive with data.pkl, or a pickle stream. */
function isPickle(start: Buffer): boolean {
  const zip = start.length > 4 && start.readUInt32BE(0) === 0x504b0304;
  if (zip)
    return start.includes("/data.pkl") || start.includes("/byteorder") || start.includes("/.format_version");
  return start[0] === 0x80 && start[1]! >= 1 && start[1]! <= 5;
}

function kindOf(text: string): string {
  if (text.startsWith("PK\u0003\u0004")) return "a zip archive";
  if (text.startsWith("\u0089HDF")) return "an HDF5 file, as Keras writes it";
  if (text.startsWith("GGUF") || text.startsWith("lmgg")) return "a whisper.cpp model";
  if (text.startsWith("RIFF")) return "a sound file";
  if (/^[\t\n\r\x20-\x7e]+$/.test(text)) return "a text file";
  return "neither safetensors nor CTranslate2's model.bin";
}

function namesBeside(path: string): Promise<string[]> {
  return readdir(dirname(path)).catch(() => []);
}

function pickleRefusal(path: string, beside: readonly string[]): UserError {
  const from = beside.includes("config.json") ? dirname(path) : "openai/whisper-base";
  return new UserError(
    `${path} is a pickle, which can run any code when it is loaded; save it as safetensors: ${linesOfPython(from)}`,
  );
}

/** Python code that saves a model, from a folder or from Hugging Face, as one safetensors file. */
export function linesOfPython(from: string, shard?: string): string {
  const size = shard ? `, max_shard_size="${shard}"` : "";
  // A single quote would end the shell's argument.
  const path = JSON.stringify(from).replaceAll("'", "\\u0027");
  const load = `m = AutoModel.from_pretrained(${path})`;
  const save = `m.save_pretrained("encoder", safe_serialization=True${size})`;
  return `python3 -c 'from transformers import AutoModel; ${load}; ${save}' and then: ser encoder add encoder`;
}

async function readConfig(file: string): Promise<ModelFiles["config"]> {
  const path = join(dirname(file), "config.json");
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    if (systemCode(error) === "ENOENT") {
      throw new UserError(
        `${file} has no config.json beside it, which states the kind of model: get it from the model's page, too`,
      );
    }
    throw new UserError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  });
  const values = objectOf(text);
  if (!values) throw new UserError(`${path} is not a JSON object: download it again`);
  return { path, values };
}
