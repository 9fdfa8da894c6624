import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { assertReplaceable, assertWritable, makeFolder, replaceFolder } from "../base/atomic.js";
import { cannotWrite, systemReason, UsageError, UserError } from "../base/errors.js";
import { sha256 } from "../base/hash.js";
import { megabytes, shellWord } from "../base/text.js";
import { CORPORA } from "../corpora/clip.js";
import type { BootstrapOptions } from "../evaluation/interval.js";
import { experimentOf } from "../experiments/store.js";
import { digestsIn, loadModel } from "../inference/model.js";
import { isOwn } from "../models/names.js";
import { partialFolder, type RunRecord, readRun } from "../runs/record.js";
import { toMarkdown } from "./markdown.js";
import { cardBlocks } from "./ship-card.js";
import { licenceText, SHIPPED_FOLDER } from "./ship-texts.js";

/** Largest model that is small enough for a repository, in bytes. */
const SHIP_LIMIT = 3e6;

const CARD = "card.json";
const README = "README.md";
const LICENSE = "LICENSE";

/** Options of {@link shipModel}. */
export interface ShipOptions extends BootstrapOptions {
  /** Folder to write. Default `results/model`, which `ser predict` uses by default. */
  out?: string;
  /** Replaces another model that was released there before; default false. */
  force?: boolean;
  /** About the clips, printed beside every table: "the clips were copies re-encoded with Opus at 32 kbit/s". */
  note?: string;
  /** Largest size of the model, bytes; default 3,000,000. */
  limit?: number;
}

/** The folder of a shipped model. */
export interface Shipped {
  folder: string;
  /** Name of the run. */
  run: string;
  /** Bytes of the model, without its README.md and LICENSE. */
  bytes: number;
  /** SHA-256 of the weights. */
  sha256: string;
  files: { name: string; bytes: number; sha256: string }[];
}

/**
 * Makes the folder of a released model from a finished run: an exact copy of the model (whose card gets the digests of its
 * files, if it is of an older run), a model card (README.md) with the
 * run's scores on test, and the LICENSE of the weights. The same run gives the same bytes.
 *
 * @param runFolder with `run.json`, `predictions.csv` and `model/`
 * @throws {UserError} when the run is synthetic, leaky or transductive, was not scored on test or failed its audit; when the
 *   model cannot be loaded or is too large; when the folder to write holds something else
 * @throws {UsageError} when the folder holds another released model, without `force`
 * @example
 * // A model trained on synthetic voices is not released.
 * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"] });
 * const folder = `results/runs/savee-loso/${runs[0]!.record.name}`;
 * const reason = await shipModel(folder).catch((error: Error) => error.message);
 * String(reason).includes("trained on SYNTHETIC voices"); // => true
 */
export async function shipModel(runFolder: string, options: ShipOptions = {}): Promise<Shipped> {
  const { out = SHIPPED_FOLDER, note, limit = SHIP_LIMIT, force = false } = options;
  const run = await readRun(runFolder);
  if (!run) {
    throw new UserError(
      `${runFolder} has no finished run of this version (run.json): \`ser ablate\` and \`ser train\` make them`,
    );
  }
  const { record } = run;
  const unfit = unfitness(record);
  if (unfit) throw new UserError(`${record.name} cannot be released: ${unfit}`);
  const model = join(runFolder, "model");
  const files = await modelFiles(model);
  const { card, sha256: digest } = await loadModel(model);
  // Cards of older runs name no digests.
  if (!card.sha256)
    files.set(CARD, Buffer.from(`${JSON.stringify({ ...card, sha256: await digestsIn(model) }, null, 2)}\n`));
  const bytes = [...files.values()].reduce((sum, content) => sum + content.length, 0);
  if (bytes > limit) {
    throw new UserError(
      `${model} has ${megabytes(bytes)}, and a released model at most ${megabytes(limit)}: train a smaller network`,
    );
  }
  if (card.run !== record.name)
    throw new UserError(`${model} is of the run ${card.run}, not of ${record.name}: copy the run again`);
  const own = [CARD, README, LICENSE];
  await assertReplaceable(out, (names) => own.every((name) => names.includes(name)), "a shipped model");
  await assertWritable(dirname(resolve(out)));
  const weights = { bytes: files.get("weights.bin")!.length, sha256: digest };
  const commands = await commandsOf(runFolder, record, note);
  const blocks = cardBlocks(run, { bytes, weights, note, commands }, options);
  files.set(README, Buffer.from(toMarkdown(blocks, (name) => name)));
  const names = CORPORA.filter((name) => record.corpora.includes(name));
  files.set(LICENSE, Buffer.from(licenceText(names)));
  if (!(await holdsExactly(out, files))) {
    if (!force && (await namesIn(out)).length > 0)
      throw new UsageError(
        `${out} holds another released model: --force replaces it, --out writes to another folder`,
      );
    await writeFolder(out, files);
  }
  const written = [...files].map(([name, content]) => ({
    name,
    bytes: content.length,
    sha256: sha256(content),
  }));
  return { folder: out, run: record.name, bytes, sha256: digest, files: written };
}

/** Whether a folder has these files and no others. */
async function holdsExactly(folder: string, files: ReadonlyMap<string, Buffer>): Promise<boolean> {
  const names = await namesIn(folder);
  if (names.length !== files.size) return false;
  for (const name of names) {
    const there = await readFile(join(folder, name)).catch(() => undefined);
    if (!there || !files.get(name)?.equals(there)) return false;
  }
  return true;
}

/** The names in a folder; none where it does not exist. */
function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch(() => []);
}

/** Why a run cannot be released, and what to do; `undefined` if it can. */
function unfitness(record: RunRecord): string | undefined {
  const { synthetic, leaky, transductive, test, audit, corpora, encoder, settings } = record;
  if (isOwn(settings.training.model))
    return `${settings.training.model} is a network that a script gives, which nobody else has: train one of the workbench's networks`;
  if (settings.training.model === "top-blocks")
    return `its weights contain blocks of ${encoder?.name ?? "an encoder"}, which belong to others: train a linear model, or another network, on the encoder`;
  if (settings.features.kind === "table")
    return `it takes the columns of the table ${settings.features.name}, which cannot be computed from audio: train on spectra, or on an encoder`;
  if (synthetic)
    return "it was trained on SYNTHETIC voices, which say nothing about real ones: train on the corpora (`ser data download`)";
  if (leaky)
    return "its protocol is LEAKY, so its figures are too high: train under another (`ser protocols` lists them)";
  if (transductive)
    return "it is TRANSDUCTIVE and needs other clips of the same speaker: train with --normalisation global";
  if (!test)
    return 'it was not scored on test: run it again with --score test, or "score": "test" in the grid';
  if (!audit.passed) {
    const failed = audit.checks.filter(({ passed }) => !passed).map(({ name }) => name);
    return `its audit failed (${failed.join(", ")}): train under a protocol whose audit passes`;
  }
  const unknown = corpora.filter((name) => !(CORPORA as readonly string[]).includes(name));
  if (unknown.length > 0)
    return `the terms of ${unknown.join(", ")} are not known, and a LICENSE has to name them: train on ${CORPORA.join(", ")}`;
  return undefined;
}

/** The files of a model by name, sorted. */
async function modelFiles(folder: string): Promise<Map<string, Buffer>> {
  try {
    const entries = await readdir(folder, { withFileTypes: true });
    const names = entries.filter((entry) => entry.isFile()).map(({ name }) => name);
    const own = names.filter((name) => name !== README && name !== LICENSE).sort();
    return new Map(
      await Promise.all(own.map(async (name) => [name, await readFile(join(folder, name))] as const)),
    );
  } catch (error) {
    throw new UserError(`cannot read the model in ${folder}: ${systemReason(error)}; run it again`, {
      cause: error,
    });
  }
}

/** What makes the model from the corpora: the run, and this folder. */
async function commandsOf(runFolder: string, record: RunRecord, note?: string): Promise<string[]> {
  const { name, settings } = record;
  const experiment = await experimentOf(runFolder, name);
  const { protocol, fold, training } = settings;
  const bare = protocol.replace(/@.*$/, "");
  const made = experiment
    ? `ser ablate results/experiments/${experiment}.json --only ${name}`
    : `ser train --protocol ${bare} --fold ${fold} --model ${training.model} --seed ${training.seed} # and of the settings above those that differ from its own`;
  const quoted = note ? ` --note ${shellWord(note)}` : "";
  const shipped = `ser ship ${experiment ? `${experiment}/` : ""}${name}${quoted}`;
  return [made, shipped].map((command) => `npx --no ${command}`);
}

async function writeFolder(folder: string, files: ReadonlyMap<string, Buffer>): Promise<void> {
  const partial = partialFolder(folder);
  try {
    await rm(partial, { recursive: true, force: true });
    await makeFolder(partial);
    for (const [name, content] of files) await writeFile(join(partial, name), content);
  } catch (error) {
    throw cannotWrite(partial, error);
  }
  await replaceFolder(partial, folder);
}
