import type { LayersModel } from "@tensorflow/tfjs";
import { groupBy } from "../base/group.js";
import { Progress } from "../base/progress.js";
import type { Inputs } from "../engine/trainer.js";
import { fitLogistic, linear } from "../models/linear.js";
import { majority } from "../models/majority.js";
import type { BaselineName } from "../models/names.js";
import { fitRbf, squaredDistances, svm } from "../models/svm.js";
import type { EpochLog } from "./history.js";
import { balancedWeights } from "./sampler.js";

/** The L2 penalties that are tried for the linear model, strongest first. */
export const PENALTIES = [1, 0.1, 0.01, 0.001, 0.0001];

/** The gammas that are tried for the SVM, times the number of columns, smoothest first. */
const GAMMAS = [0.1, 0.3, 1];
/** The values of C that are tried with each gamma, strongest regularisation first. */
const COSTS = [0.1, 1, 10, 100];

/** How many settings of a baseline are tried: the entries of its history. */
export function triesOf(model: BaselineName): number {
  return { majority: 1, linear: PENALTIES.length, svm: GAMMAS.length * COSTS.length }[model];
}

export interface BaselineTask {
  model: BaselineName;
  /** The statistics of the training clips, standardised. */
  inputs: Inputs;
  labels: readonly number[];
  classes: number;
  /** Whether each class has the same weight in the loss. */
  balanced: boolean;
  validate(network: LayersModel): Promise<{ loss: number; uar: number }>;
  /** The number, from 1, of the setting that all folds chose together; it is the last that is fitted. */
  keep?: number;
  onEpoch?: (log: EpochLog) => void;
  signal?: AbortSignal;
  quiet?: boolean;
}

/** A fitted model and its settings. */
interface Fitted extends Pick<EpochLog, "trainLoss" | "learningRate" | "gamma"> {
  network: LayersModel;
  /** Seconds that the fit took. */
  seconds: number;
}

/**
 * Fits a baseline. The linear model's penalty and the SVM's C and gamma are chosen by validation UAR, unless `keep` names
 * them. The history has an entry for each, with the penalty or C as its learning rate.
 */
export async function fitBaseline(
  task: BaselineTask,
): Promise<{ network: LayersModel; history: EpochLog[]; bestEpoch: number }> {
  const history: EpochLog[] = [];
  let best: { network: LayersModel; uar: number; epoch: number } | undefined;
  for await (const { network, seconds, ...fitted } of fitsOf(task)) {
    const started = performance.now();
    const { loss, uar } = await task.validate(network);
    const epoch = history.length + 1;
    const all = seconds + (performance.now() - started) / 1000;
    const log = { epoch, ...fitted, validationLoss: loss, validationUar: uar, seconds: all };
    history.push(log);
    task.onEpoch?.(log);
    if (best && task.keep === undefined && uar <= best.uar) {
      network.dispose();
      continue;
    }
    best?.network.dispose();
    best = { network, uar, epoch };
  }
  return { network: best!.network, history, bestEpoch: best!.epoch };
}

/** Fits every setting, the strongest first. */
async function* fitsOf(task: BaselineTask): AsyncGenerator<Fitted> {
  const { model, keep, quiet } = task;
  if (model === "majority") return yield await fitMajority(task);
  const label = model === "linear" ? "penalties" : "machines";
  const progress = new Progress(label, keep ?? triesOf(model), { quiet });
  try {
    for await (const fitted of model === "linear" ? linearFits(task, progress) : svmFits(task)) {
      progress.clear();
      yield fitted;
      progress.step();
    }
  } finally {
    progress.clear();
  }
}

async function fitMajority({ inputs, labels, classes }: BaselineTask): Promise<Fitted> {
  const started = performance.now();
  const network = await majority(labels, inputs.x.length / inputs.count, classes);
  return { network, trainLoss: entropyOf(labels), learningRate: 0, seconds: since(started) };
}

async function* linearFits(task: BaselineTask, progress: Progress): AsyncGenerator<Fitted> {
  const { signal } = task;
  const problem = problemOf(task);
  let parameters: Float64Array | undefined;
  for (const penalty of PENALTIES.slice(0, task.keep)) {
    const started = performance.now();
    const onIteration = (done: number) => progress.step(0, `penalty ${penalty}, ${done} iterations`);
    const fitted = await fitLogistic(problem, penalty, parameters, { signal, onIteration });
    parameters = fitted.parameters;
    const network = await linear(parameters, problem.columns, problem.classes);
    yield { network, trainLoss: fitted.loss, learningRate: penalty, seconds: since(started) };
  }
}

async function* svmFits(task: BaselineTask): AsyncGenerator<Fitted> {
  const { signal, keep = triesOf("svm") } = task;
  const problem = problemOf(task);
  let started = performance.now();
  const distances = await squaredDistances(problem, signal);
  const tried = GAMMAS.flatMap((factor) => COSTS.map((cost) => ({ factor, cost }))).slice(0, keep);
  for (const [factor, own] of groupBy(tried, ({ factor }) => factor)) {
    // Rounded here, so that the reported gamma is the one that was used.
    const gamma = Number((factor / problem.columns).toPrecision(3));
    const costs = own.map(({ cost }) => cost);
    const machines = await fitRbf(problem, distances, gamma, costs, { signal });
    const seconds = since(started) / machines.length;
    for (const [i, machine] of machines.entries())
      yield { network: await svm(machine), trainLoss: machine.loss, learningRate: costs[i]!, gamma, seconds };
    started = performance.now();
  }
}

function since(started: number): number {
  return (performance.now() - started) / 1000;
}

/** Fits a baseline again with the chosen settings, on the clips of the training and validation parts. */
export async function refitBaseline(
  task: Omit<BaselineTask, "validate" | "keep">,
  { learningRate, gamma }: Pick<EpochLog, "learningRate" | "gamma">,
): Promise<LayersModel> {
  const { signal } = task;
  const problem = problemOf(task);
  if (gamma !== undefined) {
    const distances = await squaredDistances(problem, signal);
    const [machine] = await fitRbf(problem, distances, gamma, [learningRate], { signal });
    return svm(machine!);
  }
  const { parameters } = await fitLogistic(problem, learningRate, undefined, { signal });
  return linear(parameters, problem.columns, problem.classes);
}

function problemOf({ inputs, labels, classes, balanced }: Omit<BaselineTask, "model" | "validate" | "keep">) {
  const weights = balanced ? balancedWeights(labels) : undefined;
  return { x: inputs.x, columns: inputs.x.length / inputs.count, labels, classes, weights };
}

/** The mean cross-entropy of always predicting the shares of the classes, nats. */
function entropyOf(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - (n / labels.length) * Math.log(n / labels.length), 0);
}
