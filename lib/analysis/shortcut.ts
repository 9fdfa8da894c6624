import { type Comparison, compareModels, differenceInterval, holm } from "../evaluation/comparison.js";
import { type BootstrapOptions, type Interval, uarInterval } from "../evaluation/interval.js";
import { type Entry, methodOf, type Part, pooled } from "./entries.js";
import { sidesOf } from "./matrix.js";

/** One network on unseen speakers, and on unseen speakers with unseen sentences. */
export interface Shortcut {
  label: string;
  corpora: string[];
  classes: string[];
  part: Part;
  synthetic: boolean;
  /** Under a protocol that keeps speakers apart, and not sentences; absent where there is no such run. */
  speakers?: ShortcutScores;
  /** Under one that keeps both apart. */
  both: ShortcutScores;
  /** UAR of `both` less that of `speakers`: of other sentences, and of fewer clips to train on. */
  difference?: Interval;
  /** Under the matched twin, which differs from `both` in nothing but the sentences that trained. */
  twin?: Twin;
}

export interface ShortcutScores {
  protocol: string;
  uar: Interval;
}

export interface Twin extends ShortcutScores {
  /** The twin is the first, `both` the second. */
  comparison: Comparison;
  /** Corrected by Holm over all twins of the experiment. */
  holmP: number;
}

/**
 * How much of a network's figure hangs on sentences that it heard before: each entry of a protocol that keeps speakers and
 * sentences apart beside the same network and settings under the matched twin, and under a protocol of the same corpora and
 * classes that keeps only speakers apart.
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

/** The protocol whose twin this is: the name without `match`, the version with it. */
function twinOf(protocol: string): string | undefined {
  return isTwin(protocol) ? protocol.replace(MATCH, "") : undefined;
}

function twinScores(twin: Entry, both: Entry, part: Part, options: BootstrapOptions): Twin {
  const [a, b] = [pooled(twin, part), pooled(both, part)];
  const comparison = compareModels(a, b, options);
  return { protocol: twin.protocol, uar: uarInterval(a, options), comparison, holmP: comparison.p };
}
