import type { Clip } from "../corpora/clip.js";
import { type Ledger, userLedger } from "./ledger.js";
import type { Plan, Split } from "./types.js";

/** Which clips are to be predicted, and where it is written down. */
export interface PartQuestion {
  plan: Plan;
  /** One of the plan's folds, or what is readable of it. */
  fold: Split;
  part: "validation" | "test";
  /** Where a reading of test is written down; default: {@link userLedger}. */
  ledger?: Ledger;
  /** The run whose network predicts. */
  run?: string;
}

/** A part that may be predicted now. It is made by {@link predictPart} alone, once the reading is written down. */
class Opened {
  /** Of the part, in the plan's order. */
  readonly clips: readonly Clip[];
  readonly part: "validation" | "test";
  // Makes the type nominal: no object that only looks like it is taken for one.
  readonly #opened = true;

  constructor(clips: readonly Clip[], part: "validation" | "test") {
    this.clips = clips;
    this.part = part;
    void this.#opened;
  }
}

export type OpenPart = Opened;

/**
 * Predicts a part of a protocol's fold: the only way there is to predictions on a test part. The reading is written into
 * the ledger first; where that fails, nothing is predicted.
 *
 * @param question the plan, its fold, the part, and the ledger
 * @param predict gets the part's clips, for example `({ clips }) => ...` or a trained network's `predict`
 * @returns what `predict` returns
 * @throws {UserError} when the reading cannot be written down
 * @example
 * const trained = await train(features, fold, plan.classes, TRAINING);
 * const { metrics } = await predictPart({ plan, fold, part: "test" }, trained.predict);
 */
export async function predictPart<Result>(
  { plan, fold, part, ledger = userLedger(), run }: PartQuestion,
  predict: (part: OpenPart) => Promise<Result> | Result,
): Promise<Result> {
  const wanted = new Set(fold[part]);
  const clips = plan.clips.filter(({ id }) => wanted.has(id));
  if (part === "test") {
    await ledger.enter({
      run,
      protocol: plan.protocol,
      fold: fold.name,
      clips: clips.length,
      synthetic: clips.some(({ synthetic }) => synthetic),
      leaky: plan.leaky,
    });
  }
  return predict(new Opened(clips, part));
}
