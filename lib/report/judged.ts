import { entriesOf } from "../analysis/entries.js";
import type { ModelEvaluation } from "../analysis/evaluate.js";
import { type Results, resultsOf } from "../analysis/results.js";
import type { ScoreFacts } from "../analysis/score.js";
import { capital, percent, plural, sentence } from "../base/text.js";
import { abstentionAt } from "../evaluation/abstention.js";
import { withInterval } from "../evaluation/interval.js";
import type { RecordedExperiment } from "../experiments/known.js";
import { countReadings } from "../experiments/readings.js";
import { GIVEN_CLIPS } from "../runs/answered.js";
import type { StoredRun } from "../runs/record.js";
import { type Block, piecesOf } from "./document.js";
import { howToRead } from "./methods.js";
import { pairTable } from "./pairs.js";
import { figureBlocks, protocolBlocks } from "./protocol.js";
import { drawReport, type Report, type ReportOptions } from "./report.js";
import { heading, paragraph, warning } from "./words.js";

/**
 * The report of predictions without an experiment: those of another system under a protocol, or those of a saved model for
 * labelled clips. It has the same tables, intervals, comparisons and pictures as a report, from the same functions.
 *
 * @param experiment the predictions as runs, with the recorded runs that they are compared with
 * @param about the title, the opening, what follows the figures, and whose confusion matrix is drawn
 * @example await judgedReport(experiment, { title: "Predictions of mine", opening: [], featured: "mine" })
 */
export async function judgedReport(
  experiment: RecordedExperiment,
  about: { title: string; opening: readonly Block[]; closing?: readonly Block[]; featured: string },
  options: ReportOptions = {},
): Promise<Report> {
  const json: Results = resultsOf(experiment, options);
  const entries = entriesOf(experiment.runs);
  const { title, opening, closing = [], featured } = about;
  const blocks: Block[] = [
    { kind: "heading", level: 1, text: title },
    ...opening,
    ...json.protocols.flatMap((protocol) => {
      const own = entries.filter((entry) => entry.protocol === protocol.protocol);
      const given = protocol.protocol === GIVEN_CLIPS;
      const section = given ? figureBlocks : protocolBlocks;
      return [...section(protocol, own, json, featured), ...pairTable(protocol)];
    }),
    ...closing,
    heading("How to read the figures"),
    ...howToRead(json),
  ];
  return drawReport(title, blocks, json, options);
}

/** How many clips without a prediction are named. */
const NAMED = 20;

/** The scored file, its missing predictions, and the number of readings. */
export function scoreOpening(
  experiment: RecordedExperiment,
  { path, plan, external, refereed, notes }: ScoreFacts,
  leftOut: boolean,
): Block[] {
  const { missing, ignored } = refereed;
  const name = path.replace(/^.*[\\/]/, "");
  const { shown } = countReadings(experiment);
  const absent = [...missing].flatMap(([fold, ids]) => (ids.length > 0 ? [{ fold, ids }] : []));
  const all = absent.flatMap(({ ids }) => ids);
  const whole = absent.filter(
    ({ fold, ids }) => ids.length === plan.folds.find((f) => f.name === fold)?.test.length,
  );
  return [
    paragraph([
      `Predictions of `,
      { strong: external.name },
      ` (${name}, SHA-256 `,
      { code: external.sha256.slice(0, 16) },
      `) on the test parts of ${plan.protocol}. The workbench knows nothing of how they were made.`,
    ]),
    paragraph(
      `These test parts were scored ${plural(shown, "time")} for this file, a fold each time; ${plural(experiment.readings.entries.length, "reading")} in all for what is called so.`,
    ),
    ...[
      ...(external.labels
        ? ["there are labels alone: AUC, ECE and Brier score are of certainties, 0 or 1, and say little"]
        : []),
      ...notes,
      ...(ignored > 0
        ? [
            `${plural(ignored, "row")} of clips that the fold does not test, such as those of validation, count for nothing`,
          ]
        : []),
    ].map((note) => paragraph(capital(sentence(note)))),
    ...(all.length > 0
      ? [
          warning(
            `${plural(all.length, "test clip")} of ${plan.folds.reduce((sum, { test }) => sum + test.length, 0)} without an answer: ${leftOut ? "left out, so that the figures are of the others" : "counted wrong, as the class behind their own"}${whole.length > 0 ? `; nothing at all for fold ${whole.map(({ fold }) => fold).join(", ")}` : ""}. ${all.slice(0, NAMED).join(", ")}${all.length > NAMED ? ", ..." : ""}`,
          ),
        ]
      : []),
  ];
}

/** The text for a terminal: the opening and the main figures. */
export function summaryOf(results: Results, opening: readonly Block[], label: string): string {
  const told = opening.flatMap((block) =>
    block.kind === "paragraph" || block.kind === "warning"
      ? [
          piecesOf(block.text)
            .map((piece) => (typeof piece === "string" ? piece : Object.values(piece)[0]))
            .join(""),
        ]
      : [],
  );
  const lines = results.protocols.flatMap(({ protocol, entries, pairs, text }) => {
    const scores = entries.find((entry) => entry.label === label)?.test;
    if (!scores) return [];
    const { uar, accuracy, macroF1, kappa, n, speakers, classesInTruth } = scores;
    const figures = `UAR ${withInterval(uar)} %, accuracy ${withInterval(accuracy)} %, macro F1 ${withInterval(macroF1)} %, kappa ${kappa.estimate.toFixed(2)}`;
    const own = pairs.filter(({ first, second }) => first === label || second === label);
    return [
      `${protocol}: ${plural(n, "clip")} of ${plural(speakers, "speaker")}, ${classesInTruth.length} classes, chance ${percent(1 / classesInTruth.length)} %`,
      figures,
      ...("reason" in uar ? [capital(sentence(uar.reason))] : []),
      ...(text?.confounded
        ? [`TEXT-CONFOUNDED: the sentence alone has ${percent(text.uar.estimate)} %.`]
        : []),
      ...own.map(({ first, second, comparison, holmP }) => {
        const p = comparison.note ?? `p ${comparison.p.toPrecision(2)}, corrected ${holmP.toPrecision(2)}`;
        return `${first} − ${second}: ${withInterval(comparison.difference)} points, ${p}`;
      }),
    ];
  });
  return [...told, "", ...lines].join("\n");
}

/** The evaluated clips, those left out, and those that the model was trained on. */
export function evaluationOpening(evaluation: ModelEvaluation): Block[] {
  const { facts, run } = evaluation;
  const { unknown, absent, broken, heard, calm } = facts;
  const left = Object.entries(unknown).map(([label, clips]) => `${plural(clips, "clip")} of ${label}`);
  const notes = [
    ...(left.length > 0 ? [`left out, since the model does not know these labels: ${left.join(", ")}`] : []),
    ...(calm > 0 ? [`${plural(calm, "clip")} of calm count as neutral, since the model knows no calm`] : []),
    ...(absent.length > 0
      ? [
          `no clip is of ${absent.join(", ")}, which the model may answer: UAR is over the ${plural(evaluation.classesInTruth.length, "label")} that there are, macro F1 over all ${evaluation.classes.length}, those of which no clip is counting 0`,
        ]
      : []),
    ...(facts.notCompared > 0
      ? [
          `${plural(facts.notCompared, "clip")} could be copies of training clips under other names: the corpora that the model was trained on are not under --data, so that samples were not compared`,
        ]
      : []),
    ...broken.map(({ id, error }) => `left out ${id}: ${error}`),
    ...(heard
      ? []
      : [
          "which clips the model was trained on is not known of its card: if they are among these, the figures flatter",
        ]),
    ...(heard && heard.validated.length > 0
      ? [
          `${plural(heard.validated.length, "clip")} chose the model's epoch or penalty, so that its figures on them flatter a little`,
        ]
      : []),
    ...(heard && heard.tested.length > 0
      ? [
          `${plural(heard.tested.length, "clip")} ${heard.tested.length === 1 ? "is" : "are"} of the test part of the model's own protocol: the reading is written down`,
        ]
      : []),
  ];
  return [
    paragraph([
      "The model ",
      { code: run.record.name },
      ` on ${plural(evaluation.n, "clip")} of ${plural(evaluation.speakers, "speaker")} (${run.record.corpora.join(", ")}), ${evaluation.classesInTruth.length} of its ${evaluation.classes.length} classes: ${evaluation.classesInTruth.join(", ")}.`,
    ]),
    ...notes.map((note) => paragraph(capital(sentence(note)))),
    ...(heard && heard.trained.length > 0
      ? [
          warning(
            `EVEN TRAINING CLIPS: the model was trained on ${heard.trained.length} of these clips. These figures are no result.`,
          ),
        ]
      : []),
  ];
}

/** Coverage and accuracy at the model's threshold on these clips. */
export function abstentionBlocks({ record, predictions }: StoredRun): Block[] {
  const { classes, threshold } = record;
  if (threshold === 0) return [];
  const { coverage, accuracy } = abstentionAt(
    Float32Array.from(predictions.flatMap(({ probabilities }) => probabilities)),
    predictions.map(({ truth }) => truth),
    predictions.map(({ speaker }) => speaker),
    classes.length,
    threshold,
  );
  return [
    { kind: "heading", level: 2, text: "Abstention" },
    paragraph(
      `Below a confidence of ${percent(threshold)} % the model gives no answer. Of these clips it answers ${withInterval(coverage)} %${accuracy ? `, and of those it answers ${withInterval(accuracy)} % are right` : ""}.`,
    ),
  ];
}

/** The figures as JSON, without what only a run of the workbench has, such as settings and audits. */
export function judgedJson({ experiment, protocols, readings }: Results): object {
  return {
    name: experiment,
    readings,
    protocols: protocols.map(({ entries, folds: _, source: __, ...protocol }) => ({
      ...protocol,
      entries: entries.map(({ settings, parameters: ___, ...entry }) => ({
        ...entry,
        ...(settings.external ? { external: settings.external } : { settings }),
      })),
    })),
  };
}
