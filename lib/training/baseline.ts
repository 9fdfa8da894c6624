import type { LayersModel } from "@tensorflow/tfjs";
import { Progress } from "../base/progress.js";
import type { Inputs } from "../engine/trainer.js";
import { fitLogistic, linear } from "../models/linear.js";
import { majority } from "../models/majority.js";
import type { BaselineName } from "../models/names.js";
import type { EpochLog } from "./history.js";
import { balancedWeights } from "./sampler.js";

/** L2 penalties of the linear model that are tried, strongest first. */
export const PENALTIES = [1, 0.1, 0.01, 0.001, 0.0001];

export interface BaselineTask {
  model: BaselineName;
  /** The statistics of the training clips, standardised. */
  inputs: Inputs;
  labels: readonly number[];
  classes: number;
  /** Whether each class weighs the same in the linear model's loss. */
  balanced: boolean;
  validate(network: LayersModel): Promise<{ loss: number; uar: number }>;
  /** Which of {@link PENALTIES}, from 1, was chosen elsewhere; it is the last that is fitted. */
  keep?: number;
  onEpoch?: (log: EpochLog) => void;
  signal?: AbortSignal;
  quiet?: boolean;
}

/**
 * Fits a baseline. The linear model's penalty is chosen on validation UAR, where it is not chosen before; the history has an entry for each penalty, with
 * the penalty in the place of the learning rate.
 */
export async function fitBaseline(
  task: BaselineTask,
): Promise<{ network: LayersModel; history: EpochLog[]; bestEpoch: number }> {
  const { model, inputs, labels, classes } = task;
  const columns = inputs.x.length / inputs.count;
  const history: EpochLog[] = [];
  let best: { network: LayersModel; uar: number; epoch: number } | undefined;
  const attempt = async (network: LayersModel, trainLoss: number, penalty: number, started: number) => {
    const { loss, uar } = await task.validate(network);
    const epoch = history.length + 1;
    const seconds = (performance.now() - started) / 1000;
    const log = {
      epoch,
      trainLoss,
      validationLoss: loss,
      validationUar: uar,
      learningRate: penalty,
      seconds,
    };
    history.push(log);
    task.onEpoch?.(log);
    if (best && task.keep === undefined && uar <= best.uar) {
      network.dispose();
      return;
    }
    best?.network.dispose();
    best = { network, uar, epoch };
  };

  if (model === "majority") {
    await attempt(await majority(labels, columns, classes), entropyOf(labels), 0, performance.now());
  } else {
    const problem = problemOf(task);
    const progress = new Progress("penalties", PENALTIES.length, { quiet: task.quiet });
    let parameters: Float64Array | undefined;
    try {
      for (const penalty of PENALTIES.slice(0, task.keep)) {
        const started = performance.now();
        const { signal } = task;
        const onIteration = (done: number) => progress.step(0, `penalty ${penalty}, ${done} iterations`);
        const fitted = await fitLogistic(problem, penalty, parameters, { signal, onIteration });
        parameters = fitted.parameters;
        progress.clear();
        await attempt(await linear(parameters, columns, classes), fitted.loss, penalty, started);
        progress.step();
      }
    } finally {
      progress.clear();
    }
  }
  return { network: best!.network, history, bestEpoch: best!.epoch };
}

/** The linear model with a penalty that was chosen before, for a second fit on the clips of the training and the validation part. */
export async function fitLinear(
  task: Omit<BaselineTask, "model" | "validate" | "keep">,
  penalty: number,
): Promise<LayersModel> {
  const problem = problemOf(task);
  const { parameters } = await fitLogistic(problem, penalty, undefined, { signal: task.signal });
  return linear(parameters, problem.columns, problem.classes);
}

function problemOf({ inputs, labels, classes, balanced }: Omit<BaselineTask, "model" | "validate">) {
  const weights = balanced ? balancedWeights(labels) : undefined;
  return { x: inputs.x, columns: inputs.x.length / inputs.count, labels, classes, weights };
}

/** The mean cross-entropy of answering with the shares of the classes, nats. */
function entropyOf(labels: readonly number[]): number {
  const counts = new Map<number, number>();
  for (const label of labels) counts.set(label, (counts.get(label) ?? 0) + 1);
  return [...counts.values()].reduce((sum, n) => sum - (n / labels.length) * Math.log(n / labels.length), 0);
}
