import { type Command, Option } from "commander";
import { thousands } from "../base/text.js";
import { KNOWN_ENCODERS } from "../encoders/known.js";
import type { EncoderInfo } from "../encoders/types.js";
import { interruptSignal, printJson } from "./common.js";

/** Adds `ser encoder` with `add`, `get`, `list` and `rm`. */
export function addEncoderCommand(program: Command): void {
  const encoder = program
    .command("encoder")
    .description(
      "Manage pretrained speech encoders: networks that others trained on large amounts of speech.",
    );
  addAdd(encoder);
  addGet(encoder);
  addList(encoder);
  addRemove(encoder);
}

function addAdd(encoder: Command): void {
  encoder
    .command("add")
    .description("Add the encoder of a model that is on this computer.")
    .argument(
      "<path>",
      "model.safetensors with its config.json beside it, CTranslate2's model.bin, or a folder with either",
    )
    .option("--name <name>", "name of the encoder (default: that of the published model of the same shape)")
    .option("--json", "print what was kept as JSON")
    .addHelpText(
      "after",
      `
Supported are Whisper tiny, base and small, multilingual or English-only, from Hugging Face's
files or from those of faster-whisper (CTranslate2: float32, float16, int8), and wav2vec 2.0 base
and HuBERT base from Hugging Face's files. Only the encoder is copied, to the user's cache folder,
in the workbench's own format; the original files can be removed afterwards. An encoder is
identified by the digest of its weights, which is the same for both file formats as long as the
weights are the same.

Examples:
  ser encoder add ~/Downloads/whisper-base
  ser encoder add model.bin
  ser encoder add ~/my-whisper/model.safetensors --name whisper-mine`,
    )
    .action(async (path: string, options: { name?: string; json?: boolean }) => {
      const { addEncoder } = await import("../encoders/store.js");
      const signal = interruptSignal();
      const { onProgress, done } = await tensorBar();
      const info = await addEncoder(path, { name: options.name, signal, onProgress }).finally(done);
      report(info, options.json);
    });
}

function addGet(encoder: Command): void {
  encoder
    .command("get")
    .description("Download a published encoder from Hugging Face.")
    .argument("<name>", Object.keys(KNOWN_ENCODERS).join(", "))
    .addOption(
      new Option("--url <url>", "download from another host with the same paths")
        .env("HF_ENDPOINT")
        .default("https://huggingface.co"),
    )
    .option("--json", "print what was kept as JSON")
    .addHelpText(
      "after",
      `
Downloads: whisper-tiny 151 MB, whisper-base 290 MB, whisper-small 967 MB, of which a tenth to a
fifth is kept; wav2vec2-base and hubert-base 378 MB each, all of it kept. The same command resumes
an interrupted download.

Examples:
  ser encoder get whisper-base
  ser encoder get whisper-tiny.en --url https://mirror.example.org`,
    )
    .action(async (name: string, options: { url: string; json?: boolean }) => {
      const { downloadsOf, getEncoder } = await import("../encoders/get.js");
      const { sizeOf } = await import("../base/download.js");
      const signal = interruptSignal();
      const log = (line: string) => process.stderr.write(`ser: ${line}\n`);
      const { onProgress, done } = await tensorBar();
      try {
        report(await getEncoder(name, { url: options.url, signal, log, onProgress }), options.json);
      } catch (error) {
        const part = `${downloadsOf(name)}/model.safetensors.part`;
        const size = signal.aborted ? await sizeOf(part) : 0;
        if (size > 0) log(`${(size / 1e6).toFixed(0)} MB are kept: the same command resumes the download`);
        throw error;
      } finally {
        done();
      }
    });
}

function addList(encoder: Command): void {
  encoder
    .command("list")
    .description("List the encoders on this computer.")
    .option("--check", "read every encoder in full and verify its digest; exit code 1 if one is damaged")
    .option(
      "--json",
      "print JSON: [{name, family, digest, blocks, width, ..., licence, source}], or {digest, problem} for a damaged one",
    )
    .addHelpText(
      "after",
      `
Examples:
  ser encoder list
  ser encoder list --check
  ser encoder list --json`,
    )
    .action(async (options: { check?: boolean; json?: boolean }) => {
      const { checkedEncoders } = await import("../encoders/store.js");
      const { encoderFolder, storedEncoders } = await import("../encoders/stored.js");
      const all = options.check ? await checkedEncoders() : storedEncoders();
      if (all.some((one) => "problem" in one)) process.exitCode = 1;
      if (options.json) {
        printJson(all.map((one) => ("info" in one ? one.info : one)));
        return;
      }
      const infos = all.flatMap((one) => ("info" in one ? one.info : []));
      const problems = all.flatMap((one) => ("problem" in one ? one.problem : []));
      if (infos.length > 0) await printTable(infos);
      for (const problem of problems) process.stderr.write(`ser: ${problem}\n`);
      if (all.length > 0) return;
      process.stdout.write(
        `No encoder found in ${encoderFolder()}: "ser encoder get whisper-base" downloads one, "ser encoder add" adds one from a file\n`,
      );
    });
}

async function printTable(infos: readonly EncoderInfo[]): Promise<void> {
  const { formatTable } = await import("../base/table.js");
  const rows = infos.map(({ name, digest, blocks, width, parameters, licence, source }) => {
    return [name, digest.slice(0, 12), blocks, width, millions(parameters), licence, source];
  });
  const header = ["encoder", "digest", "blocks", "width", "weights", "licence", "source"];
  process.stdout.write(`${formatTable(header, rows)}\n`);
}

function addRemove(encoder: Command): void {
  encoder
    .command("rm")
    .description("Remove an encoder from this computer.")
    .argument("<encoder>", "name of the encoder, or at least the first 8 digits of its digest")
    .addHelpText(
      "after",
      `
Examples:
  ser encoder rm whisper-tiny.en
  ser encoder rm e58147a595d0`,
    )
    .action(async (named: string) => {
      const { removeEncoder } = await import("../encoders/store.js");
      const digest = await removeEncoder(named);
      process.stdout.write(`${named} (${digest.slice(0, 12)}) was removed\n`);
    });
}

/** A progress bar over the tensors of a model; it appears with the first tensor. */
async function tensorBar(): Promise<{ onProgress: (done: number, total: number) => void; done: () => void }> {
  const { Progress } = await import("../base/progress.js");
  let bar: InstanceType<typeof Progress> | undefined;
  return {
    onProgress: (_, total) => {
      bar ??= new Progress("tensors", total);
      bar.step();
    },
    done: () => bar?.done(),
  };
}

function report(info: EncoderInfo, json: boolean | undefined): void {
  if (json) {
    printJson(info);
    return;
  }
  const { name, digest, blocks, width, parameters, licence } = info;
  process.stdout.write(
    `${name}: ${blocks} blocks of width ${width}, ${millions(parameters)} weights, licence ${licence}, digest ${digest.slice(0, 12)}\n`,
  );
}

/** "20.6 M" */
function millions(count: number): string {
  return count < 1e5 ? thousands(count) : `${(count / 1e6).toFixed(1)} M`;
}
