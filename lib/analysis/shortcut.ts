import { type Comparison, compareModels, differenceInterval, holm } from "../evaluation/comparison.js";
import { type BootstrapOptions, type Interval, uarInterval } from "../evaluation/interval.js";
import { type Entry, methodOf, type Part, pooled } from "./entries.js";
import { sidesOf } from "./matrix.js";

/** UAR of one model on unseen speakers, and on unseen speakers with unseen sentences. */
export interface Shortcut {
  label: string;
  corpora: string[];
  classes: string[];
  part: Part;
  synthetic: boolean;
  /** Under a protocol that keeps speakers apart but not sentences; absent if there is no such run. */
  speakers?: ShortcutScores;
  /** Under one that keeps both apart. */
  both: ShortcutScores;
  /** UAR of `both` minus that of `speakers`: the effect of unseen sentences and of fewer training clips. */
  difference?: Interval;
  /** Under the matched twin, which differs from `both` only in the sentences of the training part. */
  twin?: Twin;
}

/** UAR of a model under one protocol. */
export interface ShortcutScores {
  /** `name@version`. */
  protocol: string;
  uar: Interval;
}

/** UAR of a model under the matched twin of a protocol that keeps speakers and sentences apart. */
export interface Twin extends ShortcutScores {
  /** The twin is the first, `both` the second. */
  comparison: Comparison;
  /** p-value, Holm-corrected over all twins of the experiment. */
  holmP: number;
}

/**
 * How much of a model's UAR depends on sentences that it saw in training. Each entry of a protocol that keeps speakers and
 * sentences apart is compared with the same model and settings under its matched twin, and under a protocol of the same
 * corpora and classes that keeps only speakers apart.
 *
 * @param entries as {@link entriesOf} returns them
 * @param part on which the models are compared
 * @param options of the intervals
 * @example
 * const protocols = ["savee/loso", "savee/speaker-sentence"];
 * const { runs } = await train({ protocols, folds: ["1"], models: ["linear"], features: ["mfcc"] });
 * const [linear] = shortcuts(entriesOf(runs), "validation", { resamples: 99 });
 * linear!.difference!.estimate < 0; // => true
 */
export function shortcuts(entries: readonly Entry[], part: Part, options: BootstrapOptions = {}): Shortcut[] {
  const found = entries
    .filter((entry) => keeps(entry, "sentence") && keeps(entry, "speaker"))
    .flatMap((both) => compared(both, entries, part, options));
  const corrected = holm(found.flatMap(({ twin }) => twin?.comparison.p ?? []));
  let at = 0;
  return found.map((one) => (one.twin ? { ...one, twin: { ...one.twin, holmP: corrected[at++]! } } : one));
}

const MATCH = /[?&]match(?=[&@]|$)/;

/** Whether a protocol is the matched twin of another one. */
export function isTwin(protocol: string): boolean {
  return MATCH.test(protocol);
}

function keeps({ leaky, seeds }: Entry, group: string): boolean {
  return !leaky && seeds[0]!.runs[0]!.record.split.apart.includes(group);
}

function compared(both: Entry, entries: readonly Entry[], part: Part, options: BootstrapOptions): Shortcut[] {
  const own = pooled(both, part);
  if (own.length === 0) return [];
  const same = (other: Entry) =>
    methodOf(other.settings) === methodOf(both.settings) &&
    other.corpora.join() === both.corpora.join() &&
    other.classes.join() === both.classes.join() &&
    keeps(other, "speaker") &&
    !keeps(other, "sentence") &&
    !sidesOf(other.protocol) &&
    pooled(other, part).length > 0;
  const spoken = entries.find((other) => same(other) && !isTwin(other.protocol));
  const twin = entries.find((other) => same(other) && twinOf(other.protocol) === both.protocol);
  const others = spoken && pooled(spoken, part);
  return [
    {
      ...{ label: both.label, corpora: both.corpora, classes: both.classes, part, synthetic: both.synthetic },
      ...(spoken &&
        others && {
          speakers: { protocol: spoken.protocol, uar: uarInterval(others, options) },
          difference: differenceInterval(own, others, undefined, options),
        }),
      both: { protocol: both.protocol, uar: uarInterval(own, options) },
      ...(twin && { twin: twinScores(twin, both, part, options) }),
    },
  ];
}

/** The protocol whose twin this is: the same name and version, without `match`. */
function twinOf(protocol: string): string | undefined {
  return isTwin(protocol) ? protocol.replace(MATCH, "") : undefined;
}

function twinScores(twin: Entry, both: Entry, part: Part, options: BootstrapOptions): Twin {
  const [a, b] = [pooled(twin, part), pooled(both, part)];
  const comparison = compareModels(a, b, options);
  return { protocol: twin.protocol, uar: uarInterval(a, options), comparison, holmP: comparison.p };
}
