import { UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { type Matrix, row } from "../base/matrix.js";
import { problemText } from "../base/schema.js";
import { plural } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import { clipKey, clipName, type FeatureTable } from "./feature-table.js";

/** How many clips or problems a message lists; the rest are counted. */
const LISTED = 5;

/**
 * Finds the rows of clips: by id (`savee/DC_a01`), by id without the corpus, or by file name without the extension.
 *
 * @returns a row per clip, and notes on the parts of the table that are not used
 * @throws {UserError} naming clips without a row, with two different rows, or sharing a row, and columns that encode the
 *   label
 * @example const { matrices } = rowsOfClips(clips, readTable("egemaps.csv"));
 */
export function rowsOfClips(
  clips: readonly Clip[],
  table: FeatureTable,
): { matrices: Matrix[]; notes: string[] } {
  const { name, ids, matrix, leftOut } = table;
  const find = finder(table);
  const found = clips.map((clip) => find(clip));
  const missing = clips.filter((_, i) => found[i]!.length === 0).map(({ id }) => id);
  if (missing.length > 0)
    throw new UserError(
      missing.length === clips.length
        ? `${name} has no row for any of the ${plural(clips.length, "clip")} (${ids[0]} is its first): a column id or file has to name them, by id or by file name`
        : `${name} has no row for ${missing.length} of ${plural(clips.length, "clip")}: ${some(missing)}; add them (by id, or by file name), or use only the corpora that it has`,
    );
  const problems = [
    ...twoRows(clips, found, table),
    ...twoClips(clips, found, table),
    ...labelColumns(clips, found, table),
  ];
  if (problems.length > 0) throw new UserError(problemText(problems, name, LISTED));
  const used = new Set(found.flat());
  const unknown = ids.length - used.size;
  return {
    matrices: found.map(([i]) => ({ data: row(matrix, i!), rows: 1, cols: matrix.cols })),
    notes: [
      ...leftOut.map((what) => `${name}: left out ${what}`),
      ...(unknown > 0 ? [`${name}: ${plural(unknown, "row")} of other clips ignored`] : []),
    ],
  };
}

/** A class with fewer clips may have a value of its own by chance. */
const FEWEST = 5;

/** Columns with a value that all clips of a class have, and no other clip: they encode the classes, or mark one. */
function labelColumns(
  clips: readonly Clip[],
  found: readonly (readonly number[])[],
  { matrix, columns }: FeatureTable,
): string[] {
  const classes = [...groupBy(clips.keys(), (c) => clips[c]!.emotion)].filter(
    ([, own]) => own.length >= FEWEST,
  );
  if (new Set(clips.map(({ emotion }) => emotion)).size < 2) return [];
  const cellOf = (c: number, k: number) => row(matrix, found[c]![0]!)[k]!;
  return columns.flatMap((name, k) => {
    const mark = classes.find(([emotion, own]) => {
      const value = cellOf(own[0]!, k);
      return (
        own.every((c) => cellOf(c, k) === value) &&
        clips.every((clip, c) => clip.emotion === emotion || cellOf(c, k) !== value)
      );
    });
    return mark
      ? [
          `${name} is ${cellOf(mark[1][0]!, k)} for every clip of ${mark[0]} and for no other: that is a label, not a feature; remove it from the table`,
        ]
      : [];
  });
}

function some(names: readonly string[]): string {
  const more = names.length - LISTED;
  return `${names.slice(0, LISTED).join(", ")}${more > 0 ? ` and ${more} more` : ""}`;
}

/** All rows of a clip, by the strictest match that finds any. */
function finder({ ids }: FeatureTable): (clip: Clip) => number[] {
  const byKey = groupBy(ids.keys(), (i) => ids[i]!);
  const byName = groupBy(ids.keys(), (i) => clipName(ids[i]!));
  return ({ id, path }) => {
    const short = id.slice(id.indexOf("/") + 1);
    return (
      byKey.get(id) ??
      byKey.get(short) ??
      byKey.get(clipKey(path)) ??
      byName.get(clipName(clipKey(path))) ??
      byName.get(clipName(short)) ??
      []
    );
  };
}

function twoRows(
  clips: readonly Clip[],
  found: readonly (readonly number[])[],
  { matrix, lines }: FeatureTable,
): string[] {
  return clips.flatMap(({ id }, c) => {
    const [first, ...others] = found[c]!;
    const own = row(matrix, first!);
    const other = others.find((i) => row(matrix, i).some((value, k) => value !== own[k]));
    return other === undefined
      ? []
      : [`${id} has two different rows, in lines ${lines[first!]} and ${lines[other]}: keep one of them`];
  });
}

/** Rows whose file name occurs in two corpora. */
function twoClips(
  clips: readonly Clip[],
  found: readonly (readonly number[])[],
  { lines }: FeatureTable,
): string[] {
  const owners = groupBy(clips.keys(), (c) => found[c]![0]!);
  return [...owners].flatMap(([i, own]) =>
    own.length < 2
      ? []
      : [`line ${lines[i]} may be ${own.map((c) => clips[c]!.id).join(" or ")}: use full ids in the table`],
  );
}
