import type { NoiseKind } from "../audio/noise.js";
import type { Segment } from "../audio/segment.js";
import { UsageError, UserError } from "../base/errors.js";
import { runPool } from "../base/pool.js";
import { Progress } from "../base/progress.js";
import { random } from "../base/random.js";
import { byText } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import { accuracyOf, confusionIntervals, estimateOf, type Interval, uarOf } from "../evaluation/interval.js";
import type { Figure } from "../figures/figure.js";
import { noiseRobustness } from "../figures/noise-robustness.js";
import { loadModel } from "../inference/model.js";
import type { Ledger } from "../protocols/ledger.js";
import { type OpenPart, predictPart } from "../protocols/part.js";
import type { Plan, Split } from "../protocols/types.js";
import type { RobustnessAnswer, RobustnessTask } from "./robustness.worker.js";

/** Voices of a babble. */
const VOICES = 6;

/** The figures of a model at one noise level. */
export interface NoiseLevel {
  /** Signal-to-noise ratio in dB, or "clean" without added noise. */
  snr: number | "clean";
  uar: Interval;
  accuracy: Interval;
}

/** The accuracy of a model under added noise. */
export interface Robustness {
  /** `name@version`. */
  protocol: string;
  fold: string;
  part: "validation" | "test";
  noise: NoiseKind;
  classes: string[];
  /** The classes that occur in the truth: chance level is 1 over their number. */
  classesInTruth: string[];
  synthetic: boolean;
  leaky: boolean;
  /** From clean to the lowest signal-to-noise ratio. */
  levels: NoiseLevel[];
  /** Clips that could not be read. */
  broken: { id: string; error: string }[];
}

/** Options of {@link robustness}. */
export interface RobustnessOptions {
  /** Signal-to-noise ratios in dB, -100 to 200; default 30, 20, 10, 5, 0. */
  snrs?: readonly number[];
  /** `white`, `pink` or `babble`; default white. */
  noise?: NoiseKind;
  /** Seed of the noise; default 1. */
  seed?: number;
  /** Worker threads; default: one per core. */
  threads?: number;
  signal?: AbortSignal;
  /** No progress bar. */
  quiet?: boolean;
  /** Where a reading of the test part is recorded; default: the user's ledger. */
  ledger?: Ledger;
  /** The run whose model it is, for the ledger. */
  run?: string;
}

/**
 * Measures the UAR and accuracy of a trained model under added noise, as a function of the signal-to-noise ratio, on one
 * part of a fold. Noise is added to the whole clip before trimming and feature extraction:
 * `SNR = 10 log10(signal power / noise power)`, over the whole clip including pauses. Each clip has its own noise, which
 * differs between levels only in its gain: white (Gaussian), pink (1/f), or babble (a mix of six training clips of other
 * speakers).
 *
 * @param model folder of the model, which must have been trained on this fold
 * @param plan of the model's protocol
 * @param fold of the plan
 * @param part whose clips are predicted; each reading of a test part is recorded in the ledger first
 * @throws {UsageError} if a ratio is not a number from -100 to 200
 * @throws {UserError} if the part has no clips, none of them can be read, or the model cannot be loaded or has other classes
 * @example
 * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * const model = `results/runs/savee-loso/${runs[0]!.record.name}/model`;
 * const plan = protocolNamed("savee/loso").plan(await loadClips("data"));
 * const { levels } = await robustness(model, plan, plan.folds[0]!, "validation", { snrs: [0], quiet: true });
 * levels.map(({ snr }) => snr); // => ["clean", 0]
 * levels[1]!.uar.estimate < levels[0]!.uar.estimate; // => true
 */
export async function robustness(
  model: string,
  plan: Plan,
  fold: Split,
  part: "validation" | "test",
  options: RobustnessOptions = {},
): Promise<Robustness> {
  const { snrs = [30, 20, 10, 5, 0], ledger, run } = options;
  const levels = levelsOf(snrs);
  if (fold[part].length === 0)
    throw new UserError(`${plan.protocol}, fold ${fold.name}, has no ${part} clips`);
  // Known now rather than in each worker, after the reading was recorded.
  const { card } = await loadModel(model, { threshold: 0 });
  assertSameClasses(card.classes, plan);
  const question = { plan, fold, part, ledger, run };
  return predictPart(question, (opened) => hear(opened, { model, plan, fold }, { ...options, snrs: levels }));
}

/** @throws {UserError} for a model whose outputs are other classes than the protocol's, or in another order */
function assertSameClasses(classes: readonly string[], plan: Plan): void {
  if (classes.join("\n") === plan.classes.join("\n")) return;
  throw new UserError(
    `the model knows ${classes.join(", ")}, and ${plan.protocol} has ${plan.classes.join(", ")}: give the protocol that it was trained under`,
  );
}

/** The predictions of the model for the clips of a part, clean and under noise. */
async function hear(
  open: OpenPart,
  { model, plan, fold }: { model: string; plan: Plan; fold: Split },
  options: RobustnessOptions & { snrs: readonly number[] },
): Promise<Robustness> {
  const { noise = "white", seed = 1, threads, signal, quiet, snrs } = options;
  const { part, clips } = open;
  const others = noise === "babble" ? clipsOf(plan, fold.train) : [];
  const tasks = clips.map((clip): RobustnessTask => {
    const name = `${seed}/robustness/${clip.id}`;
    const { path, start, end } = clip;
    return { model, path, start, end, noise, snrs, seed: name, voices: voicesFor(clip, others, name) };
  });
  const answers = new Map<string, { clean: number; noisy: number[] }>();
  const broken: Robustness["broken"] = [];
  const progress = new Progress(`${noise} noise`, clips.length, { quiet });
  const pool = runPool<RobustnessTask, RobustnessAnswer>("runs/robustness.worker", tasks, {
    threads,
    signal,
  });
  for await (const { index, result } of pool) {
    const { id, path } = clips[index]!;
    // Results contain no paths.
    if ("error" in result) broken.push({ id, error: result.error.replaceAll(path, id) });
    else answers.set(id, result);
    progress.step();
  }
  progress.done();
  if (answers.size === 0) throw new UserError(`no clip of the ${part} part could be read`);
  const heard = clips.filter(({ id }) => answers.has(id));
  const at = (level: number) =>
    figuresOf(plan, heard, (clip) => {
      const { clean, noisy } = answers.get(clip.id)!;
      return level < 0 ? clean : noisy[level]!;
    });
  const present = new Set<string>(heard.map(({ emotion }) => emotion));
  return {
    protocol: plan.protocol,
    fold: fold.name,
    ...{ part, noise },
    classes: plan.classes,
    classesInTruth: plan.classes.filter((name) => present.has(name)),
    synthetic: heard.some(({ synthetic }) => synthetic),
    leaky: plan.leaky,
    levels: [{ snr: "clean", ...at(-1) }, ...snrs.map((snr, i): NoiseLevel => ({ snr, ...at(i) }))],
    broken: broken.sort((a, b) => byText(a.id, b.id)),
  };
}

/**
 * Draws UAR against the signal-to-noise ratio, one line for each result, with the chance level.
 *
 * @param results of {@link robustness} for one model, fold and part, one for each kind of noise
 * @param model its name, for the subtitle
 * @throws {RangeError} without results
 * @example
 * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * const model = `results/runs/savee-loso/${runs[0]!.record.name}/model`;
 * const plan = protocolNamed("savee/loso").plan(await loadClips("data"));
 * const white = await robustness(model, plan, plan.folds[0]!, "validation", { snrs: [10], quiet: true });
 * await saveFigure(robustnessFigure([white], "linear"), "robustness.svg");
 */
export function robustnessFigure(results: readonly Robustness[], model: string): Figure {
  const [first] = results;
  if (!first) throw new RangeError("a figure of noise needs at least one result");
  return noiseRobustness({
    series: results.map(({ noise, levels }) => ({
      name: `${noise} noise`,
      points: levels.map(({ snr, uar }) => ({ snr, ...estimateOf(uar) })),
    })),
    references: [{ name: "chance", value: 1 / first.classesInTruth.length }],
    subtitle: `${model} · ${first.protocol}, fold ${first.fold}, ${first.part} · ${first.levels[0]!.uar.n} clips`,
    synthetic: first.synthetic,
    leaky: first.leaky,
  });
}

function figuresOf(plan: Plan, clips: readonly Clip[], answer: (clip: Clip) => number) {
  const scored = {
    classes: plan.classes,
    truth: clips.map(({ emotion }) => plan.classes.indexOf(emotion)),
    predicted: clips.map(answer),
    speakers: clips.map(({ corpus, speaker }) => `${corpus}/${speaker}`),
  };
  return confusionIntervals([scored], { uar: uarOf, accuracy: accuracyOf });
}

function clipsOf(plan: Plan, ids: readonly string[]): Clip[] {
  const wanted = new Set(ids);
  return plan.clips.filter(({ id }) => wanted.has(id));
}

/** Clips of up to six other speakers; if there are fewer speakers, several clips of one. */
function voicesFor(clip: Clip, others: readonly Clip[], seed: string): Segment[] {
  const strangers = random(`${seed}/voices`)
    .shuffle(others)
    .filter(({ corpus, speaker }) => corpus !== clip.corpus || speaker !== clip.speaker);
  const seen = new Set<string>();
  const [firsts, rest]: [Clip[], Clip[]] = [[], []];
  for (const stranger of strangers) {
    const who = `${stranger.corpus}/${stranger.speaker}`;
    (seen.has(who) ? rest : firsts).push(stranger);
    seen.add(who);
  }
  return [...firsts, ...rest].slice(0, VOICES).map(({ path, start, end }) => ({ path, start, end }));
}

function levelsOf(snrs: readonly number[]): number[] {
  const wrong = snrs.find((snr) => !(snr >= -100 && snr <= 200));
  if (wrong !== undefined)
    throw new UsageError(`${wrong} is not a signal-to-noise ratio: give -100 to 200 dB`);
  return [...new Set(snrs)].sort((a, b) => b - a);
}
