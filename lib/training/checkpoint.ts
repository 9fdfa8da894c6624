import { readFile } from "node:fs/promises";
import { writeAtomic } from "../base/atomic.js";
import { systemCode, systemReason, UserError } from "../base/errors.js";
import { sha256 } from "../base/hash.js";
import type { EngineName, Trainer, TrainerState } from "../engine/trainer.js";
import type { EpochLog } from "./history.js";

/** The state of a training, to resume it as if it had never stopped. */
export interface Checkpoint {
  /** Hash of the settings, clips and classes it belongs to. */
  key: string;
  engine: EngineName;
  /** See {@link Trainer.instructionSet}. */
  instructionSet: string;
  /** The current epoch, from 1, and the number of its steps that are done. */
  epoch: number;
  stepInEpoch: number;
  /** Sum of loss times clips over those steps. */
  lossSum: number;
  /** Time spent on the epoch so far. */
  seconds: number;
  history: EpochLog[];
  best: { epoch: number; uar: number; weights: Float32Array[] };
  state: TrainerState;
}

const MAGIC = "ser checkpoint 2\n";

/**
 * Writes a checkpoint atomically: a line with the format's name, the SHA-256 of the rest, a JSON header, and the arrays as
 * little-endian 32-bit floats.
 *
 * @throws {UserError} when the file cannot be written
 */
export function writeCheckpoint(path: string, { state, best, ...rest }: Checkpoint): Promise<void> {
  const groups = [state.weights, state.m, state.v, best.weights];
  const header = {
    ...rest,
    step: state.step,
    best: { epoch: best.epoch, uar: best.uar },
    sizes: groups.map((group) => group.map((array) => array.length)),
  };
  const arrays = groups
    .flat()
    .map(({ buffer, byteOffset, byteLength }) => Buffer.from(buffer, byteOffset, byteLength));
  const body = Buffer.concat([Buffer.from(`${JSON.stringify(header)}\n`), ...arrays]);
  return writeAtomic(path, Buffer.concat([Buffer.from(`${MAGIC}${sha256(body)}\n`), body]));
}

/**
 * Reads a checkpoint; `undefined` when there is none.
 *
 * @throws {UserError} when the file is damaged or not a checkpoint
 */
export async function readCheckpoint(path: string): Promise<Checkpoint | undefined> {
  const bytes = await read(path);
  if (!bytes) return undefined;
  const body = bytes.subarray(MAGIC.length + 65);
  if (bytes.toString("latin1", 0, MAGIC.length + 65) !== `${MAGIC}${sha256(body)}\n`) {
    throw new UserError(`${path} is damaged or not a checkpoint: remove it, or train without --resume`);
  }
  const end = body.indexOf("\n");
  const { step, sizes, best, ...rest } = JSON.parse(body.toString("utf8", 0, end));
  let at = end + 1;
  const [weights, m, v, bestWeights] = (sizes as number[][]).map((group) =>
    group.map((length) => {
      const array = new Float32Array(length);
      new Uint8Array(array.buffer).set(body.subarray(at, at + 4 * length));
      at += 4 * length;
      return array;
    }),
  );
  return { ...rest, best: { ...best, weights: bestWeights }, state: { step, weights, m, v } } as Checkpoint;
}

/** A warning when a checkpoint was made by another engine or instruction set than the one that resumes it, else `undefined`. */
export function otherMaker(
  { engine, instructionSet }: Checkpoint,
  trainer: Pick<Trainer, "engine" | "instructionSet">,
): string | undefined {
  if (engine === trainer.engine && instructionSet === trainer.instructionSet) return undefined;
  return (
    `the checkpoint was made by ${engine} (${instructionSet}), this is ${trainer.engine} (${trainer.instructionSet}): ` +
    "the weights will differ in their last bits from those of an uninterrupted training"
  );
}

async function read(path: string): Promise<Buffer | undefined> {
  try {
    return await readFile(path);
  } catch (error) {
    if (systemCode(error) === "ENOENT") return undefined;
    throw new UserError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  }
}
