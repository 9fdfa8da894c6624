import { readFile } from "node:fs/promises";
import { parse } from "csv-parse/sync";
import { messageOf, systemReason, UserError } from "../base/errors.js";
import { formatCsv } from "../base/table.js";
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

/**
 * Reads what `predictionsCsv` wrote.
 *
 * @param classes of the run, in order
 * @throws {UserError} naming the file, if it is missing, damaged or has other classes
 */
export async function readPredictions(path: string, classes: readonly string[]): Promise<PredictedClip[]> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UserError(`cannot read ${path}: ${systemReason(error)}`, { cause: error });
  });
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
    const clip = clipOf(row, classes);
    if (!clip) throw damaged(`line ${i + 2}`);
    return clip;
  });
}

function clipOf(row: readonly string[], classes: readonly string[]): PredictedClip | undefined {
  const [id, part, speaker, sex, sentence, intensity, truth, predicted, ...rest] = row as [
    ...[string, string, string, string, string, string, string, string],
    ...string[],
  ];
  if (part !== "validation" && part !== "test") return undefined;
  const probabilities = rest.map((text) => Math.round(GRAIN * Number(text)) / GRAIN);
  const clip: PredictedClip = {
    ...{
      id,
      part: part as PredictedClip["part"],
      corpus: speaker.slice(0, speaker.indexOf("/")),
      speaker,
      sex,
      sentence,
      intensity,
    },
    truth: classes.indexOf(truth),
    predicted: classes.indexOf(predicted),
    probabilities,
  };
  const sound = clip.truth >= 0 && clip.predicted >= 0 && probabilities.every((p) => p >= 0 && p <= 1);
  return sound ? clip : undefined;
}
