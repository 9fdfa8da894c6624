import { existsSync } from "node:fs";
import { basename, dirname, join, posix, resolve } from "node:path";
import { soundNames, unreadHint } from "../audio/endings.js";
import { systemCode, systemReason, UsageError, UserError } from "../base/errors.js";
import { filesBelow } from "../base/folder.js";
import { byText, plural } from "../base/text.js";
import {
  type Calm,
  type Clip,
  type ClipName,
  CORPORA,
  EMOTIONS,
  KNOWN_CORPORA,
  type KnownCorpus,
} from "./clip.js";
import { asWav, type CorpusDefinition, SYNTHETIC_MARKER } from "./corpus.js";
import { cremad } from "./cremad.js";
import { emodb } from "./emodb.js";
import { emovo } from "./emovo.js";
import { ravdess } from "./ravdess.js";
import { savee } from "./savee.js";
import { tess } from "./tess.js";
import { urdu } from "./urdu.js";

/**
 * The corpora that the library knows, by name: published facts, and the parser of their file names.
 *
 * @example
 * corpora.savee.clipCount; // => 480
 * corpora.ravdess.parse("Actor_12/03-01-06-01-02-01-12.wav")?.emotion; // => "fear"
 */
export const corpora: Record<KnownCorpus, CorpusDefinition> = {
  ravdess,
  tess,
  savee,
  cremad,
  emodb,
  emovo,
  urdu,
};

/** A corpus found on disk. */
export interface FoundCorpus {
  name: string;
  /** Sorted by id, each id once. */
  clips: Clip[];
  /** True for clips that the library synthesized. */
  synthetic: boolean;
  /** Further files of an id that was already found, as from a second layout or a nested copy of the archive. */
  copies: { id: string; path: string }[];
  /** Clips of a manifest whose raters tie: they have no label and are not in `clips`. */
  tied?: { id: string; votes: Readonly<Record<string, number>> }[];
}

/** Options of {@link findCorpora}. */
export interface FindOptions {
  /** Only these corpora; default: all that are known. */
  names?: readonly string[];
  signal?: AbortSignal;
}

/** Options of {@link loadClips}. */
export interface LoadOptions extends FindOptions {
  /** How to treat RAVDESS's calm; default "merge" (into neutral). */
  calm?: Calm;
}

/**
 * Finds the corpora under a folder by file name, at any depth and in any of the published folder layouts. Of several files with the
 * same id, a WAV is taken before a compressed copy, and then the first by path. Recorded and synthetic clips are never mixed: where
 * there is any recorded clip under the root, the synthetic ones are left out.
 *
 * @param root the folder; links are followed
 * @returns the corpora that were found, in the order of {@link KNOWN_CORPORA}; an empty array is no error
 * @throws {UserError} when the folder or one of its subfolders cannot be read
 * @throws {UsageError} for an unknown corpus name
 * @example
 * const found = await findCorpora("data");
 * found.map(({ name }) => name); // => ["ravdess", "tess", "savee", "cremad"]
 * found.find(({ name }) => name === "savee")!.clips.length; // => 480
 */
export async function findCorpora(root: string, options: FindOptions = {}): Promise<FoundCorpus[]> {
  const wanted = corpusNames(options.names);
  const all: Clip[] = [];
  for (const { path, relative, synthetic } of await walk(root, options.signal)) {
    const name = parseName(asWav(relative));
    if (name) all.push({ ...name, path, synthetic });
  }
  const synthetic = all.every((clip) => clip.synthetic);
  const clips = all.filter((clip) => clip.synthetic === synthetic).sort(bestFirst);
  return wanted
    .map((name) => {
      const own = clips.filter(({ corpus }) => corpus === name);
      return { name, synthetic, ...withoutCopies(own) };
    })
    .filter((corpus) => corpus.clips.length > 0);
}

/**
 * Loads the clips of the corpora under a folder, sorted by corpus and id, ready for a protocol. The sound is not read.
 *
 * @param root the folder, as for {@link findCorpora}
 * @throws {UserError} when a requested corpus is not found, or the folder cannot be read
 * @throws {UsageError} for an unknown corpus name
 * @example
 * const clips = await loadClips("data", { names: ["savee"] });
 * clips.length; // => 480
 * clips[0]!.id; // => "savee/DC_a01"
 */
export async function loadClips(root: string, options: LoadOptions = {}): Promise<Clip[]> {
  const found = await findCorpora(root, options);
  assertFound(found, options.names ?? [], root);
  return applyCalm(
    found.flatMap(({ clips }) => clips),
    options.calm,
  );
}

/** @throws {UserError} naming the requested corpora that were not found, and how to get them */
export function assertFound(
  found: readonly { name: string }[],
  asked: readonly string[],
  root: string,
): void {
  const absent = asked.filter((name) => !found.some((corpus) => corpus.name === name));
  if (absent.length === 0) return;
  throw new UserError(
    `${absent.join(", ")} not found under ${root}: set --data or SER_DATA to the folder that has it, or ${howToGet(absent)}`,
  );
}

/** The error for a folder without any corpus: what was looked for, and how to get one. */
export function noCorpus(root: string): UserError {
  return new UserError(
    `no corpus found under ${root} (files named as in ${KNOWN_CORPORA.join(", ")}): set --data or SER_DATA to another folder, get the corpora with "ser data download", or make synthetic ones with "ser data synthesize"`,
  );
}

/**
 * Applies a {@link Calm} option to RAVDESS, the corpus that has calm: its calm clips become neutral ("merge", the default; their `label` stays), are left out ("drop"),
 * or stay ("keep"). In other clips calm is a label like any other.
 *
 * @example
 * const clips = await loadClips("data", { names: ["ravdess"], calm: "keep" });
 * classesOf(clips).includes("calm"); // => true
 * classesOf(applyCalm(clips, "drop")).includes("calm"); // => false
 */
export function applyCalm(clips: readonly Clip[], calm: Calm = "merge"): Clip[] {
  const isCalm = ({ corpus, emotion }: Clip) => corpus === "ravdess" && emotion === "calm";
  if (calm === "keep") return [...clips];
  if (calm === "drop") return clips.filter((clip) => !isCalm(clip));
  return clips.map((clip) => (isCalm(clip) ? { ...clip, emotion: "neutral" } : clip));
}

/**
 * The emotions that occur among clips: in the order of {@link EMOTIONS}, then calm, then others by name.
 *
 * @example
 * classesOf([{ emotion: "boredom" }, { emotion: "sadness" }, { emotion: "anger" }]); // => ["anger", "sadness", "boredom"]
 */
export function classesOf(clips: Iterable<{ emotion: string }>): string[] {
  const present = new Set(Array.from(clips, ({ emotion }) => emotion));
  const others = [...present].filter((emotion) => !KNOWN_CLASSES.includes(emotion)).sort(byText);
  return [...KNOWN_CLASSES.filter((emotion) => present.has(emotion)), ...others];
}

const KNOWN_CLASSES: readonly string[] = [...EMOTIONS, "calm"];

/** Counts of a corpus. */
export interface CorpusSummary {
  name: string;
  synthetic: boolean;
  clips: number;
  speakers: number;
  /** The emotions that occur, in the order of {@link classesOf}. */
  classes: string[];
  /** Number of clips of each emotion; 0 for known emotions that do not occur. Calm is not merged. */
  emotions: Record<string, number>;
}

/** Counts the clips, speakers and emotions of a corpus. */
export function summarize({ name, synthetic, clips }: FoundCorpus): CorpusSummary {
  const classes = classesOf(clips);
  const columns = [...new Set([...KNOWN_CLASSES, ...classes])];
  const emotions = Object.fromEntries(columns.map((emotion) => [emotion, 0]));
  for (const { emotion } of clips) emotions[emotion]!++;
  return {
    name,
    synthetic,
    clips: clips.length,
    speakers: new Set(clips.map(({ speaker }) => speaker)).size,
    classes,
    emotions,
  };
}

/** True for a folder with the marker of synthetic clips, and for any folder under it. */
export function isSynthetic(folder: string): boolean {
  if (existsSync(join(folder, SYNTHETIC_MARKER))) return true;
  return dirname(folder) !== folder && isSynthetic(dirname(folder));
}

/**
 * How to get missing corpora: with the command where it downloads them, else from their home pages.
 *
 * @example howToGet(["emodb"]) // "get EMO-DB from http://emodb.bilderbar.info/docu/"
 */
export function howToGet(names: readonly string[]): string {
  const elsewhere = KNOWN_CORPORA.filter((name) => names.includes(name) && !isFetched(name)).map((name) => {
    const { title, homepage } = corpora[name];
    return `get ${title} from ${homepage}`;
  });
  const fetched = names.filter(isFetched).length;
  const command = fetched > 0 ? [`get ${fetched > 1 ? "them" : "it"} with "ser data download"`] : [];
  return [...command, ...elsewhere].join(", ");
}

/** Whether `ser data download` downloads a corpus. */
function isFetched(name: string): boolean {
  return (CORPORA as readonly string[]).includes(name);
}

/** Parses a path (with `/`) by the corpus that recognises it. */
export function parseName(relative: string): ClipName | undefined {
  for (const name of KNOWN_CORPORA) {
    const clip = corpora[name].parse(relative);
    if (clip) return clip;
  }
  return undefined;
}

/**
 * All published clips of some corpora, parsed from their names; no file is read.
 *
 * @param names of corpora; unknown ones are ignored; default: the four English corpora
 */
export function publishedClips(names: readonly string[] = CORPORA): ClipName[] {
  return KNOWN_CORPORA.filter((name) => names.includes(name)).flatMap((corpus) =>
    corpora[corpus].expectedIds().map((id) => corpora[corpus].parse(`${id.slice(corpus.length + 1)}.wav`)!),
  );
}

function corpusNames(names: readonly string[] | undefined): readonly KnownCorpus[] {
  const unknown = names?.filter((name) => !Object.hasOwn(corpora, name)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(
      `unknown corpus ${unknown.join(", ")}: the known ones are ${KNOWN_CORPORA.join(", ")}`,
    );
  }
  return names ? KNOWN_CORPORA.filter((name) => names.includes(name)) : KNOWN_CORPORA;
}

/** WAV before what may be a compressed copy of it, then by path. */
function bestFirst(a: Clip, b: Clip): number {
  const isWav = ({ path }: Clip) => /\.wav$/i.test(path);
  return Number(isWav(b)) - Number(isWav(a)) || byText(a.path, b.path);
}

/** Keeps the first file of each id; sorted by id. */
function withoutCopies(bestFirst: readonly Clip[]): Pick<FoundCorpus, "clips" | "copies"> {
  const clips = new Map<string, Clip>();
  const copies: FoundCorpus["copies"] = [];
  for (const clip of bestFirst) {
    if (clips.has(clip.id)) copies.push({ id: clip.id, path: clip.path });
    else clips.set(clip.id, clip);
  }
  return { clips: [...clips.values()].sort((a, b) => byText(a.id, b.id)), copies };
}

/**
 * What a folder without any known clip holds, in a line.
 *
 * @example await contentsOf("talks") // "talks holds 2 sound files whose names are no corpus's: a.wav, b.wav; ..."
 */
export async function contentsOf(root: string): Promise<string> {
  const names = (await filesBelow(root)).map(({ relative }) => relative).sort(byText);
  if (names.length === 0) return `${root} holds no files but hidden ones, if any`;
  const list = (some: readonly string[]) => `${some.slice(0, 3).join(", ")}${some.length > 3 ? ", ..." : ""}`;
  const { isRead, isOther } = soundNames();
  const sounds = names.filter(isRead);
  if (sounds.length > 0)
    return `${root} holds ${plural(sounds.length, "sound file")} whose names are no corpus's: ${list(sounds)}; for clips of your own, write a manifest (ser data manifest --help)`;
  const others = names.filter(isOther);
  if (others.length > 0)
    return `${root} holds ${plural(others.length, "file")} of kinds that are not read: ${list(others)}; ${unreadHint(join(root, others[0]!))}`;
  return `${root} holds ${plural(names.length, "file")}, none of them sound: ${list(names)}`;
}

interface FoundFile {
  path: string;
  /** Relative to the parent of the root, with `/`: the root itself may be the folder that names a speaker. */
  relative: string;
  synthetic: boolean;
}

/** All files under a folder. */
async function walk(root: string, signal: AbortSignal | undefined): Promise<FoundFile[]> {
  const start = resolve(root);
  const files = await filesBelow(start, { signal }).catch((error: NodeJS.ErrnoException) => {
    if (systemCode(error) === undefined) throw error;
    throw new UserError(folderProblem(error.path ?? start, root, error), { cause: error });
  });
  const marked = new Set(
    files
      .filter(({ path }) => basename(path) === SYNTHETIC_MARKER)
      .map(({ relative }) => posix.dirname(relative)),
  );
  const made = isSynthetic(start);
  return files.map(({ path, relative }) => ({
    path,
    relative: `${basename(start)}/${relative}`,
    synthetic: made || (marked.size > 0 && foldersAbove(relative).some((folder) => marked.has(folder))),
  }));
}

/** "a/b", "a" and "." for "a/b/c.wav". */
function foldersAbove(relative: string): string[] {
  const folder = posix.dirname(relative);
  return folder === "." ? ["."] : [folder, ...foldersAbove(folder)];
}

function folderProblem(path: string, root: string, error: unknown): string {
  const hint = "set --data or SER_DATA to the folder that has the corpora";
  const code = path === resolve(root) ? systemCode(error) : undefined;
  if (code === "ENOENT") return `folder not found: ${root}: ${hint}`;
  if (code === "ENOTDIR") return `${root} is a file: ${hint}, unpacked`;
  return `cannot read the folder ${path}: ${systemReason(error)}; make it readable, or ${hint}`;
}
