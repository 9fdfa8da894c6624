import { assertWritable } from "../base/atomic.js";
import { Interrupted, UserError } from "../base/errors.js";
import { Progress } from "../base/progress.js";
import type { Clip } from "../corpora/clip.js";
import { classesOf } from "../corpora/registry.js";
import { type ExtractOptions, extractClips } from "../features/corpus.js";
import { findModel } from "../inference/find.js";
import { type EmotionModel, loadModel } from "../inference/model.js";
import { type Ledger, userLedger } from "../protocols/ledger.js";
import { predictPart } from "../protocols/part.js";
import { type Answers, evaluatedRun } from "../runs/answered.js";
import { type Heard, heardBy } from "../runs/heard.js";
import type { StoredRun } from "../runs/record.js";
import { entriesOf } from "./entries.js";
import { Evaluation } from "./evaluation.js";

/** What {@link evaluate} takes beside the model and the clips. */
export interface EvaluateOptions extends Pick<ExtractOptions, "signal" | "quiet" | "threads"> {
  /** Also evaluates clips that the model was trained on, and says so; default: an error. */
  evenTraining?: boolean;
  /** Where a reading of clips of the model's own test part is recorded; default: the user's ledger. */
  ledger?: Ledger;
  /** Clips of the known corpora on this machine; their samples are compared, to find copies of training clips under other names. */
  reference?: () => Promise<readonly Clip[]>;
  /** Of every interval; default 9999. */
  resamples?: number;
}

/** An evaluation of a saved model, with what became of the clips. */
export class ModelEvaluation extends Evaluation {
  /** The answers as a run. */
  readonly run: StoredRun;
  readonly facts: EvaluationFacts;

  /** Made by {@link evaluate}. */
  constructor(run: StoredRun, facts: EvaluationFacts, resamples?: number) {
    super(entriesOf([run])[0]!, "test", { resamples });
    this.run = run;
    this.facts = facts;
  }
}

/** What became of the clips of an evaluation. */
export interface EvaluationFacts {
  /** Labels that the model does not know, with the number of their clips, which are left out. */
  unknown: Record<string, number>;
  /** Calm clips that count as neutral, since the model knows no calm. */
  calm: number;
  /** The model's classes that no clip has. */
  absent: string[];
  /** Clips that could not be read. */
  broken: { id: string; error: string }[];
  /** Clips that might be copies of training clips under other names, but could not be compared: the corpora are not on this machine. */
  notCompared: number;
  /** Ids of the clips that the model was trained, validated and tested on; absent if its card does not say. */
  heard?: { trained: string[]; validated: string[]; tested: string[] };
}

/**
 * Evaluates a saved model on labelled clips. Clips with a label that the model does not know are left out and counted; UAR is the
 * mean over the labels that occur. Clips that the model was trained on are refused. If clips are of the test part of the model's own
 * protocol, the reading is recorded in the ledger first.
 *
 * @param model a loaded model, its folder, the folder of its run, or the run's name
 * @param clips as `loadClips` or `readManifest` give them
 * @throws {UserError} if the model was trained on some of the clips (unless `evenTraining`), or knows none of their labels
 * @example
 * const evaluation = await evaluate(await findModel(), await readManifest("clips.csv"));
 * evaluation.n; // => 480
 * evaluation.bySpeaker().map(({ group }) => group); // => ["own/DC", "own/JE", "own/JK", "own/KL"]
 */
export async function evaluate(
  model: EmotionModel | string,
  clips: readonly Clip[],
  options: EvaluateOptions = {},
): Promise<ModelEvaluation> {
  const loaded =
    typeof model === "string" ? await loadModel(await findModel(model), { threshold: 0 }) : model;
  const { card } = loaded;
  const merged = !card.classes.includes("calm") && card.classes.includes("neutral");
  const treated = merged
    ? clips.map((clip) => (clip.emotion === "calm" ? { ...clip, emotion: "neutral" } : clip))
    : clips;
  const own = treated.filter(({ emotion }) => card.classes.includes(emotion));
  const unknown: Record<string, number> = {};
  for (const { emotion } of treated)
    if (!card.classes.includes(emotion)) unknown[emotion] = (unknown[emotion] ?? 0) + 1;
  if (own.length === 0)
    throw new UserError(
      `no clip has a label that the model knows: it knows ${card.classes.join(", ")}, and the clips have ${classesOf(clips).join(", ") || "none"}`,
    );
  const heard = await heardBy(card, clips, options.reference);
  // Clips of other corpora than the model's are none that it was trained on, whatever else is known.
  const strange = clips.every(({ corpus }) => !card.corpora.includes(corpus));
  const none: EvaluationFacts["heard"] = { trained: [], validated: [], tested: [] };
  const parts = heard ? sorted(own, heard, card.refit === true) : strange ? none : undefined;
  if (parts && parts.trained.length > 0 && !options.evenTraining) throw trainedOn(parts.trained, card.run);
  const { ledger = userLedger() } = options;
  if (own.some(({ id }) => heard?.parts.get(id) === "test"))
    await assertWritable(ledger.folder, "readings of test clips are recorded there");
  const features = await extractClips(own, card.features, options);
  const judge = (some: readonly Clip[]) =>
    judged(loaded, features, new Set(some.map(({ id }) => id)), options);
  const answers = await read(features.clips, heard, judge, { run: card.run, ledger });
  if (features.clips.length === 0) throw new UserError("no clip could be read");
  const run = evaluatedRun(card, loaded.sha256, features.clips, answers);
  const there = new Set(features.clips.map(({ emotion }) => emotion));
  const facts = {
    unknown,
    notCompared: heard?.notCompared ?? 0,
    calm: merged ? clips.filter(({ emotion }) => emotion === "calm").length : 0,
    absent: card.classes.filter((name) => !there.has(name)),
    broken: features.broken.map(({ clip, error }) => ({
      id: clip.id,
      error: error.replaceAll(clip.path, clip.id),
    })),
    ...(parts && { heard: parts }),
  };
  return new ModelEvaluation(run, facts, options.resamples);
}

function trainedOn(ids: readonly string[], run: string): UserError {
  const some = ids.slice(0, 5).join(", ");
  return new UserError(
    `${ids.length} of the clips ${ids.length === 1 ? "is" : "are"} among those that the model ${run} was trained on (${some}${ids.length > 5 ? ", ..." : ""}; known by id, file name, published bytes or equal samples), so that figures would flatter: leave them out, or evaluate them marked as such (--even-training, evenTraining: true)`,
  );
}

function sorted(clips: readonly Clip[], { parts }: Heard, refit: boolean): EvaluationFacts["heard"] & object {
  const of = (...wanted: string[]) =>
    clips.map(({ id }) => id).filter((id) => wanted.includes(parts.get(id) ?? ""));
  return refit
    ? { trained: of("train", "validation", "refit"), validated: [], tested: of("test") }
    : { trained: of("train"), validated: of("validation"), tested: of("test") };
}

type Judge = (clips: readonly Clip[]) => Promise<Map<string, number[]>>;

/** The answers; those to clips of the model's test part once the reading is written down. */
async function read(
  clips: readonly Clip[],
  heard: Heard | undefined,
  judge: Judge,
  { run, ledger }: { run: string; ledger: Ledger },
): Promise<Answers> {
  const tested = clips.filter(({ id }) => heard?.parts.get(id) === "test");
  const others = clips.filter((clip) => !tested.includes(clip));
  if (!heard || tested.length === 0) return judge(clips);
  const { plan, fold, known } = heard;
  const wanted = new Set(tested.map(({ id }) => known.get(id)!));
  const part = { ...fold, test: fold.test.filter((id) => wanted.has(id)) };
  const answers = await predictPart({ plan, fold: part, part: "test", ledger, run }, () => judge(tested));
  return new Map([...answers, ...(await judge(others))]);
}

async function judged(
  model: EmotionModel,
  features: { clips: readonly Clip[]; matrix(index: number): Parameters<EmotionModel["judgeFeatures"]>[0] },
  wanted: ReadonlySet<string>,
  { signal, quiet }: EvaluateOptions,
): Promise<Map<string, number[]>> {
  const progress = new Progress("judging", wanted.size, { quiet });
  const answers = new Map<string, number[]>();
  try {
    for (const [i, { id }] of features.clips.entries()) {
      if (!wanted.has(id)) continue;
      if (i % 64 === 0) await new Promise(setImmediate);
      if (signal?.aborted) throw new Interrupted("stopped: nothing was written");
      answers.set(id, [...(await model.judgeFeatures(features.matrix(i)))]);
      progress.step();
    }
  } finally {
    progress.clear();
  }
  return answers;
}
