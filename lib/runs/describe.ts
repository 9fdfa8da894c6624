import { formatTable } from "../base/table.js";
import { capital, percent, sentence } from "../base/text.js";
import type { ClassificationReport } from "../evaluation/classification-report.js";
import { accuracyOf, confusionIntervals, type Scored, uarOf, withInterval } from "../evaluation/interval.js";
import { type Metrics, metrics } from "../evaluation/metrics.js";
import { isBaseline } from "../models/names.js";
import type { Audit } from "../protocols/audit.js";
import { textAloneText } from "../protocols/sentence-baseline.js";
import { triedText } from "../training/history.js";
import { collapseOf } from "./collapse.js";
import type { RunRecord, StoredRun } from "./record.js";
import { featuresName, originText } from "./settings-text.js";

/**
 * The tables of a run as text: figures with 95 % intervals over speakers, by corpus, by class, and the confusion matrix.
 * They are of the test part, or of validation if the test part was not read. Shares are percentages.
 *
 * @example
 * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * console.log(describeRun(runs[0]!));
 * describeRun(runs[0]!).includes("Confusion matrix of the validation part"); // => true
 */
export function describeRun(run: StoredRun): string {
  const { record } = run;
  const { test, validation, classes, testByCorpus = {} } = record;
  const corpora = Object.entries(testByCorpus);
  const scored = test ?? validation;
  const part = test ? "test" : "validation";
  const lines: [string, ClassificationReport | Metrics][] = [
    ["validation", validation],
    ...(test ? [["test", test] as [string, ClassificationReport]] : []),
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
    scored.perClass.map((of) => [
      of.class,
      of.support,
      percent(of.precision),
      percent(of.recall),
      percent(of.f1),
    ]),
  );
  const confusion = formatTable(
    ["true \\ predicted", ...classes.map((name) => name.slice(0, 5))],
    classes.map((name, i) => [name, ...scored.confusion[i]!]),
  );
  const collapsed = collapseOf(record);
  const kind = record.synthetic ? " on SYNTHETIC clips (these figures say nothing of real voices)" : "";
  return [
    `${record.settings.training.model}, ${record.parameters} parameters${standingOn(record)}, ${record.corpora.join(" + ")}${kind}`,
    `${splitLine(record)} ${chosen(record)}`,
    ...(record.from ?? []).map(
      (origin, i) => `${i === 0 ? "Began" : "Which began"} with the weights of ${originText(origin)}.`,
    ),
    auditLine(record.audit),
    ...warnings(record),
    ...(collapsed ? [`COLLAPSED: ${collapsed}.`] : []),
    "",
    figures,
    intervalLine([run]),
    "Percentages. UAR: mean recall over the classes present; precision, recall, F1: means over all classes.",
    `Always answering the commonest class: accuracy ${percent(record.majorityAccuracy)} %.`,
    calibration(scored, record),
    "",
    `${part === "test" ? "Test" : "Validation"} part by class`,
    perClass,
    "",
    `Confusion matrix of the ${part} part (clips)`,
    confusion,
  ].join("\n");
}

function standingOn({ settings, encoder }: RunRecord): string {
  if (!encoder) return "";
  const trained = settings.training.model === "top-blocks" ? "below it frozen" : "frozen";
  return ` on ${featuresName(settings.features)} (${Math.round(encoder.parameters / 1e5) / 10} M parameters, ${trained})`;
}

/** The result of an audit in a line. */
export function auditLine({ checks, leaky, passed }: Audit): string {
  if (passed) return `Audit: all ${checks.length} checks passed.`;
  const failed = checks.filter((check) => !check.passed).map((check) => check.name);
  const kind = leaky ? "LEAKY by declaration" : "FAILED";
  return `Audit: ${kind}: ${failed.join(", ")} (${failed.length} of ${checks.length} checks failed).`;
}

function splitLine({ split, test, leaky }: RunRecord): string {
  const fold = split.name.startsWith("held-out") ? "" : `, fold ${split.fold}`;
  if (!test) return `Protocol ${split.name}${fold}; the test part was not read.`;
  const apart =
    !leaky && split.apart.length > 0 ? `the test part shares no ${split.apart.join(" and no ")}` : "";
  return `Protocol ${split.name}${fold}${apart && `: ${apart} with training and validation`}.`;
}

function warnings({ leaky, transductive, settings, text }: RunRecord): string[] {
  const alone = text?.confounded && textAloneText({ uar: text.uar.estimate, chance: text.chance });
  return [
    ...(alone ? [`TEXT-CONFOUNDED: ${alone}; figures may be of what is said.`] : []),
    ...(leaky ? ["LEAKY by declaration: these figures only show what leakage pretends."] : []),
    ...(transductive ? ["TRANSDUCTIVE: each clip was normalised by the other clips of its speaker."] : []),
    ...(settings.target === "perceived" ? ["The truth is the emotion that most listeners heard."] : []),
  ];
}

function calibration(
  { ece, calibrated }: ClassificationReport,
  { temperature, threshold }: RunRecord,
): string {
  const after = calibrated ? `, ${percent(calibrated.ece)} at temperature ${temperature.toFixed(2)}` : "";
  return `Expected calibration error ${percent(ece)} %${after}; the model abstains below ${percent(threshold)} %.`;
}

/** What was chosen on the validation part. */
function chosen({ settings, bestEpoch, history, together }: RunRecord): string {
  const { model } = settings.training;
  if (model === "majority") return "There was nothing to choose.";
  const by = together ? ` by the mean of all ${together.folds} folds` : "";
  if (isBaseline(model)) return `${capital(triedText(history[bestEpoch - 1]!))}, chosen on validation${by}.`;
  const epoch = `Epoch ${bestEpoch} of ${together ? settings.training.epochs : history.length}, chosen on validation${by}`;
  const { refit, epochs } = settings.training;
  return refit
    ? `${epoch}; what is tested was trained once more, all ${epochs} epochs, on training and validation part.`
    : `${epoch}.`;
}

/** UAR and accuracy with 95 % intervals over speakers, or why there are none. */
function intervalLine(runs: readonly StoredRun[]): string {
  const part = runs[0]!.record.test ? "test" : "validation";
  const clips = runs.flatMap(({ predictions }) => predictions.filter((clip) => clip.part === part));
  const scored: Scored = {
    classes: runs[0]!.record.classes,
    truth: clips.map(({ truth }) => truth),
    predicted: clips.map(({ predicted }) => predicted),
    speakers: clips.map(({ speaker }) => speaker),
  };
  const { uar, accuracy } = confusionIntervals([scored], { uar: uarOf, accuracy: accuracyOf });
  if ("reason" in uar) {
    const each = Object.entries(uar.perSpeaker).map(([speaker, value]) => `${speaker} ${percent(value)}`);
    return [
      capital(sentence(uar.reason)),
      ...(each.length > 1 ? [`UAR by speaker: ${each.join(", ")}.`] : []),
    ].join(" ");
  }
  const figures = `UAR ${withInterval(uar)}, accuracy ${withInterval(accuracy)}`;
  return `${capital(part)}: ${figures}, with 95 % intervals over ${uar.speakers} speakers.`;
}

/**
 * The folds of a protocol as a table, with all their clips pooled in the last row: the figure to quote.
 *
 * @param runs one per fold, all with the same settings
 * @example
 * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * console.log(describeFolds(runs));
 * describeFolds(runs).split("\n")[0]; // => "linear, savee/loso@1, 4 folds, SYNTHETIC clips"
 */
export function describeFolds(runs: readonly StoredRun[]): string {
  const records = runs.map(({ record }) => record);
  const scored = (record: RunRecord): Metrics => record.test ?? record.validation;
  const [first] = records as [RunRecord];
  const confusion = first.classes.map((_, t) =>
    first.classes.map((__, p) => records.reduce((sum, record) => sum + scored(record).confusion[t]![p]!, 0)),
  );
  const pooled = metrics(confusion, first.classes);
  const line = (name: string, validation: string, of: Metrics) => [
    ...[name, validation, of.count, percent(of.uar), percent(of.accuracy), percent(of.macro.f1)],
  ];
  const part = first.test ? "test" : "validation";
  return [
    `${first.settings.training.model}, ${first.split.name}, ${records.length} folds${first.synthetic ? ", SYNTHETIC clips" : ""}`,
    ...warnings(first),
    formatTable(
      ["fold", "validation UAR", `${part} clips`, "UAR", "accuracy", "F1"],
      [
        ...records.map((record) => line(record.split.fold, percent(record.validation.uar), scored(record))),
        line("all", "", pooled),
      ],
    ),
    intervalLine(runs),
    "Percentages; the last line is of the clips of all folds in one confusion matrix.",
  ].join("\n");
}
