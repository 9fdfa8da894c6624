import type { Clip } from "../corpora/clip.js";
import { classificationReport } from "../evaluation/classification-report.js";
import { RUN_FEATURES } from "../features/presets.js";
import type { ModelCard } from "../inference/card.js";
import { auditOf } from "../protocols/audit.js";
import { groupOf } from "../protocols/groups.js";
import type { Ledger } from "../protocols/ledger.js";
import { predictPart } from "../protocols/part.js";
import type { Refereed } from "../protocols/referee.js";
import { sentenceAnswers, type TextAlone, textAlone } from "../protocols/sentence-baseline.js";
import type { Plan } from "../protocols/types.js";
import { TRAINING } from "../training/settings.js";
import { GRAIN, type PredictedClip } from "./predictions.js";
import {
  type External,
  RUN_SCHEMA,
  type RunRecord,
  type RunSettings,
  runName,
  type StoredRun,
} from "./record.js";

/** Class probabilities by clip id, in the order of the classes. */
export type Answers = ReadonlyMap<string, readonly number[]>;

/** The source of predictions that no run of the workbench made. */
interface Given {
  settings: RunSettings;
  classes: string[];
  split: RunRecord["split"];
  name: string;
  digest: string;
  leaky: boolean;
  parameters: number;
  threshold: number;
  engine: string;
  text?: TextAlone;
}

/**
 * Scores the predictions of another system on the test parts of a protocol. The result is runs, so that tables, intervals and
 * comparisons work as for any run. Scoring a test part is a reading, which is recorded first. A clip without a prediction is
 * counted wrong: it gets the class after its own.
 *
 * @param refereed predictions by fold, as `referee` returns them
 * @param external the system; its features and settings are not known
 * @param ledger where readings are recorded
 * @returns a run for each fold
 * @throws {UserError} if the reading cannot be recorded
 * @example const runs = await externalRuns(plan, referee(plan, rows, "mine.csv"), { name: "mine", sha256 }, ledger);
 */
export async function externalRuns(
  plan: Plan,
  { answers }: Pick<Refereed, "answers">,
  external: External,
  ledger: Ledger,
): Promise<StoredRun[]> {
  const runs: StoredRun[] = [];
  const { protocol, classes, leaky } = plan;
  const alone = sentenceAnswers(plan);
  const text = alone && textAlone(alone);
  for (const fold of plan.folds) {
    const settings: RunSettings = {
      ...{ protocol, fold: fold.name, features: RUN_FEATURES.logmel, training: TRAINING },
      ...{ target: "intended", score: "test", external },
    };
    const { name, clips: digest } = runName(settings, fold, plan.clips);
    const split = {
      ...{ name: protocol, fold: fold.name, description: fold.description },
      ...{ apart: plan.apart, validationApart: plan.validationApart },
      ...{ train: fold.train.length, validation: fold.validation.length, test: fold.test.length },
    };
    const given = { settings, name, digest, classes, leaky, split, ...NOTHING_KNOWN, ...(text && { text }) };
    const question = { plan, fold, part: "test", ledger, run: name } as const;
    const answerOf = answers.get(fold.name);
    const wrong = ({ emotion }: Clip) =>
      certain((classes.indexOf(emotion) + 1) % classes.length, classes.length);
    const run = await predictPart(question, ({ clips }) =>
      asRun(clips, new Map(clips.map((clip) => [clip.id, answerOf?.get(clip.id) ?? wrong(clip)])), given),
    );
    runs.push(run);
  }
  return runs;
}

const NOTHING_KNOWN = { parameters: 0, threshold: 0, engine: "another system's" };

/** 1 for one class, 0 for the others. */
export function certain(index: number, classes: number): number[] {
  return Array.from({ length: classes }, (_, c) => Number(c === index));
}

/** The protocol name, in a report, of labelled clips outside any protocol. */
export const GIVEN_CLIPS = "labelled clips";

/**
 * The predictions of a saved model for labelled clips, as a run.
 *
 * @param sha256 of its weights
 * @param clips all with a prediction in `answers`
 */
export function evaluatedRun(
  card: ModelCard,
  sha256: string,
  clips: readonly Clip[],
  answers: Answers,
): StoredRun {
  const { run, model, parameters, threshold, engine, classes } = card;
  const settings: RunSettings = {
    ...{ protocol: GIVEN_CLIPS, fold: "1", features: RUN_FEATURES.logmel, training: TRAINING },
    ...{ target: "intended", score: "test", external: { name: model, sha256 } },
  };
  const none = { train: 0, validation: 0, test: clips.length };
  return asRun(clips, answers, {
    ...{ settings, name: run, digest: "", classes, leaky: false, parameters, threshold, engine },
    split: {
      ...{ name: GIVEN_CLIPS, fold: "1", description: "clips that were given" },
      ...{ apart: [], validationApart: [], ...none },
    },
  });
}

function asRun(clips: readonly Clip[], answers: Answers, given: Given): StoredRun {
  const { classes, digest, text, ...own } = given;
  const predictions = clips.map((clip): PredictedClip => {
    const { id, corpus, sex = "", sentence, sentenceId, intensity = "", emotion } = clip;
    // Rounded as for the predictions of a run.
    const probabilities = answers.get(id)!.map((p) => Math.round(GRAIN * p) / GRAIN);
    return {
      ...{ id, part: "test", corpus, speaker: groupOf(clip, "speaker")!, sex, intensity, probabilities },
      sentence: sentence ?? sentenceId ?? "",
      truth: classes.indexOf(emotion),
      predicted: probabilities.indexOf(Math.max(...probabilities)),
    };
  });
  const figures = classificationReport(
    Float32Array.from(predictions.flatMap(({ probabilities }) => probabilities)),
    predictions.map(({ truth }) => truth),
    classes,
  );
  return {
    predictions,
    record: {
      ...{ schema: RUN_SCHEMA, classes: [...classes], clips: digest, ...own },
      ...{ synthetic: clips.some((clip) => clip.synthetic), transductive: false },
      corpora: [...new Set(clips.map(({ corpus }) => corpus))],
      audit: auditOf([], own.leaky),
      ...(text && { text }),
      environment: { node: "", platform: "", cpu: "", cores: 0 },
      ...{ bestEpoch: 0, history: [], temperature: 1, validation: figures, test: figures },
      ...{ majorityAccuracy: 0, broken: [], seconds: { features: 0, training: 0 } },
    },
  };
}
