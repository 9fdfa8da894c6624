import { groupBy } from "../base/group.js";
import { random } from "../base/random.js";
import { percent, plural } from "../base/text.js";
import { type Clip, KNOWN_CORPORA } from "../corpora/clip.js";
import { classesOf } from "../corpora/registry.js";
import { type BootstrapOptions, type Interval, type Scored, uarInterval } from "../evaluation/interval.js";
import { confusionCounts, metrics } from "../evaluation/metrics.js";
import { groupOf } from "./groups.js";
import { LISTS, type Plan } from "./types.js";

/** Predictions of the sentence baseline for the test parts of a protocol, made from the sentence without any sound. */
export interface SentenceAnswers extends Scored {
  /** Clip ids, in the order of the lists below. */
  ids: string[];
  truth: number[];
  predicted: number[];
  speakers: string[];
  /** The fold of each clip, as an index into the plan's folds. */
  folds: number[];
}

/** How well the sentence alone predicts the label under a protocol. */
export interface TextAlone {
  /** UAR of the sentence baseline on the test parts, folds pooled, with its 95 % interval over speakers. */
  uar: Interval;
  /** 1 / number of classes in the truth. */
  chance: number;
  /**
   * p value of the permutation test against labels that are independent of the sentences; absent when the UAR is less than
   * five points above chance.
   */
  p?: number;
  /** p < 0.05 and the UAR is more than five points above chance: results may reflect what is said, not how. */
  confounded: boolean;
}

/** UAR above chance from which on the text is tested. */
const WORTH_A_REMARK = 0.05;

const PERMUTATIONS = 999;

/**
 * The sentence baseline: predicts for each test clip the most frequent label of its sentence in the fold's other clips. A
 * sentence's counts are weighted by the inverse of each class's share; an unseen sentence gets the most frequent class. It
 * uses metadata only: no network is trained and no test part is read.
 *
 * @param plan of a protocol
 * @returns the predictions, folds pooled; `undefined` when the sentence of a clip is not known
 * @example
 * const plan = protocolNamed("savee/loso").plan(await loadClips("data", { names: ["savee"] }));
 * const baseline = sentenceAnswers(plan);
 * baseline?.predicted.length; // => 480
 */
export function sentenceAnswers(plan: Plan): SentenceAnswers | undefined {
  if (whyUnknown(plan.clips)) return undefined;
  const clipOf = new Map(plan.clips.map((clip) => [clip.id, clip]));
  const classes: readonly string[] = plan.classes;
  const answers: SentenceAnswers = { classes, ids: [], truth: [], predicted: [], speakers: [], folds: [] };
  plan.folds.forEach((fold, f) => {
    const others = LISTS.filter((list) => list !== "test").flatMap((list) => fold[list] ?? []);
    const labelOf = learnt(
      others.map((id) => clipOf.get(id)!),
      classes,
    );
    for (const clip of fold.test.map((id) => clipOf.get(id)!)) answer(answers, clip, labelOf(clip), f);
  });
  return answers;
}

function answer(answers: SentenceAnswers, clip: Clip, label: number, fold: number): void {
  answers.ids.push(clip.id);
  answers.truth.push(answers.classes.indexOf(clip.emotion));
  answers.predicted.push(label);
  answers.speakers.push(groupOf(clip, "speaker")!);
  answers.folds.push(fold);
}

/** The class of a sentence, learnt from clips. */
function learnt(clips: readonly Clip[], classes: readonly string[]): (clip: Clip) => number {
  const counts = new Map<string, number[]>();
  const sizes = classes.map(() => 0);
  for (const clip of clips) {
    const sentence = groupOf(clip, "sentence")!;
    const label = classes.indexOf(clip.emotion);
    const own = counts.get(sentence) ?? classes.map(() => 0);
    own[label]!++;
    sizes[label]!++;
    counts.set(sentence, own);
  }
  const most = largest(sizes);
  return (clip) => {
    const own = counts.get(groupOf(clip, "sentence")!);
    return own ? largest(own.map((count, c) => (count === 0 ? 0 : count / sizes[c]!))) : most;
  };
}

/** The index of the largest value, the first of equals. */
function largest(values: readonly number[]): number {
  return values.indexOf(Math.max(...values));
}

/** Why the sentence baseline is not available: clips without a sentence; `undefined` when all have one. */
export function whyUnknown(clips: readonly Clip[]): string | undefined {
  const unknown = clips.filter((clip) => groupOf(clip, "sentence") === undefined);
  if (unknown.length === 0) return undefined;
  const whose =
    unknown.length === clips.length
      ? "no clip says"
      : `${plural(unknown.length, "clip")} of ${clips.length} do not say (${unknown[0]!.id})`;
  const known: readonly string[] = KNOWN_CORPORA;
  const hint = unknown.every(({ corpus }) => known.includes(corpus))
    ? ", and the corpus does not publish it"
    : ": give sentence or sentenceId in the manifest";
  return `${whose} which sentence it is${hint}`;
}

/**
 * How well the sentence alone predicts the label, and whether that is above chance. The p value is that of a permutation
 * test: labels are shuffled 999 times among the clips of each speaker, which destroys any relation of sentence and label.
 *
 * @param answers of {@link sentenceAnswers}
 * @example
 * const plan = protocolNamed("savee/loso").plan(await loadClips("data", { names: ["savee"] }));
 * textAlone(sentenceAnswers(plan)!).confounded; // => true
 */
export function textAlone(answers: SentenceAnswers, options: BootstrapOptions = {}): TextAlone {
  return { ...textConfounded(answers), uar: uarInterval([answers], options) };
}

/** {@link textAlone} without the interval, which is slow. */
export function textConfounded(answers: SentenceAnswers): Omit<TextAlone, "uar"> & { uar: number } {
  const uar = uarOf(answers.truth, answers);
  const chance = 1 / new Set(answers.truth).size;
  if (uar - chance <= WORTH_A_REMARK) return { uar, chance, confounded: false };
  const draw = random("text alone");
  const bySpeaker = [...groupBy(answers.truth.keys(), (i) => answers.speakers[i]!).values()];
  let asHigh = 0;
  for (let n = 0; n < PERMUTATIONS; n++) {
    const truth = [...answers.truth];
    for (const own of bySpeaker) {
      const labels = draw.shuffle(own.map((i) => answers.truth[i]!));
      own.forEach((i, at) => {
        truth[i] = labels[at]!;
      });
    }
    if (uarOf(truth, answers) >= uar) asHigh++;
  }
  const p = (1 + asHigh) / (1 + PERMUTATIONS);
  return { uar, chance, p, confounded: p < 0.05 };
}

function uarOf(truth: readonly number[], { predicted, classes }: SentenceAnswers): number {
  return metrics(confusionCounts(truth, predicted, classes.length), classes).uar;
}

/** How well the sentence predicts the label in a corpus. */
export interface TextInCorpus {
  /** Number of different sentences. */
  sentences: number;
  /** Number of sentences that are said in one class only. */
  inOneClass: number;
  /** UAR of the sentence baseline, leaving one speaker out at a time; absent with fewer than two speakers. */
  uar?: number;
  /** 1 / number of classes. */
  chance: number;
  /** Mutual information of sentence and label in these clips, bits. */
  bits: number;
  /** Entropy of the label, the upper limit of `bits`, bits. */
  labelBits: number;
}

/**
 * How well the sentence predicts the label in the clips of a corpus. Mutual information is
 * I(S; L) = sum p(s, l) log2(p(s, l) / (p(s) p(l))), from the observed shares; with few clips per sentence this
 * overestimates it.
 *
 * @returns the figures, or the reason why they are not known: clips without a sentence
 * @example
 * const text = textInCorpus(await loadClips("data", { names: ["savee"] }));
 * if ("bits" in text) console.log(`${text.bits.toFixed(2)} of ${text.labelBits.toFixed(2)} bits`);
 */
export function textInCorpus(clips: readonly Clip[]): TextInCorpus | { reason: string } {
  const reason = whyUnknown(clips);
  if (reason) return { reason };
  const classes: readonly string[] = classesOf(clips);
  const said = groupBy(clips, (clip) => groupOf(clip, "sentence")!);
  const labelled = groupBy(clips, ({ emotion }) => emotion);
  const bits = [...said.values()].reduce((sum, own) => {
    const each = [...groupBy(own, ({ emotion }) => emotion)].map(([emotion, both]) => {
      const apart = (own.length * labelled.get(emotion)!.length) / clips.length;
      return (both.length / clips.length) * Math.log2(both.length / apart);
    });
    return sum + each.reduce((a, b) => a + b, 0);
  }, 0);
  const labelBits = [...labelled.values()].reduce((sum, { length }) => {
    return sum - (length / clips.length) * Math.log2(length / clips.length);
  }, 0);
  const uar = leavingOneSpeakerOut(clips, classes);
  return {
    sentences: said.size,
    inOneClass: [...said.values()].filter((own) => new Set(own.map(({ emotion }) => emotion)).size === 1)
      .length,
    ...(uar !== undefined && { uar }),
    chance: 1 / classes.length,
    bits: Math.max(bits, 0),
    labelBits,
  };
}

function leavingOneSpeakerOut(clips: readonly Clip[], classes: readonly string[]): number | undefined {
  const speakers = groupBy(clips, (clip) => groupOf(clip, "speaker")!);
  if (speakers.size < 2) return undefined;
  const answers: SentenceAnswers = { classes, ids: [], truth: [], predicted: [], speakers: [], folds: [] };
  for (const [speaker, own] of speakers) {
    const labelOf = learnt(
      clips.filter((clip) => groupOf(clip, "speaker") !== speaker),
      classes,
    );
    for (const clip of own) answer(answers, clip, labelOf(clip), 0);
  }
  return uarOf(answers.truth, answers);
}

/**
 * The result in words, for tables and warnings.
 *
 * @example textAloneText({ uar: 0.771, chance: 0.143 }) // "the sentences alone have a UAR of 77.1 %, where chance is 14.3 %"
 */
export function textAloneText({ uar, chance }: { uar: number; chance: number }): string {
  return `the sentences alone have a UAR of ${percent(uar)} %, where chance is ${percent(chance)} %`;
}
