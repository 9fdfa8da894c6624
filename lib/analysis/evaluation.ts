import { UsageError } from "../base/errors.js";
import { percent, plural } from "../base/text.js";
import { riskCoverage } from "../evaluation/abstention.js";
import { breakdown } from "../evaluation/breakdown.js";
import { answers } from "../evaluation/calibration.js";
import { type Comparison, compareModels } from "../evaluation/comparison.js";
import { type BootstrapOptions, FEWEST_SPEAKERS, type Interval } from "../evaluation/interval.js";
import { metrics } from "../evaluation/metrics.js";
import { confusionMatrix } from "../figures/confusion-matrix.js";
import type { Figure } from "../figures/figure.js";
import { learningCurves } from "../figures/learning-curves.js";
import { perClassBars } from "../figures/per-class-bars.js";
import { perSpeaker } from "../figures/per-speaker.js";
import { reliabilityDiagram } from "../figures/reliability.js";
import { riskCoverageCurve } from "../figures/risk-coverage.js";
import { rocCurves } from "../figures/roc-curves.js";
import type { StoredRun } from "../runs/record.js";
import { type Entry, entriesOf, type Part, type Pooled, pooled } from "./entries.js";
import { BREAKDOWNS, type BreakdownName } from "./protocol-results.js";
import { mainScores, type PartScores, scoresOf } from "./scores.js";
import { type TableFormat, type TableRow, tableText, unknownWord } from "./tables.js";

/** A figure with its 95 % interval over speakers, or the reason why there is none. */
export interface Measure {
  value: number;
  low?: number;
  high?: number;
  reason?: string;
  /** Clips (of one seed). */
  n: number;
  speakers: number;
}

/** A row of an evaluation's table; in per cent, except for kappa. */
export type EvaluationRow = { figure: string; value: string; "95 % interval": string };

/** The figures of a group of clips. */
export interface GroupFigures {
  group: string;
  /** Clips (of one seed). */
  n: number;
  /** Mean recall over the classes that occur in the group. */
  uar: Measure;
  accuracy: Measure;
}

/**
 * The predictions of one model on labelled clips with all their figures: the result of trained runs, of `evaluate` and of `score`
 * alike. Folds are pooled into one confusion matrix per seed; figures are means over the seeds. 95 % intervals are BCa bootstraps
 * over speakers.
 *
 * @example
 * const experiment = await train({ protocols: ["savee/loso"], models: ["linear"] });
 * const linear = experiment.evaluation("linear");
 * linear.uar.value > 0.2; // => true
 * linear.table("markdown").split("\n").length; // => 7
 * await saveFigure(linear.figure("confusion"), "confusion.svg");
 */
export class Evaluation {
  /** The network, with the settings in which it differs from the others, or the name of the system. */
  readonly label: string;
  /** `name@version` of the protocol, or "labelled clips" for clips of no protocol. */
  readonly protocol: string;
  readonly part: Part;
  /** In the order of the outputs. */
  readonly classes: readonly string[];
  readonly #entry: Entry;
  readonly #seeds: readonly Pooled[];
  readonly #options: BootstrapOptions;
  #main: ReturnType<typeof mainScores> | undefined;
  #all: PartScores | undefined;

  /**
   * From an entry of {@link entriesOf}. An {@link Evaluation} of an experiment is easier to get from the experiment.
   *
   * @param entry the runs of one network under one protocol
   * @param part default: the scored part
   * @param options of the intervals
   * @throws {RangeError} if the part was not scored
   */
  constructor(entry: Entry, part?: Part, options: BootstrapOptions = {}) {
    this.part = part ?? (entry.seeds[0]!.runs[0]!.record.test ? "test" : "validation");
    this.#seeds = pooled(entry, this.part);
    if (this.#seeds.length === 0) throw new RangeError(`the ${this.part} part was not read in these runs`);
    this.label = entry.label;
    this.protocol = entry.protocol;
    this.classes = entry.classes;
    this.#entry = entry;
    this.#options = options;
  }

  /**
   * From the runs of one network under one protocol: its folds and seeds.
   *
   * @throws {RangeError} if the runs are of several networks or protocols, or the part was not scored
   * @example
   * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"] });
   * Evaluation.of(runs).protocol; // => "savee/loso@1"
   */
  static of(runs: readonly StoredRun[], part?: Part, options?: BootstrapOptions): Evaluation {
    const [entry, ...others] = entriesOf(runs);
    if (entry && others.length === 0) return new Evaluation(entry, part, options);
    const names = [entry, ...others].map((one) => one && `${one.label} (${one.protocol})`);
    throw new RangeError(
      `an evaluation is of one network under one protocol, and these runs are of ${entry ? names.length : 0}: ${names.join(", ")}`,
    );
  }

  /** Computed on first use: an experiment may have many evaluations, and intervals take time. */
  get #scores(): ReturnType<typeof mainScores> {
    this.#main ??= mainScores(this.#seeds, this.#options);
    return this.#main;
  }

  /** The runs that were pooled. */
  get runs(): readonly StoredRun[] {
    return this.#entry.seeds.flatMap(({ runs }) => runs);
  }

  /** The predictions of each seed, for the functions of `/evaluation`. */
  get seeds(): readonly Pooled[] {
    return this.#seeds;
  }

  /** The clips were made by the library, not recorded. */
  get synthetic(): boolean {
    return this.#entry.synthetic;
  }

  /** The protocol leaks on purpose: the figures only show the effect of leakage. */
  get leaky(): boolean {
    return this.#entry.leaky;
  }

  /** Features were normalised by each speaker's own clips, including those of the test speakers. */
  get transductive(): boolean {
    return this.#entry.transductive;
  }

  /** The label with what must be known beside every figure: that it is synthetic, leaky or transductive. */
  get title(): string {
    const { synthetic, leaky, transductive } = this;
    const marks = Object.entries({ SYNTHETIC: synthetic, LEAKY: leaky, transductive }).flatMap(
      ([mark, is]) => (is ? [mark] : []),
    );
    return marks.length > 0 ? `${this.label} (${marks.join(", ")})` : this.label;
  }

  /** Which planned folds or seeds are missing; `undefined` if none. */
  get missing(): string | undefined {
    return this.#entry.missing;
  }

  /** Chance level of UAR: 1 over the number of classes in the truth. */
  get chance(): number {
    return 1 / this.classesInTruth.length;
  }

  /** Clips (of one seed). */
  get n(): number {
    return this.#scores.n;
  }

  /** Test speakers. */
  get speakers(): number {
    return this.#scores.speakers;
  }

  /** The classes that occur in the truth; UAR is the mean of their recalls. */
  get classesInTruth(): readonly string[] {
    return this.#scores.classesInTruth;
  }

  /** Unweighted average recall over the classes in the truth. */
  get uar(): Measure {
    return measureOf(this.#scores.uar);
  }

  get accuracy(): Measure {
    return measureOf(this.#scores.accuracy);
  }

  /** Macro F1, the mean over all classes. */
  get f1(): Measure {
    return measureOf(this.#scores.macroF1);
  }

  /** Cohen's kappa. */
  get kappa(): Measure {
    return measureOf(this.#scores.kappa);
  }

  /** Expected calibration error of the calibrated probabilities, 10 bins. */
  get calibration(): Measure {
    this.#all ??= scoresOf(this.#entry, this.part, this.#options)!;
    return measureOf(this.#all.eceCalibrated);
  }

  /** Confusion matrix in clips, summed over seeds; rows are true classes, columns predicted ones. */
  get confusion(): readonly (readonly number[])[] {
    return this.#scores.confusion;
  }

  /** The figures of each speaker. */
  bySpeaker(): GroupFigures[] {
    return this.by("speaker");
  }

  /**
   * The figures within groups of clips.
   *
   * @param what speaker, sex, sentence, intensity or corpus; clips without a value are in no group
   */
  by(what: BreakdownName): GroupFigures[] {
    if (!BREAKDOWNS.includes(what)) throw unknownWord("group", what, BREAKDOWNS);
    const groups = this.#seeds.map(({ clips }) => clips.map((clip) => clip[what]));
    return breakdown(this.#seeds, groups, this.#options).map(({ group, n, uar, accuracy }) => ({
      ...{ group, n, uar: measureOf(uar), accuracy: measureOf(accuracy) },
    }));
  }

  /**
   * Difference in UAR to another model on the same clips with its 95 % interval and p, by a paired permutation test over speakers:
   * see `compareModels` of `/evaluation`.
   *
   * @throws {RangeError} if the two did not predict the same clips
   */
  compare(other: Evaluation): Comparison {
    if (!(other instanceof Evaluation)) throw new UsageError("compare takes another evaluation");
    return compareModels(this.#seeds, other.#seeds, this.#options);
  }

  /** The main figures, one row each, for example for `show` in a notebook. */
  table(): EvaluationRow[];
  /** The same as text: Markdown, CSV, or LaTeX with the rules of booktabs. */
  table(format: TableFormat): string;
  table(format?: TableFormat): EvaluationRow[] | string {
    const plain = (value: number) => value.toFixed(2);
    const measures: [string, Measure, (value: number) => string][] = [
      ["UAR, %", this.uar, percent],
      ["accuracy, %", this.accuracy, percent],
      ["macro F1, %", this.f1, percent],
      ["kappa", this.kappa, plain],
      ["calibration error, %", this.calibration, percent],
    ];
    const rows = measures.map(([figure, measure, text]) => ({
      figure,
      value: text(measure.value),
      "95 % interval": intervalText(measure, text),
    }));
    if (format === undefined) return rows;
    const caption = `${this.title}, ${this.protocol}, ${this.part}: ${this.n} clips of ${this.speakers} speakers`;
    return tableText(rows, format, caption);
  }

  /** The predictions, one row for each clip and seed: id, speaker, truth, prediction, and the probability of each class. */
  predictions(): TableRow[];
  /** The same as text, for example CSV for another program. */
  predictions(format: TableFormat): string;
  predictions(format?: TableFormat): TableRow[] | string {
    const rows = this.#seeds.flatMap(({ clips }, s) =>
      clips.map(({ id, speaker, truth, predicted, probabilities }) => ({
        ...{ id, speaker, seed: this.#entry.seeds[s]!.seed },
        ...{ truth: this.classes[truth]!, predicted: this.classes[predicted]! },
        ...Object.fromEntries(this.classes.map((name, c) => [name, probabilities[c]!])),
      })),
    );
    return format === undefined ? rows : tableText(rows, format, `Predictions of ${this.title}`);
  }

  /**
   * A figure for `show` and `saveFigure`.
   *
   * @param kind
   * - `confusion`: the confusion matrix
   * - `speakers`: the UAR of each speaker
   * - `classes`: precision, recall and F1 of each class
   * - `reliability`: accuracy against calibrated confidence
   * - `coverage`: risk against coverage, when the least confident clips are not answered
   * - `roc`: one ROC curve for each class against the rest
   * - `training`: loss and UAR by epoch
   */
  figure(kind: FigureKind): Figure {
    const { synthetic, leaky } = this;
    if (!KINDS.includes(kind)) throw unknownWord("figure", kind, KINDS);
    const seeds = this.#seeds.length > 1 ? `, ${this.#seeds.length} seeds` : "";
    const subtitle = `${this.title} · ${this.protocol} · ${this.part} · ${this.n} clips, ${this.speakers} speakers${seeds}`;
    return this.#draw(kind, { subtitle, synthetic, leaky });
  }

  #draw(kind: FigureKind, common: { subtitle: string; synthetic: boolean; leaky: boolean }): Figure {
    const { classes, confusion, label } = this;
    const [seed] = this.#seeds as [Pooled];
    const size = classes.length;
    switch (kind) {
      case "confusion":
        return confusionMatrix({ counts: confusion, classes, ...common });
      case "speakers":
        return perSpeaker({
          speakers: this.bySpeaker().map(({ group, uar }) => ({
            speaker: group.slice(group.indexOf("/") + 1),
            values: [uar.value],
          })),
          references: [{ name: "chance", value: this.chance }],
          title: "UAR by speaker",
          ...common,
        });
      case "classes": {
        const each = metrics(
          confusion.map((row) => [...row]),
          classes,
        ).perClass;
        return perClassBars({
          classes,
          precision: each.map(({ precision }) => precision),
          recall: each.map(({ recall }) => recall),
          f1: each.map(({ f1 }) => f1),
          support: each.map(({ support }) => support),
          ...common,
        });
      }
      case "reliability": {
        const all = this.#seeds.map(({ calibrated, truth }) => answers(calibrated, truth, size));
        const series = {
          name: "calibrated",
          confidence: all.flatMap(({ confidence }) => [...confidence]),
          right: all.flatMap(({ right }) => right),
          ece: this.calibration.value,
        };
        return reliabilityDiagram({ series: [series], ...common });
      }
      case "coverage":
        return riskCoverageCurve({ points: riskCoverage(seed.calibrated, seed.truth, size), ...common });
      case "roc":
        return rocCurves({ probabilities: seed.probabilities, truth: seed.truth, classes, ...common });
      case "training":
        return learningCurves({
          networks: [
            {
              name: label,
              runs: this.runs.map(({ record }) => ({ epochs: record.history, bestEpoch: record.bestEpoch })),
            },
          ],
          ...common,
        });
    }
  }
}

const KINDS = ["confusion", "speakers", "classes", "reliability", "coverage", "roc", "training"] as const;

/** The figures of an evaluation. */
export type FigureKind = (typeof KINDS)[number];

/** `40.1 to 52.3`, or in a few words why there is no interval. */
export function intervalText({ low, high, speakers }: Measure, text = percent): string {
  if (low !== undefined && high !== undefined) return `${text(low)} to ${text(high)}`;
  return speakers < FEWEST_SPEAKERS ? `none: ${plural(speakers, "speaker")}` : "none: no spread";
}

function measureOf(interval: Interval): Measure {
  const { estimate: value, n, speakers } = interval;
  if ("low" in interval) return { value, low: interval.low, high: interval.high, n, speakers };
  return { value, reason: interval.reason, n, speakers };
}
