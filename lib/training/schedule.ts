import * as v from "valibot";
import { number, oneOf, strict, whole } from "../base/schema.js";

export const SCHEDULES = ["constant", "cosine", "one-cycle", "plateau"] as const;

export const scheduleSchema = strict("How the learning rate changes over a training.", {
  name: oneOf(
    "Learning rate schedule: `constant`; `cosine`, half a cosine wave from the rate down to `floor` times it; `one-cycle`, up from 1/25 of the rate and down to 1/250,000 of it; `plateau`, halved when validation UAR no longer rises.",
    SCHEDULES,
  ),
  warmup: v.optional(
    number(
      "Warm-up: epochs (also a fraction of one) in which the rate rises linearly from 0; not for `one-cycle`.",
      { from: 0, to: 1e6, unit: "epochs", usual: 0 },
    ),
  ),
  floor: v.optional(
    number("Lowest rate of `cosine` and `plateau`, as a share of the rate.", {
      ...{ from: 0, to: 1, usual: 0.01 },
    }),
  ),
  patience: v.optional(
    whole("For `plateau`: epochs without a better validation UAR before the rate is halved.", 1, 1e6, {
      unit: "epochs",
      usual: 3,
    }),
  ),
});
export type ScheduleSettings = v.InferOutput<typeof scheduleSchema>;

/** One-cycle schedule: the share of the steps in which the rate rises, and its start and end as shares of the rate. */
const RISE = 0.3;
const START = 1 / 25;
const END = START / 1e4;

/** The progress of a training. */
export interface Place {
  /** Updates done. */
  step: number;
  /** Updates in an epoch. */
  stepsPerEpoch: number;
  /** Maximum number of epochs of the training. */
  epochs: number;
  /** Validation UAR of the epochs done. */
  uars: readonly number[];
}

/**
 * The learning rate of the next update. It depends on the place alone, so a resumed training continues with the same rates.
 *
 * cosine: rate (floor + (1 - floor) (1 + cos(pi t)) / 2), t the share done after the warm-up (Loshchilov and Hutter
 * 2017, without restarts). one-cycle: two such half waves, up in the first 30 % and down in the rest (Smith and Topin
 * 2019; the shape and defaults of PyTorch's `OneCycleLR`). plateau: rate / 2^k, k the number of times that validation UAR
 * did not rise for `patience` epochs.
 *
 * @param settings see `ScheduleSettings`
 * @param rate the highest learning rate
 * @example learningRate({ name: "cosine", warmup: 1 }, 1e-3, { step: 0, stepsPerEpoch: 50, epochs: 30, uars: [] })
 */
export function learningRate(settings: ScheduleSettings, rate: number, place: Place): number {
  const { name, warmup = 0, floor = 0.01, patience = 3 } = settings;
  const { step, stepsPerEpoch, epochs, uars } = place;
  const steps = epochs * stepsPerEpoch;
  if (name === "one-cycle") return rate * oneCycle(step, steps);
  const rise = Math.round(warmup * stepsPerEpoch);
  if (step < rise) return (rate * (step + 1)) / rise;
  if (name === "constant") return rate;
  if (name === "plateau") return rate * Math.max(floor, 2 ** -plateaus(uars, patience));
  const done = (step - rise) / Math.max(1, steps - rise);
  return rate * halfWave(1, floor, Math.min(1, done));
}

function oneCycle(step: number, steps: number): number {
  const top = RISE * steps - 1;
  const last = steps - 1;
  if (step <= top) return halfWave(START, 1, step / top);
  return halfWave(1, END, Math.min(1, (step - top) / (last - top)));
}

/** From one value to another along half a cosine wave. */
function halfWave(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + Math.cos(Math.PI * share))) / 2;
}

/** How many times the UAR did not rise for `patience` epochs; the count starts again each time. */
function plateaus(uars: readonly number[], patience: number): number {
  let count = 0;
  let best = Number.NEGATIVE_INFINITY;
  let waited = 0;
  for (const uar of uars) {
    waited = uar > best ? 0 : waited + 1;
    best = Math.max(best, uar);
    if (waited < patience) continue;
    count++;
    waited = 0;
  }
  return count;
}
