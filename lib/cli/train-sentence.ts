import { UserError } from "../base/errors.js";
import { formatTable } from "../base/table.js";
import { percent } from "../base/text.js";
import { withInterval } from "../evaluation/interval.js";
import { confusionCounts, metrics } from "../evaluation/metrics.js";
import {
  type SentenceAnswers,
  sentenceAnswers,
  type TextAlone,
  textAlone,
  whyUnknown,
} from "../protocols/sentence-baseline.js";
import type { Plan, Split } from "../protocols/types.js";
import { printJson } from "./common.js";

/**
 * `ser train --model sentence`: prints the sentence baseline of a protocol as a table. It uses the metadata alone, so it makes
 * no run and no reading of a test part.
 *
 * @param folds the folds of the plan that were asked for
 * @throws {UserError} if the sentence of a clip is unknown
 */
export function trainSentence(plan: Plan, folds: readonly Split[], json = false): void {
  const part = { ...plan, folds: [...folds] };
  const answers = sentenceAnswers(part);
  if (!answers) throw new UserError(`the sentence baseline cannot be computed: ${whyUnknown(plan.clips)}`);
  const text = textAlone(answers);
  const each = folds.map((fold, f) => ({ fold: fold.name, ...foldScores(fold, answers, f) }));
  const { protocol, classes } = plan;
  if (json) printJson({ protocol, model: "sentence", classes, ...text, folds: each });
  else process.stdout.write(`${describe(protocol, text, each)}\n`);
}

interface FoldScores {
  /** Clips that the table was learnt from. */
  learnt: number;
  /** Clips that it was tested on. */
  clips: number;
  uar: number;
  accuracy: number;
}

function foldScores(
  { train, validation, refit = [] }: Split,
  { classes, truth, predicted, folds }: SentenceAnswers,
  f: number,
): FoldScores {
  const own = folds.flatMap((fold, i) => (fold === f ? [i] : []));
  const pick = (values: readonly number[]) => own.map((i) => values[i]!);
  const { uar, accuracy } = metrics(confusionCounts(pick(truth), pick(predicted), classes.length), classes);
  return {
    learnt: train.length + validation.length + refit.length,
    clips: own.length,
    uar,
    accuracy,
  };
}

function describe(protocol: string, text: TextAlone, each: readonly (FoldScores & { fold: string })[]) {
  const { uar, chance, p, confounded } = text;
  const none = "reason" in uar ? ` (${uar.reason})` : "";
  const mark = confounded
    ? `\nTEXT-CONFOUNDED (p = ${p}): a network that recognises words may score well here without recognising any emotion.`
    : "";
  return [
    `${protocol}: the label predicted from the sentence alone, learnt on each fold's other clips.`,
    "It uses the metadata alone: no run is made, and no test part is read.",
    "",
    formatTable(
      ["fold", "learnt on", "test", "UAR", "accuracy"],
      each.map(({ fold, learnt, clips, uar, accuracy }) => [
        fold,
        learnt,
        clips,
        percent(uar),
        percent(accuracy),
      ]),
    ),
    "",
    `All folds together: UAR ${withInterval(uar)} %${none}, chance ${percent(chance)} %.${mark}`,
  ].join("\n");
}
