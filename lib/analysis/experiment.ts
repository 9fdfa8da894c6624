import { existsSync } from "node:fs";
import { join } from "node:path";
import { UsageError, UserError } from "../base/errors.js";
import { toStderr } from "../base/progress.js";
import { workFolder } from "../base/root.js";
import { meant, problemsBy, refuse } from "../base/schema.js";
import { percent, plural } from "../base/text.js";
import { ENGINES } from "../engine/trainer.js";
import type { Comparison } from "../evaluation/comparison.js";
import type { BootstrapOptions } from "../evaluation/interval.js";
import { type ExperimentOptions, readOrTrain } from "../experiments/experiment.js";
import { type Grid, type GridInput, parseBlock } from "../experiments/grid.js";
import type { RecordedExperiment } from "../experiments/known.js";
import { readStored, readRuns as readStoredRuns } from "../experiments/store.js";
import { ablation } from "../figures/ablation.js";
import type { Figure } from "../figures/figure.js";
import { learningCurves } from "../figures/learning-curves.js";
import { isBaseline } from "../models/names.js";
import type { StoredRun } from "../runs/record.js";
import { entriesOf, type Part } from "./entries.js";
import { Evaluation, intervalText } from "./evaluation.js";
import { type TableFormat, tableText, unknownWord } from "./tables.js";

/** A row of an experiment's table. */
export type ExperimentRow = {
  protocol: string;
  /** With what must be known of it: synthetic, leaky, transductive. */
  model: string;
  part: Part;
  "UAR, %": string;
  "95 % interval": string;
  "accuracy, %": string;
  "macro F1, %": string;
  clips: number;
  speakers: number;
};

/**
 * A trained experiment: its runs, and an {@link Evaluation} of each network under each protocol.
 *
 * @example
 * const experiment = await train({ protocols: ["savee/loso"], models: ["majority", "linear"] });
 * experiment.evaluations.map(({ label }) => label); // => ["linear", "majority"]
 * experiment.compare("linear", "majority").difference.estimate > 0; // => true
 * experiment.table("latex").includes("\\toprule"); // => true
 */
export class Experiment implements RecordedExperiment {
  readonly name: string;
  readonly grid: RecordedExperiment["grid"];
  /** The names of all runs of the grid, sorted. Those in neither `runs` nor `failures` are still missing. */
  readonly planned: string[];
  /** Sorted by name. */
  readonly runs: RecordedExperiment["runs"];
  /** Runs that ended with an error. */
  readonly failures: RecordedExperiment["failures"];
  /** How often test parts were read. */
  readonly readings: RecordedExperiment["readings"];
  readonly #options: BootstrapOptions;
  #evaluations: readonly Evaluation[] | undefined;

  /** Made by {@link train}, {@link readExperiment} and {@link readRuns}. */
  constructor(recorded: RecordedExperiment, options: BootstrapOptions = {}) {
    this.name = recorded.name;
    this.grid = recorded.grid;
    this.planned = recorded.planned;
    this.runs = recorded.runs;
    this.failures = recorded.failures;
    this.readings = recorded.readings;
    this.#options = options;
  }

  /** The part that was scored. */
  get part(): Part {
    return this.grid.score;
  }

  /** The clips were made by the library, not recorded. */
  get synthetic(): boolean {
    return this.runs.some(({ record }) => record.synthetic);
  }

  /** One for each network and protocol, on the scored part, sorted by protocol and label. */
  get evaluations(): readonly Evaluation[] {
    this.#evaluations ??= this.evaluationsOn(this.part);
    return this.#evaluations;
  }

  /**
   * The evaluations on another part, for instance the validation figures of an experiment scored on test. Networks that were not
   * scored on that part are left out.
   *
   * @example experiment.evaluationsOn("validation").map(({ uar }) => uar.value)
   */
  evaluationsOn(part: Part): Evaluation[] {
    return entriesOf(this.runs)
      .filter(({ seeds }) => seeds.some(({ runs }) => runs.some((run) => isScoredOn(run, part))))
      .map((entry) => new Evaluation(entry, part, this.#options));
  }

  /**
   * The evaluation of one network.
   *
   * @param label as in the table: `cnn`, or `cnn, mixup 0.2` where there are several
   * @param protocol with or without its version; needed if the network was trained under several
   * @throws {UserError} listing the networks of the experiment, if there is no such network
   */
  evaluation(label: string, protocol?: string): Evaluation {
    const own = this.evaluations.filter((one) => one.label === label && isOf(one, protocol));
    if (own.length === 1) return own[0]!;
    const there = this.evaluations.map((one) => `"${one.label}" under ${one.protocol}`);
    const what = `${label}${protocol ? ` under ${protocol}` : ""}`;
    throw new UserError(
      own.length > 1
        ? `${what} is in experiment ${this.name} ${own.length} times: name the protocol, ${own.map((one) => one.protocol).join(" or ")}`
        : `${what} is not in experiment ${this.name}: ${there.length > 0 ? `it has ${there.join(", ")}` : this.#nothing()}`,
    );
  }

  /** Why there are no evaluations. */
  #nothing(): string {
    const [failure] = this.failures;
    return failure ? `no run finished; ${failure.name} failed: ${failure.error}` : "no run is finished";
  }

  /**
   * Difference in UAR between two networks with its 95 % interval and p, by a paired permutation test over speakers: see
   * `compareModels` of `/evaluation`.
   *
   * @param protocol needed if the networks were trained under several
   * @throws {UserError} if there is no such network
   * @throws {RangeError} if the two did not predict the same clips
   */
  compare(first: string, second: string, protocol?: string): Comparison {
    return this.evaluation(first, protocol).compare(this.evaluation(second, protocol));
  }

  /** One row for each network and protocol, for example for `show` in a notebook. */
  table(): ExperimentRow[];
  /** The same as text: Markdown, CSV, or LaTeX with the rules of booktabs. */
  table(format: TableFormat): string;
  table(format?: TableFormat): ExperimentRow[] | string {
    const rows = this.evaluations.map((one) => ({
      protocol: one.protocol,
      model: one.title,
      part: one.part,
      "UAR, %": percent(one.uar.value),
      "95 % interval": intervalText(one.uar),
      "accuracy, %": percent(one.accuracy.value),
      "macro F1, %": percent(one.f1.value),
      clips: one.n,
      speakers: one.speakers,
    }));
    if (format === undefined) return rows;
    if (rows.length === 0) throw new UserError(`experiment ${this.name}: ${this.#nothing()}`);
    return tableText(rows, format, `Experiment ${this.name}, ${this.part}`);
  }

  /**
   * A figure for `show` and `saveFigure`.
   *
   * @param kind `uar`: the UAR of each network with its interval; `training`: loss and UAR over the epochs
   * @param protocol default: all
   * @throws {UserError} if there is no finished run, or for `training` no network with epochs
   */
  figure(kind: "uar" | "training", protocol?: string): Figure {
    if (kind !== "uar" && kind !== "training") throw unknownWord("figure", kind, ["uar", "training"]);
    const own = this.evaluations.filter((one) => isOf(one, protocol));
    const [first] = own;
    if (!first)
      throw new UserError(
        `experiment ${this.name}${protocol ? ` under ${protocol}` : ""}: ${this.#nothing()}`,
      );
    const protocols = new Set(own.map((one) => one.protocol));
    const single = protocols.size === 1;
    const subtitle = single ? first.protocol : this.name;
    const common = {
      synthetic: this.synthetic,
      leaky: own.some(({ leaky }) => leaky),
    };
    const nameOf = (one: Evaluation) => (single ? one.label : `${one.label} (${one.protocol})`);
    if (kind === "uar")
      return ablation({
        rows: own.map((one) => {
          const { value: estimate, low, high } = one.uar;
          return { name: one.label, ...(!single && { group: one.protocol }), estimate, low, high };
        }),
        references: single ? [{ name: "chance", value: first.chance }] : [],
        title: "UAR of the networks",
        subtitle: `${subtitle} · ${this.part}`,
        ...common,
      });
    const networks = own
      .filter(({ runs }) => !isBaseline(runs[0]!.record.settings.training.model))
      .map((one) => ({
        name: nameOf(one),
        runs: one.runs.map(({ record }) => ({ epochs: record.history, bestEpoch: record.bestEpoch })),
      }))
      .filter(({ runs }) => runs.every(({ epochs }) => epochs.length > 0));
    if (networks.length === 0)
      throw new UserError(`experiment ${this.name} has no network that was trained in epochs`);
    return learningCurves({ networks, subtitle, ...common });
  }
}

/** Whether a run's predictions of a part are there. */
function isScoredOn({ predictions }: StoredRun, part: Part): boolean {
  return predictions.some((clip) => clip.part === part);
}

function isOf({ protocol }: Evaluation, wanted: string | undefined): boolean {
  return wanted === undefined || protocol === wanted || protocol.replace(/@\d+$/, "") === wanted;
}

/** What {@link train} takes beside the grid. */
export interface TrainOptions extends ExperimentOptions {
  /** Of the speakers, for every interval; default 9999. */
  resamples?: number;
}

/**
 * Trains an experiment, or reads it if it was trained before: one call from clips to results.
 *
 * Finished runs are read and missing runs are trained, each into a folder of `results/runs/NAME` with its model and record; an
 * interrupted call resumes. If the committed `results/summary/NAME` has all runs, nothing is trained. Hyperparameters are chosen
 * on validation, which is all that is scored by default; with `score: "test"` every reading of a test part is recorded in a
 * ledger first. A block without a name is called after its protocols; give it one to read it later by `readExperiment`.
 *
 * @param grid one block of runs (`{ protocols, models, ... }`), a grid of several blocks, the name of a grid in
 *   `results/experiments`, or the path of a grid file
 * @param options `data`: the folder of the corpora (default `data`; synthetic corpora are made if it has none); `clips`: your
 *   own clips instead; `networks`: your own networks, which the grid calls `own:NAME`
 * @throws {UsageError} if the grid makes no sense; the message lists every problem
 * @throws {UserError} if none of its protocols can be planned, no run finishes, or a summary is damaged
 * @throws {Interrupted} when the signal is aborted; the same call resumes
 * @example
 * const experiment = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"], score: "test" });
 * console.log(experiment.table("markdown"));
 * @example
 * const { conv1d, dense, globalAveragePooling1d } = tf.layers;
 * const mine: BuildNetwork = ({ frames, bands, classes }) => {
 *   const network = tf.sequential();
 *   network.add(conv1d({ inputShape: [frames, bands], filters: 16, kernelSize: 5, activation: "relu" }));
 *   network.add(globalAveragePooling1d({}));
 *   network.add(dense({ units: classes, activation: "softmax" }));
 *   return network;
 * };
 * const block = { protocols: ["savee/loso"], folds: ["1"], models: ["own:mine" as const], training: { epochs: 2 } };
 * const experiment = await train(block, { networks: { mine } });
 * experiment.evaluation("own:mine").n; // => 120
 */
export async function train(
  grid: string | GridInput | BlockInput,
  options: TrainOptions = {},
): Promise<Experiment> {
  checkOptions(options);
  const { resamples, ...others } = options;
  const log = options.log ?? toStderr;
  const recorded = await readOrTrain(gridOf(grid), others);
  const [failure] = recorded.failures;
  if (recorded.runs.length === 0 && failure)
    throw new UserError(
      `${plural(recorded.failures.length, "run")} of experiment ${recorded.name} failed, and none finished; ${failure.name}: ${failure.error}`,
    );
  const broken = new Map(
    recorded.runs.flatMap(({ record }) => record.broken.map(({ id, error }) => [id, error])),
  );
  for (const [id, error] of [...broken].slice(0, NAMED)) log(`left out ${id}: ${error}`);
  if (broken.size > NAMED) log(`and ${broken.size - NAMED} more clips that could not be read`);
  return new Experiment(recorded, { resamples });
}

/** How many clips that could not be read are named. */
const NAMED = 5;

/** The keys of {@link TrainOptions}. */
const OPTIONS = Object.keys({
  ...{ data: true, clips: true, results: true, networks: true, synthetic: true, engine: true, threads: true },
  ...{ jobs: true, resamples: true, signal: true, quiet: true, log: true },
} satisfies Record<keyof TrainOptions, true>);

/** @throws {UsageError} naming every option that is unknown or makes no sense */
function checkOptions(options: TrainOptions): void {
  refuse(
    problemsBy((say) => {
      for (const key of Object.keys(options))
        if (!OPTIONS.includes(key))
          say(`is unknown: there are ${OPTIONS.join(", ")}${meant(key, OPTIONS)}`, key);
      for (const key of ["threads", "jobs", "resamples"] as const) {
        const value = options[key];
        if (value !== undefined && !(Number.isInteger(value) && value >= 1))
          say(`is ${value}: it takes a whole number of at least 1`, key);
      }
      if (options.engine !== undefined && !ENGINES.includes(options.engine))
        say(
          `is "${options.engine}": it takes ${ENGINES.join(", ")}${meant(options.engine, ENGINES)}`,
          "engine",
        );
    }),
  );
}

/**
 * A block of runs: every combination of the values in its lists is trained, on every fold.
 *
 * - `protocols`: names of protocols, such as `"savee/loso"`; `PROTOCOLS` lists them
 * - `folds`: names of folds; default `"all"`
 * - `models`: `"majority"`, `"linear"`, `"svm"`, a network such as `"cnn"`, `"lstm"`, `"bilstm"`, `"clstm"`, or `"own:NAME"`
 * - `sizes`: sizes of the networks, such as `{ units: 64 }`; default `[{}]`, the size of `SIZES`
 * - `features`: `"logmel"`, `"mfcc"`, or settings of spectra, an encoder or a table; default `["logmel"]`, see `RUN_FEATURES`
 * - `training`: settings that differ from the defaults of the network, such as `{ epochs: 20 }`: see `TrainingSettings`
 * - `augment`: sets of augmentations, such as `[[], ["warp", "noise"]]`; default `[[]]`, none
 * - `normalisation`: `"global"`, `"speaker"` (transductive), `"clip"` or `"none"`; default `["global"]`
 * - `targets`: `"intended"`, or for CREMA-D `"perceived"`; default `["intended"]`
 * - `seeds`: random seeds; default `[1]`
 * - `name` of the experiment: default, its protocols
 * - `score`: `"validation"` (default), which reads no test part, or `"test"`
 * - `engine`: what trains; default, the best available
 *
 * A block in a variable of its own needs `satisfies BlockInput`, so that its words keep their types.
 */
export type BlockInput = GridInput["runs"][number] & Partial<Pick<GridInput, "name" | "score" | "engine">>;

/** A block without a name is called after its protocols. */
function gridOf(grid: string | GridInput | BlockInput): string | GridInput | Grid {
  if (typeof grid !== "string" && (typeof grid !== "object" || grid === null))
    throw new UsageError(
      `train takes a block of runs, a grid, or the name of one; it was given ${String(grid)}`,
    );
  if (typeof grid === "string" || "runs" in grid) return grid;
  const { name, score, engine, ...block } = grid;
  const own = Array.isArray(block.protocols) ? block.protocols.join("-").replace(/[^\w.-]+/g, "-") : "own";
  return parseBlock({ name: name ?? own, ...(score && { score }), ...(engine && { engine }), runs: [block] });
}

/**
 * Reads an experiment that was trained before, with the predictions of all its runs.
 *
 * @param name of the experiment; its committed summary is read if there is one, else its store
 * @param options `results`: the folder with `summary` and `runs` (default: `results` of the project); `resamples` of the speakers
 *   for every interval (default 9999)
 * @throws {UserError} naming what is missing or damaged
 * @example
 * await train({ name: "first", protocols: ["savee/loso"], models: ["linear"], folds: ["1"] });
 * const first = await readExperiment("first");
 * first.evaluation("linear").n; // => 120
 */
export async function readExperiment(
  name: string,
  { results = join(workFolder(), "results"), resamples }: { results?: string; resamples?: number } = {},
): Promise<Experiment> {
  const summary = join(results, "summary");
  const root = existsSync(join(summary, name)) ? summary : join(results, "runs");
  return new Experiment(await readStored(name, root), { resamples });
}

/**
 * Reads single runs, such as those of `ser train`, as one experiment.
 *
 * @param folders of the runs
 * @throws {UserError} naming a folder without a finished run, or if the runs were scored on different parts
 * @example
 * const { runs } = await train({ name: "first", protocols: ["savee/loso"], models: ["linear"], folds: ["1"] });
 * const read = await readRuns(runs.map(({ record }) => `results/runs/first/${record.name}`));
 * read.evaluations.length; // => 1
 */
export async function readRuns(
  folders: readonly string[],
  options: { resamples?: number } = {},
): Promise<Experiment> {
  return new Experiment(await readStoredRuns(folders), options);
}
