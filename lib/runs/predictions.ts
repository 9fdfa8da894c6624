import { parse } from "csv-parse/sync";
import { messageOf, systemReason, UserError } from "../base/errors.js";
import { readText } from "../base/read-text.js";
import { csvLine, formatCsv } from "../base/table.js";
import type { Clip } from "../corpora/clip.js";
import type { PartResult } from "../training/train.js";

/** A clip with a run's prediction. */
export interface PredictedClip {
  id: string;
  part: "validation" | "test";
  corpus: string;
  /** `corpus/speaker`. */
  speaker: string;
  /** `female`, `male`, or empty if not known. */
  sex: string;
  /** Empty if not known. */
  sentence: string;
  /** Empty if not known. */
  intensity: string;
  /** Class index. */
  truth: number;
  /** Class index. */
  predicted: number;
  /** By class, not calibrated, rounded to multiples of 1e-5. */
  probabilities: number[];
}

/**
 * Probabilities are rounded to multiples of 1 / GRAIN when read, so that a store and its summary, which keeps no more digits,
 * give exactly the same figures.
 */
export const GRAIN = 1e5;

const COLUMNS = ["id", "part", "speaker", "sex", "sentence", "intensity", "truth", "predicted"] as const;

/** The predictions of a run as CSV: one line per clip, validation first, probabilities to six decimals. */
export function predictionsCsv(
  classes: readonly string[],
  parts: { validation: PartResult; test?: PartResult },
  clips: readonly Clip[],
): string {
  const clipOf = new Map(clips.map((clip) => [clip.id, clip]));
  const lines = (part: "validation" | "test", result: PartResult) =>
    result.ids.map((id, i) => {
      const { corpus, speaker, sex, sentence, sentenceId, intensity } = clipOf.get(id)!;
      const own = result.probabilities.subarray(i * classes.length, (i + 1) * classes.length);
      return [
        ...[id, part, `${corpus}/${speaker}`, sex, sentence ?? sentenceId, intensity],
        ...[classes[result.truth[i]!], classes[result.predicted[i]!]],
        ...Array.from(own, (p) => p.toFixed(6)),
      ];
    });
  return formatCsv(
    [...COLUMNS, ...classes],
    [...lines("validation", parts.validation), ...(parts.test ? lines("test", parts.test) : [])],
  );
}

/** What a line says of its clip; the lines of other runs on the same fold say the same. */
interface ClipFacts extends Omit<PredictedClip, "truth" | "predicted" | "probabilities"> {
  /** Name of the class. */
  truth: string;
}

/** Reads predictions. What the runs of an experiment say of their clips, in the same words, it parses and keeps once. */
export class PredictionsReader {
  /** By the text of the line up to the predicted class. */
  readonly #clips = new Map<string, ClipFacts>();

  /**
   * Reads what `predictionsCsv` wrote.
   *
   * @param classes of the run, in order
   * @throws {UserError} naming the file, if it is missing, damaged or has other classes
   * @example await new PredictionsReader().read("results/runs/NAME/predictions.csv", record.classes)
   */
  async read(path: string, classes: readonly string[]): Promise<PredictedClip[]> {
    const text = await readText(path).catch((error: unknown) => {
      throw new UserError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
    });
    return this.#fast(text, classes) ?? slow(text, classes, path);
  }

  /** Line by line; `undefined` where a line is not as this version writes it: a slow parser then says what is wrong. */
  #fast(text: string, classes: readonly string[]): PredictedClip[] | undefined {
    const [header, ...lines] = text.split("\n");
    if (lines.pop() !== "" || `${header}\n` !== csvLine([...COLUMNS, ...classes])) return undefined;
    const clips: PredictedClip[] = [];
    for (const line of lines) {
      const answers = line.length - WIDTH * classes.length;
      const comma = line.lastIndexOf(",", answers - 1);
      const facts = comma < 0 ? undefined : this.#factsOf(line.slice(0, comma));
      const probabilities = facts && fixedNumbers(line, answers, classes.length);
      const clip = probabilities && clipOf(facts, line.slice(comma + 1, answers), probabilities, classes);
      if (!clip) return undefined;
      clips.push(clip);
    }
    return clips;
  }

  #factsOf(text: string): ClipFacts | undefined {
    const known = this.#clips.get(text);
    if (known) return known;
    const facts = factsIn(text);
    // A copy: a part of a text would keep all of it.
    if (facts) this.#clips.set(Buffer.from(text).toString(), facts);
    return facts;
  }
}

/** Of a comma and a probability with six decimals. */
const WIDTH = ",0.123456".length;
const [COMMA, POINT, ZERO] = [44, 46, 48];

/** The numbers at the end of a line, all of {@link WIDTH}; `undefined` if one is not. Exactly what `Number` makes of them. */
function fixedNumbers(line: string, from: number, count: number): number[] | undefined {
  const numbers = new Array<number>(count);
  for (let i = 0, at = from; i < count; i++, at += WIDTH) {
    if (line.charCodeAt(at) !== COMMA || line.charCodeAt(at + 2) !== POINT) return undefined;
    let digits = line.charCodeAt(at + 1) - ZERO;
    let sound = digits >= 0 && digits <= 9;
    for (let j = at + 3; j < at + WIDTH; j++) {
      const digit = line.charCodeAt(j) - ZERO;
      sound &&= digit >= 0 && digit <= 9;
      digits = 10 * digits + digit;
    }
    if (!sound) return undefined;
    numbers[i] = digits / 1e6;
  }
  return numbers;
}

function factsIn(text: string): ClipFacts | undefined {
  try {
    const [row, ...more] = parse(text) as string[][];
    return row?.length === FACTS && more.length === 0 ? factsOf(row) : undefined;
  } catch {
    return undefined;
  }
}

function slow(text: string, classes: readonly string[], path: string): PredictedClip[] {
  const damaged = (what: string) =>
    new UserError(`${path} is damaged (${what}): remove its folder and run again`);
  let rows: string[][];
  try {
    rows = parse(text) as string[][];
  } catch (error) {
    throw damaged(messageOf(error));
  }
  const header = [...COLUMNS, ...classes];
  if (rows[0]?.join() !== header.join()) throw damaged("its columns are not those of the run");
  return rows.slice(1).map((row, i) => {
    const facts = factsOf(row);
    const [predicted = "", ...numbers] = row.slice(FACTS);
    const clip = facts && clipOf(facts, predicted, numbers.map(Number), classes);
    if (!clip) throw damaged(`line ${i + 2}`);
    return clip;
  });
}

/** Number of columns before the predicted class. */
const FACTS = COLUMNS.length - 1;

function factsOf(row: readonly string[]): ClipFacts | undefined {
  const [id = "", part, speaker = "", sex = "", sentence = "", intensity = "", truth = ""] = row;
  if (part !== "validation" && part !== "test") return undefined;
  const corpus = speaker.slice(0, speaker.indexOf("/"));
  return { id, part, corpus, speaker, sex, sentence, intensity, truth };
}

function clipOf(
  facts: ClipFacts,
  predicted: string,
  numbers: readonly number[],
  classes: readonly string[],
): PredictedClip | undefined {
  const { id, part, corpus, speaker, sex, sentence, intensity } = facts;
  const clip: PredictedClip = {
    id,
    part,
    corpus,
    speaker,
    sex,
    sentence,
    intensity,
    truth: classes.indexOf(facts.truth),
    predicted: classes.indexOf(predicted),
    probabilities: numbers.map((p) => Math.round(GRAIN * p) / GRAIN),
  };
  const sound = clip.truth >= 0 && clip.predicted >= 0 && clip.probabilities.every((p) => p >= 0 && p <= 1);
  return sound ? clip : undefined;
}
