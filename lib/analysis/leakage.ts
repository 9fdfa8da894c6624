import { differenceInterval } from "../evaluation/comparison.js";
import { type BootstrapOptions, type Interval, uarInterval } from "../evaluation/interval.js";
import { type Entry, methodOf, type Part, pooled } from "./entries.js";

/** UAR of the same model under a leaky protocol and under one that holds speakers apart. */
export interface Leakage {
  label: string;
  corpora: string[];
  classes: string[];
  part: Part;
  leakyProtocol: string;
  honestProtocol: string;
  leaky: Interval;
  honest: Interval;
  /** The apparent gain by leakage: UAR of `leaky` minus `honest`. `n` is that of the larger side. */
  difference: Interval;
  synthetic: boolean;
}

/**
 * Compares each entry of a leaky protocol with the same model and settings under every protocol of the same corpora and
 * classes that keeps speakers apart.
 */
export function leakages(entries: readonly Entry[], part: Part, options: BootstrapOptions = {}): Leakage[] {
  return entries
    .filter(({ leaky }) => leaky)
    .flatMap((leaky) =>
      entries
        .filter((honest) => keepsSpeakersApart(honest) && sameQuestion(leaky, honest))
        .flatMap((honest) => compared(leaky, honest, part, options)),
    );
}

function keepsSpeakersApart({ leaky, seeds }: Entry): boolean {
  return !leaky && seeds[0]!.runs[0]!.record.split.apart.includes("speaker");
}

function sameQuestion(a: Entry, b: Entry): boolean {
  return (
    methodOf(a.settings) === methodOf(b.settings) &&
    a.corpora.join() === b.corpora.join() &&
    a.classes.join() === b.classes.join()
  );
}

function compared(leaky: Entry, honest: Entry, part: Part, options: BootstrapOptions): Leakage[] {
  const [a, b] = [pooled(leaky, part), pooled(honest, part)];
  if (a.length === 0 || b.length === 0) return [];
  return [
    {
      label: leaky.label,
      corpora: leaky.corpora,
      classes: leaky.classes,
      part,
      leakyProtocol: leaky.protocol,
      honestProtocol: honest.protocol,
      leaky: uarInterval(a, options),
      honest: uarInterval(b, options),
      difference: differenceInterval(a, b, undefined, options),
      synthetic: leaky.synthetic || honest.synthetic,
    },
  ];
}
