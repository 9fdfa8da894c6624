import { join } from "node:path";
import { writeAtomic } from "../base/atomic.js";
import { Interrupted, UserError } from "../base/errors.js";
import { Progress } from "../base/progress.js";
import { percent, plural } from "../base/text.js";
import type { Trainer } from "../engine/trainer.js";
import { type Checkpoint, otherMaker, readCheckpoint, writeCheckpoint } from "./checkpoint.js";
import { type EpochLog, historyCsv } from "./history.js";
import type { BatchMaker } from "./inputs.js";
import { learningRate } from "./schedule.js";
import type { TrainingSettings } from "./settings.js";

/** The file in a training's folder that an interrupted training resumes from. */
export const CHECKPOINT = "checkpoint.bin";

/** The same for the second training of a refit. */
export const REFIT_CHECKPOINT = "refit.bin";

/** Options of a training: its folder, resuming, and callbacks. */
export interface LoopOptions {
  /** Folder for the checkpoint and `history.csv`; default: neither is written. */
  folder?: string;
  /** Resumes from the checkpoint in the folder, if there is one. */
  resume?: boolean;
  /** Seconds between checkpoints within an epoch; default 30. Every epoch ends with a checkpoint as well. */
  checkpointEvery?: number;
  /** Shows no progress. */
  quiet?: boolean;
  /** Stops the training. */
  signal?: AbortSignal;
  /** Called after every update, with the number of updates so far. */
  onStep?: (step: number) => void;
  /** Called after every epoch. */
  onEpoch?: (log: EpochLog) => void;
  /** Called after every epoch of a refit, which has a training loss only. */
  onRefitEpoch?: (epoch: number, loss: number, seconds: number) => void;
  /** Takes messages, such as that a training is resumed. */
  log?: (line: string) => void;
}

/** Validation results of an epoch. */
interface Judged {
  loss: number;
  uar: number;
}

/** The input of a training loop. */
export interface LoopTask {
  trainer: Trainer;
  batches: BatchMaker;
  /** Number of clips per epoch. */
  places: number;
  /** The clips of an epoch, in order: a function of the epoch, so that a resumed training sees the same. */
  orderOf(epoch: number): readonly number[];
  settings: TrainingSettings;
  /** Hash of settings, clips and classes: a checkpoint of another training is rejected. */
  key: string;
  /** Absent in a refit: all epochs are trained, and the last one's weights are kept. */
  validate?(): Promise<Judged>;
  /** The epoch that all folds chose together: it is the last, and its weights are kept, whatever the validation UAR. */
  keep?: number;
}

/**
 * Trains until the last epoch, or until validation UAR has not risen for `patience` epochs, and leaves the trainer with
 * the weights of the best epoch; without validation, of the last; with `keep`, of that one. With a folder, a training that
 * is killed at any time and resumed ends with exactly the same weights.
 *
 * @returns the history, and the epoch whose weights were kept; without validation an empty history, and 0
 * @throws {Interrupted} when the signal is aborted; with a folder a checkpoint is written first
 * @throws {UserError} when the training diverges, or the checkpoint is another training's
 */
export function runLoop(
  task: LoopTask,
  options: LoopOptions,
): Promise<{ history: EpochLog[]; bestEpoch: number }> {
  return new Loop(task, options).run();
}

class Loop {
  readonly #task: LoopTask;
  readonly #options: LoopOptions;
  readonly #stepsPerEpoch: number;
  #history: EpochLog[] = [];
  #best: Checkpoint["best"];
  #epoch = 1;
  #stepInEpoch = 0;
  #lossSum = 0;
  #rate = 0;
  /** Time spent on the current epoch before this process resumed it. */
  #secondsBefore = 0;
  #epochStarted = performance.now();
  #lastCheckpoint = performance.now();

  constructor(task: LoopTask, options: LoopOptions) {
    this.#task = task;
    this.#options = options;
    this.#stepsPerEpoch = Math.ceil(task.places / task.settings.batchSize);
    this.#best = { epoch: 0, uar: -1, weights: [] };
  }

  async run(): Promise<{ history: EpochLog[]; bestEpoch: number }> {
    const { trainer } = this.#task;
    this.#best.weights = (await trainer.state()).weights;
    if (this.#options.resume) await this.#resume();
    while (this.#epoch <= this.#last() && !this.#outOfPatience()) await this.#runEpoch();
    this.#tellWhyStopped();
    if (this.#task.validate) trainer.restore({ ...(await trainer.state()), weights: this.#best.weights });
    return { history: this.#history, bestEpoch: this.#best.epoch };
  }

  #last(): number {
    return this.#task.keep ?? this.#task.settings.epochs;
  }

  #outOfPatience(): boolean {
    const { validate, settings, keep } = this.#task;
    return (
      validate !== undefined && keep === undefined && this.#epoch - 1 - this.#best.epoch >= settings.patience
    );
  }

  #tellWhyStopped(): void {
    if (this.#epoch > this.#last()) return;
    const { patience } = this.#task.settings;
    this.#options.log?.(
      `stopped after epoch ${this.#epoch - 1}: no better validation UAR for ${plural(patience, "epoch")} (patience); the best was epoch ${this.#best.epoch}`,
    );
  }

  async #runEpoch(): Promise<void> {
    const { settings, orderOf, validate } = this.#task;
    const { batchSize, epochs } = settings;
    const order = orderOf(this.#epoch);
    const label = `${this.#where()}/${epochs}`;
    const progress = new Progress(label, order.length, { quiet: this.#options.quiet });
    this.#epochStarted = performance.now();
    const before = this.#history.at(-1);
    const uar = before ? `, UAR ${percent(before.validationUar)} %` : "";
    let judged: Judged | undefined;
    try {
      for (let first = this.#stepInEpoch * batchSize; first < order.length; first += batchSize) {
        if (this.#options.signal?.aborted) await this.#stop();
        const count = await this.#step(order, first);
        const seen = Math.min(first + count, order.length);
        progress.step(count, `loss ${(this.#lossSum / seen).toFixed(3)}${uar}`);
      }
      judged = await validate?.();
    } finally {
      progress.clear();
    }
    const trainLoss = this.#lossSum / order.length;
    const seconds = this.#seconds();
    const epoch = this.#epoch;
    if (!judged) {
      await this.#nextEpoch();
      this.#options.onRefitEpoch?.(epoch, trainLoss, seconds);
      return;
    }
    await this.#keep({
      epoch,
      trainLoss,
      validationLoss: judged.loss,
      validationUar: judged.uar,
      learningRate: this.#rate,
      seconds,
    });
  }

  /** One update; returns the number of clips in it. */
  async #step(order: readonly number[], first: number): Promise<number> {
    const { trainer, batches, settings } = this.#task;
    const step = (this.#epoch - 1) * this.#stepsPerEpoch + this.#stepInEpoch;
    this.#rate = learningRate(settings.schedule, settings.learningRate, {
      step,
      stepsPerEpoch: this.#stepsPerEpoch,
      epochs: settings.epochs,
      uars: this.#history.map((log) => log.validationUar),
    });
    const batch = batches.batch(order, this.#epoch, first);
    const loss = await trainer.step(batch, this.#rate);
    this.#lossSum += loss * batch.count;
    this.#stepInEpoch++;
    const { checkpointEvery = 30, onStep } = this.#options;
    if (performance.now() - this.#lastCheckpoint >= 1000 * checkpointEvery) await this.#checkpoint();
    onStep?.(step + 1);
    return batch.count;
  }

  async #keep(log: EpochLog): Promise<void> {
    this.#history.push(log);
    const { trainer, keep } = this.#task;
    if (keep === undefined ? log.validationUar > this.#best.uar : log.epoch === keep) {
      const { weights } = await trainer.state();
      this.#best = { epoch: log.epoch, uar: log.validationUar, weights };
    }
    const { folder, onEpoch } = this.#options;
    if (folder) await writeAtomic(join(folder, "history.csv"), historyCsv(this.#history));
    await this.#nextEpoch();
    onEpoch?.(log);
  }

  async #nextEpoch(): Promise<void> {
    this.#epoch++;
    this.#stepInEpoch = 0;
    this.#lossSum = 0;
    this.#secondsBefore = 0;
    this.#epochStarted = performance.now();
    await this.#checkpoint();
  }

  async #stop(): Promise<never> {
    await this.#checkpoint();
    const where = `stopped in ${this.#where()}, after ${this.#stepInEpoch} of its ${this.#stepsPerEpoch} steps`;
    throw new Interrupted(this.#options.folder ? `${where}: the same command resumes it` : where);
  }

  async #checkpoint(): Promise<void> {
    const { folder } = this.#options;
    if (!folder) return;
    await writeCheckpoint(join(folder, this.#file()), {
      key: this.#task.key,
      engine: this.#task.trainer.engine,
      instructionSet: this.#task.trainer.instructionSet,
      epoch: this.#epoch,
      stepInEpoch: this.#stepInEpoch,
      lossSum: this.#lossSum,
      seconds: this.#seconds(),
      history: this.#history,
      best: this.#best,
      state: await this.#task.trainer.state(),
    });
    this.#lastCheckpoint = performance.now();
  }

  async #resume(): Promise<void> {
    const { folder, log } = this.#options;
    if (!folder) return;
    const path = join(folder, this.#file());
    const found = await readCheckpoint(path);
    if (!found) return;
    const { trainer, key } = this.#task;
    if (found.key !== key) {
      throw new UserError(`${path} belongs to other settings or clips: remove it, or train without --resume`);
    }
    const warning = otherMaker(found, trainer);
    if (warning) log?.(warning);
    trainer.restore(found.state);
    this.#history = found.history;
    this.#best = found.best;
    this.#epoch = found.epoch;
    this.#stepInEpoch = found.stepInEpoch;
    this.#lossSum = found.lossSum;
    this.#secondsBefore = found.seconds;
    if (found.epoch > this.#last()) return log?.("resuming after the last epoch");
    log?.(`resuming in ${this.#where()}, after ${found.stepInEpoch} of its ${this.#stepsPerEpoch} steps`);
  }

  #where(): string {
    return `${this.#task.validate ? "epoch" : "refit, epoch"} ${this.#epoch}`;
  }

  #file(): string {
    return this.#task.validate ? CHECKPOINT : REFIT_CHECKPOINT;
  }

  #seconds(): number {
    return this.#secondsBefore + (performance.now() - this.#epochStarted) / 1000;
  }
}
