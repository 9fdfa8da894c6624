import { byText } from "../base/text.js";
import type { Interval } from "../evaluation/interval.js";
import type { EntryResults, ProtocolResults } from "./protocol-results.js";

/** UAR on one corpus of a model that was trained on another corpus, or on all others. */
export interface CrossCorpusFigure {
  protocol: string;
  /** A corpus, or "others". */
  train: string;
  test: string;
  /** The classes that both corpora have; both were restricted to them. */
  classes: string[];
  /** Number of test clips. */
  n: number;
  uar: Interval;
}

/** The matrix of training corpora by test corpora for one model. */
export interface CrossCorpus {
  label: string;
  transductive: boolean;
  /** Rows, "others" last. */
  train: string[];
  /** Columns. */
  test: string[];
  /** The measured cells; those of the diagonal are from the corpora's own speaker-independent protocols. */
  cells: CrossCorpusFigure[];
}

/**
 * Cross-corpus results as matrices, one per model. They use test parts only, since a validation part comes from the
 * training corpora.
 */
export function crossCorpusOf(protocols: readonly ProtocolResults[]): CrossCorpus[] {
  const crossed = protocols.flatMap((results) => {
    const sides = sidesOf(results.protocol);
    return sides ? [{ ...sides, results }] : [];
  });
  const labels = [
    ...new Set(crossed.flatMap(({ results }) => results.entries.map(({ label }) => label))),
  ].sort();
  return labels.flatMap((label) => {
    const own = crossed.flatMap(({ train, test, results }) => cellOf(results, label, train, test));
    if (own.length === 0) return [];
    const corpora = [...new Set(own.map(({ test }) => test))].sort();
    const trained = [...new Set(own.map(({ train }) => train))].sort(othersLast);
    const diagonal = corpora
      .filter((corpus) => trained.includes(corpus))
      .flatMap((corpus) => withinOf(protocols, corpus, label));
    return [
      {
        label,
        transductive: own.some(({ transductive }) => transductive),
        train: trained,
        test: corpora,
        cells: [...own, ...diagonal].map(({ transductive: _, ...cell }) => cell),
      },
    ];
  });
}

type FoundCell = CrossCorpusFigure & { transductive: boolean };

function cellOf(results: ProtocolResults, label: string, train: string, test: string): FoundCell[] {
  const entry = results.entries.find((one) => one.label === label);
  return entry?.test ? [asCell(results, entry, train, test)] : [];
}

/** A corpus on itself, under a protocol that keeps speakers apart; of several, the one with the fewest classes. */
function withinOf(protocols: readonly ProtocolResults[], corpus: string, label: string): FoundCell[] {
  const [best] = protocols
    .filter(({ corpora, leaky, apart, protocol }) => {
      return (
        corpora.length === 1 &&
        corpora[0] === corpus &&
        !leaky &&
        apart.includes("speaker") &&
        !sidesOf(protocol)
      );
    })
    .flatMap((results) => cellOf(results, label, corpus, corpus))
    .sort((a, b) => a.classes.length - b.classes.length);
  return best ? [best] : [];
}

function asCell(results: ProtocolResults, entry: EntryResults, train: string, test: string): FoundCell {
  const { uar, n, classesInTruth } = entry.test!;
  return {
    ...{ protocol: results.protocol, train, test, n, uar },
    classes: classesInTruth,
    transductive: entry.transductive,
  };
}

/** `cross-corpus/others-tess@1` is trained on the others and tested on TESS. */
export function sidesOf(protocol: string): { train: string; test: string } | undefined {
  const [, train, test] = /^cross-corpus\/(\w+)-(\w+)(?:@|$)/.exec(protocol) ?? [];
  return train && test ? { train, test } : undefined;
}

function othersLast(a: string, b: string): number {
  if (a === "others" || b === "others") return Number(a === "others") - Number(b === "others");
  return byText(a, b);
}
