import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CsvError, parse } from "csv-parse/sync";
import { systemReason, UserError } from "../base/errors.js";
import type { Emotion } from "./clip.js";
import { cremad } from "./cremad.js";

/**
 * The six emotions that CREMA-D's listeners chose from, in the order of {@link EMOTIONS} (without surprise).
 *
 * @example
 * RATED_EMOTIONS.join(", "); // => "anger, disgust, fear, happiness, sadness, neutral"
 */
export const RATED_EMOTIONS = ["anger", "disgust", "fear", "happiness", "sadness", "neutral"] as const;

/** The file of votes in CREMA-D's repository. */
const RATINGS_FILE = "tabulatedVotes.csv";

/** The listeners' ratings of one CREMA-D clip, voice alone. */
export interface ClipRatings {
  /** `cremad/1001_IEO_NEU_XX`. */
  id: string;
  speaker: string;
  /** The emotion that the actor intended. */
  intended: Emotion;
  /** Number of ratings for each of {@link RATED_EMOTIONS}. */
  votes: number[];
}

/** The columns of the votes in the file, in the order of {@link RATED_EMOTIONS}. */
const COLUMNS = ["A", "D", "F", "H", "S", "N"];

/** Where to get the file. */
const SOURCE = "https://github.com/CheyneyComputerScience/CREMA-D (processedResults/tabulatedVotes.csv)";

/**
 * Reads the listeners' ratings of CREMA-D from `tabulatedVotes.csv` of the corpus's repository (Cao et al. 2014): about nine
 * ratings per clip. The file lists every clip three times, for voice alone, face alone and both. Only the ratings of the voice
 * alone are read; their row numbers begin with 1.
 *
 * @param path the file
 * @returns one entry per clip, in the order of the file (7442 clips in the published one)
 * @throws {UserError} naming file and line, when it is another file or a row is damaged
 * @example
 * import { writeFile } from "node:fs/promises";
 * const rows = ["row,A,D,F,H,N,S,fileName,numResponses", "100001,0,0,0,2,7,0,1001_IEO_HAP_LO,9"];
 * await writeFile("tabulatedVotes.csv", rows.join("\n"));
 * const [rated] = await readRatings("tabulatedVotes.csv");
 * rated!.intended; // => "happiness"
 * rated!.votes; // => [0, 0, 0, 2, 0, 7]
 */
export async function readRatings(path: string): Promise<ClipRatings[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw new UserError(`cannot read the ratings ${path}: ${systemReason(error)}`, { cause: error });
  }
  return parseRatings(text, path);
}

/** {@link readRatings} of text; `path` is for messages. */
export function parseRatings(text: string, path = RATINGS_FILE): ClipRatings[] {
  const [header = [], ...rows] = parseRows(text, path);
  const column = (name: string) => header.indexOf(name);
  const [file, count, votes] = [column("fileName"), column("numResponses"), COLUMNS.map(column)];
  if ([file, count, ...votes].includes(-1)) {
    throw new UserError(
      `${path} is not CREMA-D's table of votes: its first line must name ${COLUMNS.join(", ")}, fileName and numResponses; get it from ${SOURCE}`,
    );
  }
  const out = new Map<string, ClipRatings>();
  rows.forEach((cells, i) => {
    const wrong = (what: string) =>
      new UserError(`${path}, line ${i + 2}: ${what}; download it again from ${SOURCE}`);
    const number = cells[0] ?? "";
    if (!/^[123]\d{5}$/.test(number)) throw wrong(`"${number}" is not a row number of voice, face or both`);
    if (!number.startsWith("1")) return;
    const clip = cremad.parse(`${cells[file] ?? ""}.wav`);
    if (!clip) throw wrong(`"${cells[file] ?? ""}" is not a clip of CREMA-D`);
    if (out.has(clip.id)) throw wrong(`the voice of ${clip.id} occurs twice`);
    const given = votes.map((at) => wholeNumber(cells[at]));
    const total = given.reduce((a, b) => a + b, 0);
    if (!(total > 0 && total === wholeNumber(cells[count]))) {
      throw wrong("its votes do not add up to numResponses");
    }
    const { id, speaker, emotion } = clip;
    out.set(id, { id, speaker, intended: emotion as Emotion, votes: given });
  });
  if (out.size === 0) throw new UserError(`${path} has no ratings of voices; get it from ${SOURCE}`);
  return [...out.values()];
}

/**
 * Looks for the file of ratings near the clips of CREMA-D: in their folder, in its parent, or in `processedResults` of either,
 * as in the corpus's repository.
 *
 * @param clips clips on disk; those of other corpora are skipped
 * @returns path of the file, or `undefined` when it is not found
 * @example
 * const path = findRatings(await loadClips("data", { names: ["cremad"] }));
 * const ratings = path === undefined ? [] : await readRatings(path);
 */
export function findRatings(clips: Iterable<{ corpus: string; path: string }>): string | undefined {
  const folders = new Set<string>();
  for (const { corpus, path } of clips) if (corpus === "cremad") folders.add(dirname(path));
  for (const folder of folders) {
    for (const place of [folder, dirname(folder)]) {
      const found = [join(place, RATINGS_FILE), join(place, "processedResults", RATINGS_FILE)].find(
        existsSync,
      );
      if (found) return found;
    }
  }
  return undefined;
}

/**
 * The emotion that most listeners chose for each clip of CREMA-D: the perceived emotion, an alternative training target to the
 * intended one. Clips with a tie (644 of the 7442) have no entry.
 *
 * @param file the file of ratings, as for {@link readRatings}
 * @returns the emotion by clip id
 * @throws {UserError} as {@link readRatings}
 * @example
 * import { writeFile } from "node:fs/promises";
 * const rows = ["row,A,D,F,H,N,S,fileName,numResponses", "100001,0,0,0,2,7,0,1001_IEO_HAP_LO,9"];
 * await writeFile("tabulatedVotes.csv", rows.join("\n"));
 * (await perceivedEmotions("tabulatedVotes.csv")).get("cremad/1001_IEO_HAP_LO"); // => "neutral"
 */
export async function perceivedEmotions(file: string): Promise<Map<string, Emotion>> {
  const out = new Map<string, Emotion>();
  for (const { id, votes } of await readRatings(file)) {
    const [first, ...others] = mostVoted(votes);
    if (first !== undefined && others.length === 0) out.set(id, RATED_EMOTIONS[first]!);
  }
  return out;
}

/** The indices of the emotions with the most votes: several when they tie. */
export function mostVoted(votes: readonly number[]): number[] {
  const most = Math.max(...votes);
  return votes.flatMap((count, index) => (count === most ? [index] : []));
}

/** Ratings and majority votes by intended emotion, each 6 x 6, row-major, rows = intended. */
export interface ListenerCounts {
  /** Single ratings: how often the emotion of the row was perceived as that of the column. */
  ratings: Float64Array;
  /** Clips by the majority of their ratings, in sixtieths: a clip of k tied emotions counts 60 / k for each. */
  majority: Float64Array;
}

/** A clip's weight in {@link ListenerCounts.majority}; it can be shared equally among up to six tied emotions. */
export const CLIP_PARTS = 60;

/** Sums the ratings of each speaker. */
export function countRatings(ratings: Iterable<ClipRatings>): Map<string, ListenerCounts> {
  const size = RATED_EMOTIONS.length;
  const out = new Map<string, ListenerCounts>();
  for (const { speaker, intended, votes } of ratings) {
    const row = (RATED_EMOTIONS as readonly string[]).indexOf(intended) * size;
    const counts = out.get(speaker) ?? {
      ratings: new Float64Array(size * size),
      majority: new Float64Array(size * size),
    };
    out.set(speaker, counts);
    votes.forEach((count, heard) => {
      counts.ratings[row + heard]! += count;
    });
    const winners = mostVoted(votes);
    for (const winner of winners) counts.majority[row + winner]! += CLIP_PARTS / winners.length;
  }
  return out;
}

function parseRows(text: string, path: string): string[][] {
  try {
    return parse(text, { bom: true, skip_empty_lines: true, trim: true }) as string[][];
  } catch (error) {
    if (!(error instanceof CsvError)) throw error;
    throw new UserError(`${basename(path)} is not valid CSV: ${error.message}`, { cause: error });
  }
}

function wholeNumber(text: string | undefined): number {
  return text !== undefined && /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
}
