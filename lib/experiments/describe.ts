import { formatTable } from "../base/table.js";
import type { Metrics } from "../evaluation/metrics.js";
import type { RunRecord } from "./record.js";

/** The tables of a run as text: figures by corpus, by class, and the confusion matrix. Shares are percentages. */
export function describeRun(record: RunRecord): string {
  const { test, validation, classes, testByCorpus } = record;
  const corpora = Object.entries(testByCorpus);
  const lines: [string, Metrics][] = [
    ["validation", validation],
    ["test", test],
    ...(corpora.length > 1
      ? corpora.map(([name, figures]): [string, Metrics] => [`  test, ${name}`, figures])
      : []),
  ];
  const figures = formatTable(
    ["part", "clips", "classes", "UAR", "chance", "accuracy", "precision", "recall", "F1", "F1 weighted"],
    lines.map(([part, of]) => [
      part,
      of.count,
      of.classesInTruth.length,
      percent(of.uar),
      percent(1 / of.classesInTruth.length),
      percent(of.accuracy),
      percent(of.macro.precision),
      percent(of.macro.recall),
      percent(of.macro.f1),
      percent(of.weighted.f1),
    ]),
  );
  const perClass = formatTable(
    ["class", "clips", "precision", "recall", "F1"],
    test.perClass.map((of) => [
      of.class,
      of.support,
      percent(of.precision),
      percent(of.recall),
      percent(of.f1),
    ]),
  );
  const confusion = formatTable(
    ["true \\ predicted", ...classes.map((name) => name.slice(0, 5))],
    classes.map((name, i) => [name, ...test.confusion[i]!]),
  );
  const kind = record.synthetic ? " on SYNTHETIC clips (these figures say nothing of real voices)" : "";
  return [
    `${record.settings.training.model}, ${record.parameters} parameters, ${record.corpora.join(" + ")}${kind}`,
    `Speakers of the test part were never heard in training. ${chosen(record)}`,
    "",
    figures,
    "Percentages. UAR: mean recall over the classes present; precision, recall, F1: means over all classes.",
    `Always answering the commonest class: accuracy ${percent(record.majorityAccuracy)} %.`,
    "",
    "Test part by class",
    perClass,
    "",
    "Confusion matrix of the test part (clips)",
    confusion,
  ].join("\n");
}

/** What the validation part chose. */
function chosen({ settings, bestEpoch, history }: RunRecord): string {
  const { model } = settings.training;
  if (model === "majority") return "There was nothing to choose.";
  if (model === "linear") return `Penalty ${history[bestEpoch - 1]!.learningRate}, chosen on validation.`;
  return `Epoch ${bestEpoch} of ${history.length}, chosen on validation.`;
}

/** A share as a percentage with one decimal. */
function percent(share: number): string {
  return (100 * share).toFixed(1);
}
