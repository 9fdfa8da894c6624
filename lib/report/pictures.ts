import { type Entry, pooled } from "../analysis/entries.js";
import type { EntryResults, ProtocolResults } from "../analysis/protocol-results.js";
import type { Results } from "../analysis/results.js";
import { plural, slug } from "../base/text.js";
import { uarWithin } from "../evaluation/breakdown.js";
import { answers } from "../evaluation/calibration.js";
import { estimateOf } from "../evaluation/interval.js";
import { ablation } from "../figures/ablation.js";
import { confusionMatrix } from "../figures/confusion-matrix.js";
import { learningCurves } from "../figures/learning-curves.js";
import { perSpeaker } from "../figures/per-speaker.js";
import { reliabilityDiagram } from "../figures/reliability.js";
import { isBaseline } from "../models/names.js";
import type { Block } from "./document.js";
import { marks, namesIn, partUnder, subtitleOf } from "./words.js";

/** The figures of a protocol: all models, their learning curves, and details of the best model on validation. */
export function picturesOf(
  protocol: ProtocolResults,
  entries: readonly Entry[],
  scored: readonly EntryResults[],
  results: Results,
  featured?: string,
): Block[] {
  const name = slug(protocol.protocol);
  const { score } = results;
  const common = {
    subtitle: subtitleOf(protocol, score),
    synthetic: protocol.synthetic,
    leaky: protocol.leaky,
  };
  const blocks: Block[] = [];
  const names = namesIn(protocol);
  if (scored.length > 1) {
    const classes = scored[0]![score]!.classesInTruth.length;
    blocks.push({
      kind: "figure",
      name: `${name}-uar`,
      figure: ablation({
        rows: scored.map((entry) => ({ name: names.get(entry.label)!, ...estimateOf(entry[score]!.uar) })),
        references: [
          { name: "chance", value: 1 / classes },
          ...(protocol.listeners?.measures ?? []).map((measure) => ({
            name: measure.name,
            value: measure.uar.estimate,
          })),
        ],
        title: "UAR by network",
        ...common,
      }),
      caption: `UAR on the ${partUnder(protocol, score)}, with 95 % intervals over speakers where there are enough.`,
    });
  }
  const trained = entries.filter((entry) =>
    entry.seeds.some(({ runs }) =>
      runs.some(({ record }) => record.history.length > 1 && !isBaseline(record.settings.training.model)),
    ),
  );
  if (trained.length > 0) {
    blocks.push({
      kind: "figure",
      name: `${name}-learning`,
      figure: learningCurves({
        networks: trained.map((entry) => ({
          name: names.get(entry.label)!,
          runs: entry.seeds.flatMap(({ runs }) =>
            runs.map(({ record }) => ({ epochs: record.history, bestEpoch: record.bestEpoch })),
          ),
        })),
        synthetic: common.synthetic,
        leaky: common.leaky,
        subtitle: `${protocol.protocol} · a line a run (fold and seed)`,
      }),
      caption: `Learning curves under ${protocol.protocol}${marks(protocol)}: a line a run. The training loss includes augmentation, class weights and dropout.`,
    });
  }
  const best = scored.find(({ label }) => label === featured) ?? bestOnValidation(scored);
  const entry = best && entries.find(({ label }) => label === best.label);
  if (!best || !entry) return blocks;
  return [...blocks, ...figuresOfBest(name, protocol, entry, best, results)];
}

/** The figures of the best model on validation: its confusion matrix, its speakers, its confidence. */
function figuresOfBest(
  name: string,
  protocol: ProtocolResults,
  entry: Entry,
  best: EntryResults,
  { score }: Results,
): Block[] {
  const scores = best[score]!;
  const seeds = pooled(entry, score);
  // Predictions that no run made have no further data.
  const scaled = !best.settings.external;
  const kinds = scaled ? (["probabilities", "calibrated"] as const) : (["probabilities"] as const);
  const flags = { synthetic: protocol.synthetic, leaky: protocol.leaky };
  const model = namesIn(protocol).get(best.label)!;
  const subtitle = `${model} · ${subtitleOf(protocol, score)}`;
  const why =
    protocol.entries.length > 1 && best.validation ? ", the network with the best validation UAR" : "";
  const summed = scores.seeds.length > 1 ? `, summed over ${plural(scores.seeds.length, "seed")}` : "";
  const sexOf = new Map(seeds[0]!.clips.map(({ speaker, sex }) => [speaker, sex]));
  const speakers = best.breakdowns.speaker ?? [];
  const blocks: Block[] = [
    {
      kind: "figure",
      name: `${name}-confusion`,
      figure: confusionMatrix({ counts: scores.confusion, classes: scores.classes, subtitle, ...flags }),
      caption: `Confusion matrix of ${model}${why}, ${partUnder(protocol, score)}: clips${summed}, and shares of the true class.`,
    },
  ];
  if (speakers.length > 1)
    blocks.push({
      kind: "figure",
      name: `${name}-speakers`,
      figure: perSpeaker({
        speakers: speakers.map(({ group }) => ({
          speaker: group.slice(group.indexOf("/") + 1),
          ...(protocol.corpora.length > 1 && { group: group.slice(0, group.indexOf("/")) }),
          sex: sexOf.get(group) || undefined,
          values: seeds.map((seed) => uarWithin(seed, (i) => seed.speakers[i] === group)),
        })),
        references: [{ name: "chance", value: 1 / scores.classesInTruth.length }],
        title: "UAR by speaker",
        subtitle,
        ...flags,
      }),
      caption: `UAR of ${model} speaker by speaker, ${partUnder(protocol, score)}.`,
    });
  blocks.push({
    kind: "figure",
    name: `${name}-reliability`,
    figure: reliabilityDiagram({
      bins: 10,
      series: kinds.map((kind) => ({
        name: kind === "calibrated" ? "calibrated" : scaled ? "as trained" : "as given",
        ece: (kind === "calibrated" ? scores.eceCalibrated : scores.ece).estimate,
        confidence: seeds.flatMap(({ truth, classes, ...seed }) => [
          ...answers(seed[kind], truth, classes.length).confidence,
        ]),
        right: seeds.flatMap((seed) => seed.truth.map((truth, i) => truth === seed.predicted[i])),
      })),
      subtitle,
      ...flags,
    }),
    caption: `Confidence and correctness of ${model}, ${partUnder(protocol, score)}${scaled ? ", before and after temperature scaling fitted on validation" : ""}${summed}.`,
  });
  return blocks;
}

function bestOnValidation(entries: readonly EntryResults[]): EntryResults | undefined {
  return entries.reduce<EntryResults | undefined>((best, entry) => {
    const [own, least] = [entry.validation?.uar.estimate ?? -1, best?.validation?.uar.estimate ?? -1];
    return !best || own > least ? entry : best;
  }, undefined);
}
