import { UsageError } from "../base/errors.js";
import type { Clip } from "../corpora/clip.js";
import { type Ledger, userLedger } from "./ledger.js";
import type { Plan, Split } from "./types.js";

/** Which clips to predict, and where to record a reading of test. */
export interface PartQuestion {
  plan: Plan;
  /** One of the plan's folds, or its readable clips. */
  fold: Split;
  part: "validation" | "test";
  /** Where a reading of test is recorded; default {@link userLedger}. */
  ledger?: Ledger;
  /** The run whose model predicts. */
  run?: string;
}

/** A part that may be predicted now. Only {@link predictPart} makes one, once the reading is recorded. */
class Opened {
  readonly part: "validation" | "test";
  readonly #clips: readonly Clip[];
  #open = true;

  constructor(part: "validation" | "test", clips: readonly Clip[]) {
    this.part = part;
    this.#clips = clips;
  }

  /**
   * The clips of the part, in the plan's order.
   *
   * @throws {UsageError} after the prediction that the part was opened for
   */
  get clips(): readonly Clip[] {
    if (this.#open) return this.#clips;
    throw new UsageError(
      `this ${this.part} part was opened for a prediction that is over: call predictPart again`,
    );
  }

  static isOpened(part: object): part is Opened {
    return #open in part;
  }

  static close(part: Opened): void {
    part.#open = false;
  }
}

/**
 * A part whose clips may be predicted: `part` says which, `clips` are its clips. Only {@link predictPart} opens one, and
 * closes it when the prediction is over.
 */
export type OpenPart = Opened;

/**
 * The clips of an opened part.
 *
 * @throws {UsageError} for an object that only looks like an opened part, and for one whose prediction is over
 */
export function openedClips(part: OpenPart): readonly Clip[] {
  if (Opened.isOpened(part)) return part.clips;
  throw new UsageError(
    "a part of a protocol is opened by predictPart, which first records a reading of test",
  );
}

/**
 * Predicts a part of a protocol's fold: the only way to predictions on a test part. A reading of test is first recorded in
 * the ledger; if that fails, nothing is predicted. (A model from `loadModel` predicts recordings and knows no
 * protocol.)
 *
 * @param question the plan, its fold, the part, and the ledger
 * @param predict takes the part's clips, for example `({ clips }) => ...` or the `predict` of `trainFold`'s result
 * @returns what `predict` returns
 * @throws {UserError} when the reading cannot be recorded
 * @throws {UsageError} for a fold that is not the plan's
 * @example
 * const plan = protocolNamed("savee/loso").plan(await loadClips("data", { names: ["savee"] }));
 * const [fold] = plan.folds;
 * const neutral = plan.classes.indexOf("neutral");
 * const predicted = await predictPart({ plan, fold, part: "test" }, ({ clips }) => clips.map(() => neutral));
 * predicted.length; // => 120
 */
export async function predictPart<Result>(
  { plan, fold, part, ledger = userLedger(), run }: PartQuestion,
  predict: (part: OpenPart) => Promise<Result> | Result,
): Promise<Result> {
  const wanted = partOf(plan, fold, part);
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
  const opened = new Opened(part, clips);
  try {
    return await predict(opened);
  } finally {
    Opened.close(opened);
  }
}

/** @throws {UsageError} for a fold whose parts are not the plan's, which may call test clips validation */
function partOf(plan: Plan, fold: Split, part: "validation" | "test"): Set<string> {
  const own = new Set(plan.folds.find(({ name }) => name === fold.name)?.[part]);
  const strange = fold[part].find((id) => !own.has(id));
  if (strange === undefined) return new Set(fold[part]);
  throw new UsageError(
    `${strange} is not in the ${part} part of fold ${fold.name} of ${plan.protocol}: take a fold of the plan`,
  );
}
