import { latexTable, latexText } from "../base/latex.js";
import { formatCsv } from "../base/table.js";
import { breakdown } from "../evaluation/breakdown.js";
import { type Comparison, compareModels } from "../evaluation/comparison.js";
import type { BootstrapOptions, Interval } from "../evaluation/interval.js";
import { metrics } from "../evaluation/metrics.js";
import { confusionMatrix } from "../figures/confusion-matrix.js";
import type { Figure } from "../figures/figure.js";
import { perClassBars } from "../figures/per-class-bars.js";
import { perSpeaker } from "../figures/per-speaker.js";
import type { StoredRun } from "../runs/record.js";
import { type Entry, entriesOf, type Part, type Pooled, pooled } from "./entries.js";
import type { BreakdownName } from "./protocol-results.js";
import { type PartScores, scoresOf } from "./scores.js";

/** A figure, with its 95 % interval over speakers or the reason why there is none. */
export interface Measure {
  value: number;
  low?: number;
  high?: number;
  reason?: string;
  /** Clips (of one seed). */
  n: number;
  speakers: number;
}

type Row = { figure: string; value: string; "95 % interval": string };

/** What a model or a system answered on labelled clips, and all that can be asked of it. */
export class Evaluated {
  /** The network with what tells it from others, or the system's name. */
  readonly label: string;
  /** `name@version`, or that the clips were given. */
  readonly protocol: string;
  readonly part: Part;
  /** In the order of the outputs. */
  readonly classes: readonly string[];
  readonly #entry: Entry;
  readonly #scores: PartScores;
  readonly #seeds: readonly Pooled[];
  readonly #options: BootstrapOptions;

  /**
   * @param runs of one network with its settings: folds, seeds
   * @param part default: what was scored
   * @throws {RangeError} where the runs are of several networks or protocols, or the part was not read
   * @example new Evaluated([await readRun("results/runs/NAME")]).uar.value
   */
  constructor(runs: readonly StoredRun[], part?: Part, options: BootstrapOptions = {}) {
    const entries = entriesOf(runs);
    const [entry] = entries;
    if (!entry || entries.length > 1)
      throw new RangeError(
        `an evaluation is of one network under one protocol, and these runs are of ${entries.length}: ${entries.map(({ protocol, label }) => `${label} (${protocol})`).join(", ")}`,
      );
    this.part = part ?? (runs[0]!.record.test ? "test" : "validation");
    const scores = scoresOf(entry, this.part, options);
    if (!scores) throw new RangeError(`the ${this.part} part was not read in these runs`);
    this.label = entry.label;
    this.protocol = entry.protocol;
    this.classes = entry.classes;
    this.#entry = entry;
    this.#scores = scores;
    this.#seeds = pooled(entry, this.part);
    this.#options = options;
  }

  /** Clips (of one seed). */
  get n(): number {
    return this.#scores.n;
  }

  get speakers(): number {
    return this.#scores.speakers;
  }

  /** The classes that occur in the truth: UAR is the mean over them, chance 1 over their number. */
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
    return measureOf(this.#scores.eceCalibrated);
  }

  /** Clips, summed over seeds; a row for each true class. */
  get confusion(): readonly (readonly number[])[] {
    return this.#scores.confusion;
  }

  /** The figures of each speaker. */
  bySpeaker(): { group: string; n: number; uar: Measure; accuracy: Measure }[] {
    return this.by("speaker");
  }

  /**
   * The figures within groups of clips; UAR is over the classes that a group has.
   *
   * @param what speaker, sex, sentence, intensity or corpus; clips of which it is not known are in no group
   */
  by(what: BreakdownName): { group: string; n: number; uar: Measure; accuracy: Measure }[] {
    const groups = this.#seeds.map(({ clips }) => clips.map((clip) => clip[what]));
    return breakdown(this.#seeds, groups, this.#options).map(({ group, n, uar, accuracy }) => ({
      ...{ group, n, uar: measureOf(uar), accuracy: measureOf(accuracy) },
    }));
  }

  /**
   * Whether this one's UAR is higher than another's on the same clips: see {@link compareModels}.
   *
   * @throws {RangeError} when the two did not answer the same clips
   */
  compare(other: Evaluated): Comparison {
    return compareModels(this.#seeds, other.#seeds, this.#options);
  }

  /** The main figures, a row each, in per cent but for kappa: for `show` in a cell. */
  table(): Row[];
  /** The same as text: Markdown, CSV, or LaTeX with the rules of booktabs. */
  table(format: "markdown" | "csv" | "latex"): string;
  table(format?: "markdown" | "csv" | "latex"): Row[] | string {
    const rows = this.#rows();
    if (format === undefined) return rows;
    const header = ["figure", "value", "95 % interval"];
    const cells = rows.map((row) => [row.figure, row.value, row["95 % interval"]]);
    if (format === "csv") return formatCsv(header, cells);
    if (format === "markdown")
      return [header, ["---", "---:", "---"], ...cells].map((row) => `| ${row.join(" | ")} |`).join("\n");
    return latexTable({
      caption: `${this.label}, ${this.protocol}, ${this.part}: ${this.n} clips of ${this.speakers} speakers`,
      columns: [{ title: "figure" }, { title: "value", align: "right" }, { title: "95 % interval" }],
      rows: cells.map((row) => row.map(latexText)),
    });
  }

  #rows(): Row[] {
    const share = (value: number) => (100 * value).toFixed(1);
    const plain = (value: number) => value.toFixed(2);
    const rows: [string, Measure, (value: number) => string][] = [
      ["UAR, %", this.uar, share],
      ["accuracy, %", this.accuracy, share],
      ["macro F1, %", this.f1, share],
      ["kappa", this.kappa, plain],
      ["calibration error, %", this.calibration, share],
    ];
    return rows.map(([figure, { value, low, high, reason }, format]) => ({
      figure,
      value: format(value),
      "95 % interval":
        low === undefined || high === undefined ? (reason ?? "") : `${format(low)} to ${format(high)}`,
    }));
  }

  /**
   * A figure for `show` and `saveFigure`.
   *
   * @param kind the confusion matrix, each speaker's UAR, or precision, recall and F1 by class
   */
  figure(kind: "confusion" | "speakers" | "classes"): Figure {
    const { synthetic, leaky } = this.#entry;
    const subtitle = `${this.label} · ${this.protocol} · ${this.part} · ${this.n} clips, ${this.speakers} speakers`;
    const common = { subtitle, synthetic, leaky };
    if (kind === "confusion")
      return confusionMatrix({ counts: this.#scores.confusion, classes: this.classes, ...common });
    const chance = { name: "chance", value: 1 / this.classesInTruth.length };
    if (kind === "speakers")
      return perSpeaker({
        speakers: this.bySpeaker().map(({ group, uar }) => ({
          speaker: group.slice(group.indexOf("/") + 1),
          values: [uar.value],
        })),
        references: [chance],
        title: "UAR by speaker",
        ...common,
      });
    const each = metrics(
      this.confusion.map((row) => [...row]),
      this.classes,
    ).perClass;
    return perClassBars({
      classes: this.classes,
      precision: each.map(({ precision }) => precision),
      recall: each.map(({ recall }) => recall),
      f1: each.map(({ f1 }) => f1),
      support: each.map(({ support }) => support),
      ...common,
    });
  }
}

function measureOf(interval: Interval): Measure {
  const { estimate: value, n, speakers } = interval;
  if ("low" in interval) return { value, low: interval.low, high: interval.high, n, speakers };
  return { value, reason: interval.reason, n, speakers };
}
