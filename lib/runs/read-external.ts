import { readFile } from "node:fs/promises";
import { readDelimited } from "../base/delimited.js";
import { UserError } from "../base/errors.js";
import { sha256 } from "../base/hash.js";
import { nearest } from "../base/schema.js";
import { knownEmotion } from "../corpora/labels.js";
import type { PredictedRow } from "../protocols/referee.js";
import { certain } from "./answered.js";

/** The contents of a file of predictions. */
export interface ExternalFile {
  /** Of its bytes. */
  sha256: string;
  rows: PredictedRow[];
  /** It has labels only, no probabilities. */
  labels: boolean;
  /** Conversions that were applied, one per line. */
  notes: string[];
}

const CLIP_COLUMNS = ["id", "clip", "file", "path", "name", "filename"];
const LABEL_COLUMNS = ["predicted", "prediction", "pred", "y_pred", "label", "emotion", "class"];

/** By how much the sum of a row's probabilities may differ from 1. */
const TOLERANCE = 0.02;

/**
 * Reads the predictions of another system: a table with a column that names the clip (`id` or `file`), optionally one of the
 * fold, and either a probability for each class or a label.
 *
 * @param path the file
 * @param classes of the protocol, in its order
 * @throws {UserError} naming the file, the line and what is wrong
 * @example const { rows } = await readExternal("predictions.csv", plan.classes);
 */
export async function readExternal(path: string, classes: readonly string[]): Promise<ExternalFile> {
  const { header, rows } = await readDelimited(path, "the predictions");
  const digest = sha256(await readFile(path));
  const names = header.map((name) => name.trim().toLowerCase());
  const columnOf = (one: string) => {
    const exact = names.indexOf(one);
    return exact >= 0 ? exact : names.findIndex((name) => knownEmotion(name) === one);
  };
  const clipAt = firstOf(names, CLIP_COLUMNS);
  const foldAt = names.indexOf("fold");
  const classAt = classes.map(columnOf);
  const labelAt = firstOf(names, LABEL_COLUMNS);
  if (rows.length === 0) throw new UserError(`${path} has no rows: it needs one for each test clip`);
  if (clipAt < 0)
    throw new UserError(
      `${path} has no column that names the clip: call it id, or file (${header.join(", ")})`,
    );
  const shares = classAt.every((at) => at >= 0);
  const some = classes.filter((_, c) => classAt[c]! >= 0);
  if (!shares && some.length > 0) {
    const absent = classes.filter((name) => !some.includes(name));
    throw new UserError(
      `${path} has probabilities of ${some.join(", ")} and none of ${absent.join(", ")}: give all of them, or only a column "predicted"`,
    );
  }
  if (!shares && labelAt < 0)
    throw new UserError(
      `${path} has neither a column "predicted" nor one for each class (${classes.join(", ")})`,
    );
  const common = ({ line, cells }: { line: number; cells: string[] }) => ({
    line,
    clip: cells[clipAt]!.trim(),
    ...(foldAt >= 0 && cells[foldAt]!.trim() !== "" && { fold: cells[foldAt]!.trim() }),
  });
  if (!shares) {
    const labelled = rows.map((row) => {
      const label = row.cells[labelAt]!.trim().toLowerCase();
      return {
        ...common(row),
        probabilities: certain(classIn(label, classes, path, row.line), classes.length),
      };
    });
    return { sha256: digest, rows: labelled, labels: true, notes: [] };
  }
  const given = rows.map((row) => ({
    ...common(row),
    probabilities: classAt.map((at) => numberIn(row.cells[at]!, path, row.line, header[at]!)),
  }));
  const read = asShares(given, path);
  if (labelAt >= 0) assertAgree(read.rows, rows, labelAt, classes, path);
  return { sha256: digest, ...read, labels: false };
}

/** If a file has both, the label must be the class of the largest probability. */
function assertAgree(
  read: readonly PredictedRow[],
  rows: readonly { line: number; cells: string[] }[],
  labelAt: number,
  classes: readonly string[],
  path: string,
): void {
  const wrong = rows.filter(({ line, cells }, i) => {
    const { probabilities } = read[i]!;
    const label = classIn(cells[labelAt]!.trim().toLowerCase(), classes, path, line);
    return probabilities[label]! < Math.max(...probabilities);
  });
  if (wrong.length === 0) return;
  throw new UserError(
    `${path}: in ${wrong.length} of ${rows.length} rows the label is not the class of the largest probability (the first is line ${wrong[0]!.line}): leave out the labels or the probabilities`,
  );
}

/** Column of the first of these names; -1 if there is none. */
function firstOf(header: readonly string[], names: readonly string[]): number {
  const name = names.find((one) => header.includes(one));
  return name === undefined ? -1 : header.indexOf(name);
}

function classIn(label: string, classes: readonly string[], path: string, line: number): number {
  const at = classes.indexOf(classes.includes(label) ? label : (knownEmotion(label) ?? label));
  if (at >= 0) return at;
  const hint = nearest(label, classes);
  throw new UserError(
    `${path}, line ${line}: "${label}" is not a class of the protocol${hint ? `: did you mean ${hint}?` : ""} (${classes.join(", ")})`,
  );
}

function numberIn(text: string, path: string, line: number, column: string): number {
  // A decimal comma, as in tables separated by semicolons.
  const value = text.trim() === "" ? Number.NaN : Number(text.trim().replace(/^(-?\d+),(\d+)$/, "$1.$2"));
  if (Number.isFinite(value) && value >= 0) return value;
  throw new UserError(
    `${path}, line ${line}: the probability of ${column} is "${text.trim()}": it takes a number from 0 to 1`,
  );
}

function asShares(rows: readonly PredictedRow[], path: string): Pick<ExternalFile, "rows" | "notes"> {
  const sums = rows.map(({ probabilities }) => probabilities.reduce((a, b) => a + b, 0));
  const percent = sums.every((sum) => Math.abs(sum / 100 - 1) <= TOLERANCE);
  const wanted = percent ? 100 : 1;
  const wrong = sums.findIndex((sum) => Math.abs(sum / wanted - 1) > TOLERANCE);
  if (wrong >= 0)
    throw new UserError(
      `${path}, line ${rows[wrong]!.line}: the probabilities sum to ${Number(sums[wrong]!.toPrecision(4))}, not to 1: give shares (softmax), not scores`,
    );
  // Rounding errors are kept: the figures are those of the given numbers.
  const divided = rows.map((row) => ({ ...row, probabilities: row.probabilities.map((p) => p / wanted) }));
  return { rows: divided, notes: percent ? ["the probabilities are percent: divided by 100"] : [] };
}
