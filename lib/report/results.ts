import { settingName, settingValues } from "../analysis/entries.js";
import { sidesOf } from "../analysis/matrix.js";
import type { EntryResults, ProtocolResults } from "../analysis/protocol-results.js";
import type { Results } from "../analysis/results.js";
import { percent } from "../base/text.js";
import { estimateOf, withInterval } from "../evaluation/interval.js";
import { ablation } from "../figures/ablation.js";
import { isBaseline } from "../models/names.js";
import { augmentationText, featuresName, sizeText } from "../runs/settings-text.js";
import type { Block, TableBlock } from "./document.js";
import { bold, left, marks, modelName, nameOf, namesIn, right } from "./words.js";

/** A model under a protocol with its score. */
interface Row {
  protocol: ProtocolResults;
  entry: EntryResults;
  /** The best of an honest protocol that has others. */
  best: boolean;
}

/** What came out: UAR of every model under every protocol, as one picture and one table; cross-corpus ones have a matrix. */
export function resultBlocks(results: Results): Block[] {
  const rows = results.protocols
    .filter(({ protocol }) => !sidesOf(protocol))
    .flatMap((protocol) => ranked(protocol, results.score));
  return rows.length === 0 ? [] : [picture(rows, results), table(rows, results)];
}

/** The models of a protocol, the best first. */
function ranked(protocol: ProtocolResults, score: Results["score"]): Row[] {
  const scored = protocol.entries.filter((entry) => entry[score]);
  const sorted = [...scored].sort((a, b) => b[score]!.uar.estimate - a[score]!.uar.estimate);
  return sorted.map((entry, i) => {
    return { protocol, entry, best: i === 0 && sorted.length > 1 && !protocol.leaky };
  });
}

function picture(rows: readonly Row[], { experiment, score, synthetic }: Results): Block {
  const alone = new Set(rows.map(({ protocol }) => protocol)).size === rows.length;
  return {
    kind: "figure",
    name: "results",
    figure: ablation({
      rows: rows.map(({ protocol, entry, best }) => {
        const { uar, classesInTruth } = entry[score]!;
        return {
          group: `${protocol.protocol}${marks({ ...protocol, synthetic: false })}`,
          name: namesIn(protocol).get(entry.label)!,
          ...estimateOf(uar),
          baseline: best || (alone && !protocol.leaky),
          reference: 1 / classesInTruth.length,
        };
      }),
      title: "UAR by protocol and network",
      subtitle: `${experiment} · ${score} · grey line: chance`,
      dense: true,
      synthetic,
      leaky: rows.every(({ protocol }) => protocol.leaky),
    }),
    caption: `UAR on the ${score} part of every network under every protocol, with 95 % intervals over speakers; an open dot where there are too few speakers for one. Blue is the best of its protocol${synthetic ? " (SYNTHETIC)" : ""}.`,
  };
}

function table(rows: readonly Row[], { score, synthetic }: Results): TableBlock {
  const columns = columnsOf(rows.map(({ entry }) => entry));
  return {
    kind: "table",
    caption: `UAR in % on the ${score} part, with 95 % intervals over speakers where there are enough${marks({ leaky: false, synthetic })}`,
    columns: [
      left("protocol"),
      left("network"),
      right("UAR %"),
      right("chance %"),
      ...columns.map(({ title }) => left(title)),
    ],
    rows: rows.map(({ protocol, entry, best }, i) => {
      const { uar, classesInTruth } = entry[score]!;
      const first = rows[i - 1]?.protocol !== protocol;
      return [
        first ? nameOf(protocol) : "",
        modelName(entry),
        bold(withInterval(uar), best),
        first ? percent(1 / classesInTruth.length) : "",
        ...columns.map(({ texts }) => texts[i]!),
      ];
    }),
  };
}

interface SettingColumn {
  title: string;
  /** A row each. */
  texts: string[];
}

/** A setting that more than this share of the rows agrees in has no column of its own. */
const USUAL = 0.75;

/** A column for each setting that differs between rows; those that few rows differ in share one, which names them. */
function columnsOf(entries: readonly EntryResults[]): SettingColumn[] {
  const all = entries.map(tabled);
  const keys = [...new Set(all.flatMap((values) => [...values.keys()]))];
  const differing = keys.flatMap((key) => {
    const known = all.flatMap((values) => values.get(key) ?? []);
    return new Set(known).size > 1 ? [{ key, usual: commonest(known) }] : [];
  });
  const own = differing.filter(({ usual }) => usual.share <= USUAL);
  const rare = differing.filter(({ usual }) => usual.share > USUAL);
  const others = all.map((values) =>
    rare
      .flatMap(({ key, usual }) => {
        const value = values.get(key);
        return value === undefined || value === usual.value ? [] : `${key} ${value}`;
      })
      .join("; "),
  );
  return [
    ...own.map(({ key }) => ({ title: key, texts: all.map((values) => values.get(key) ?? "–") })),
    ...(rare.length > 0 ? [{ title: "differs from the usual in", texts: others }] : []),
  ];
}

function commonest(values: readonly string[]): { value: string; share: number } {
  const counts = new Map<string, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  const [[value, count]] = [...counts].sort(([, a], [, b]) => b - a) as [[string, number]];
  return { value, share: count / values.length };
}

/** Settings of a baseline that say something. */
const OF_BASELINES = /^(normalisation|refit|balance|features)/;

/** A row's settings by the title of their column. */
function tabled({ settings }: EntryResults): Map<string, string> {
  const { training, features, external } = settings;
  if (external) return new Map();
  const out = new Map([["features", featuresName(features)]]);
  if (features.kind === "logmel")
    out.set("0 dB is", features.reference ? "the loudest value" : "a power of 1");
  for (const [key, value] of settingValues(settings)) {
    if (SUMMED.test(key) || (isBaseline(training.model) && !OF_BASELINES.test(key))) continue;
    out.set(settingName(key) || key, value === "true" ? "yes" : value);
  }
  out.set("refit", training.refit ? "yes" : "no");
  if (isBaseline(training.model)) return out;
  const { curriculum, size } = training;
  out.set("size", size ? sizeText(size) : "usual");
  out.set("augmentation", augmentationText(training.augmentation));
  out.set(
    "curriculum",
    curriculum ? `${curriculum.share} × ${curriculum.places} until ${curriculum.until}` : "none",
  );
  return out;
}

/** Keys that are told in other words, or by the name of the network. */
const SUMMED = /^(model|size\.|features\.(kind|reference)|augmentation|curriculum|refit)/;
