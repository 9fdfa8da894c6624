import type { LayersModel } from "@tensorflow/tfjs";
import { UserError } from "../base/errors.js";
import type { Batch, Inputs, Trainer } from "./trainer.js";

/** A mean cross-entropy, in nats, that only diverged training reaches: chance among 1000 classes is 6.9. */
const DIVERGED = 1000;

/**
 * The same trainer with checks of its inputs and losses, since invalid numbers corrupt weights silently (a ReLU may turn NaN
 * into 0).
 *
 * @param name of the engine and its detail, if they differ from the trainer's own
 */
export function checked(
  trainer: Trainer,
  model: LayersModel,
  name: Pick<Trainer, "engine" | "detail"> = trainer,
): Trainer {
  const classes = model.outputs[0]!.shape.at(-1)!;
  const shape = model.inputs[0]!.shape.slice(1);
  let done = 0;
  return {
    engine: name.engine,
    detail: name.detail,
    instructionSet: trainer.instructionSet,
    async step(batch: Batch, learningRate: number): Promise<number> {
      checkInputs(batch, shape);
      checkTargets(batch, classes);
      if (!(learningRate >= 0 && learningRate < Number.POSITIVE_INFINITY)) {
        throw new UserError(`the learning rate must be a finite number of at least 0, not ${learningRate}`);
      }
      const loss = await trainer.step(batch, learningRate);
      done++;
      if (loss < DIVERGED) return loss;
      throw new UserError(
        `training diverged after ${done} updates (loss ${loss.toPrecision(3)}, learning rate ${learningRate}): lower the learning rate`,
      );
    },
    async predict(inputs: Inputs): Promise<Float32Array> {
      if (inputs.count === 0) return new Float32Array(0);
      checkInputs(inputs, shape);
      return trainer.predict(inputs);
    },
    state: () => trainer.state(),
    restore(state): void {
      const fits =
        state.weights.length === model.weights.length &&
        model.weights.every((weight, i) => state.weights[i]!.length === sizeOf(weight.shape)) &&
        [state.m, state.v].every((moments) => moments.length === model.trainableWeights.length);
      if (!fits)
        throw new UserError(
          `the state does not belong to the model "${model.name}": the weights have other shapes`,
        );
      trainer.restore(state);
    },
    sync: () => trainer.sync(),
    dispose: () => trainer.dispose(),
  };
}

function checkInputs(
  { x, count }: { x: Float32Array; count: number },
  shape: readonly (number | null)[],
): void {
  if (!(count > 0)) throw new UserError("the batch is empty");
  const size = x.length / count;
  const fixed = sizeOf(shape.map((n) => n ?? 1));
  if (shape.includes(null) ? size % fixed !== 0 : size !== fixed) {
    throw new UserError(`${count} inputs of [${shape.join(", ")}] are not ${x.length} numbers`);
  }
  const at = indexOfNonFinite(x);
  if (at >= 0) throw new UserError(`input ${Math.floor(at / size)} of the batch is not finite (${x[at]})`);
}

function checkTargets({ y, weights, count }: Batch, classes: number): void {
  if (y.length !== count * classes) {
    throw new UserError(
      `the targets of ${count} clips are ${count} x ${classes} probabilities, not ${y.length} numbers`,
    );
  }
  for (let clip = 0; clip < count; clip++) {
    const target = y.subarray(clip * classes, (clip + 1) * classes);
    const sum = target.reduce((a, b) => a + b, 0);
    if (Math.abs(sum - 1) < 1e-3 && target.every((p) => p >= 0)) continue;
    throw new UserError(
      `the target of clip ${clip} of the batch is not a distribution over the ${classes} classes: [${target.join(", ")}]`,
    );
  }
  if (
    weights &&
    (weights.length !== count || weights.some((w) => !(w >= 0 && w < Number.POSITIVE_INFINITY)))
  ) {
    throw new UserError("the weights must be one finite number of at least 0 per clip");
  }
}

/** The index of the first NaN or infinity, or -1. */
function indexOfNonFinite(values: Float32Array): number {
  for (let i = 0; i < values.length; i++) if (values[i]! - values[i]! !== 0) return i;
  return -1;
}

function sizeOf(shape: readonly (number | null)[]): number {
  return (shape as number[]).reduce((product, n) => product * n, 1);
}
