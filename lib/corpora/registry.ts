import { existsSync } from "node:fs";
import { basename, dirname, join, posix, resolve } from "node:path";
import { conversionHint } from "../audio/audio.js";
import { isOtherSoundName, isSoundName } from "../audio/endings.js";
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

/** The corpora the library knows, by name. */
export const corpora: Record<KnownCorpus, CorpusDefinition> = {
  ravdess,
  tess,
  savee,
  cremad,
  emodb,
  emovo,
  urdu,
};

/** A corpus as it lies on the disk. */
export interface FoundCorpus {
  name: string;
  /** Sorted by id, each id once. */
  clips: Clip[];
  /** Made by the library, not recorded. */
  synthetic: boolean;
  /** Further files of an id that is there already: the second of two layouts, or an archive that nests a copy. */
  copies: { id: string; path: string }[];
  /** Clips of a manifest on which their raters tie, so that they have no label and are in no list of clips. */
  tied?: { id: string; votes: Readonly<Record<string, number>> }[];
}

export interface FindOptions {
  /** Only these corpora; default: all that are known. */
  names?: readonly string[];
  signal?: AbortSignal;
}

export interface LoadOptions extends FindOptions {
  /** What becomes of RAVDESS's calm; default "merge" (into neutral). */
  calm?: Calm;
}

/**
 * Finds the corpora under a folder, at any depth and in any layout, by the names of their files. Of several files with
 * one id a WAV is taken before a compressed copy, and then the first by path. Recorded and synthetic clips never come together: where any recorded clip lies
 * under the root, the synthetic ones are left out.
 *
 * @param root the folder; links are followed
 * @returns the corpora that are there, in the order of {@link KNOWN_CORPORA}; none is no error
 * @throws {UserError} when the folder or one in it cannot be read
 * @throws {UsageError} for an unknown name of a corpus
 * @example for (const { name, clips } of await findCorpora("data")) console.log(name, clips.length);
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
 * The clips under a folder, sorted by corpus and id, ready for a protocol.
 *
 * @param root the folder, as for {@link findCorpora}
 * @throws {UserError} when a corpus asked for by name is not there
 * @example const clips = await loadClips("data", { names: ["ravdess"], calm: "drop" });
 */
export async function loadClips(root: string, options: LoadOptions = {}): Promise<Clip[]> {
  const found = await findCorpora(root, options);
  assertFound(found, options.names ?? [], root);
  return applyCalm(
    found.flatMap(({ clips }) => clips),
    options.calm,
  );
}

/** @throws {UserError} naming the corpora that were asked for and are not there, and how to get them */
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

/** Calm clips become neutral ("merge", the default; their label stays), are left out ("drop") or stay ("keep"). */
export function applyCalm(clips: readonly Clip[], calm: Calm = "merge"): Clip[] {
  if (calm === "keep") return [...clips];
  if (calm === "drop") return clips.filter(({ emotion }) => emotion !== "calm");
  return clips.map((clip) => (clip.emotion === "calm" ? { ...clip, emotion: "neutral" } : clip));
}

/** The emotions that occur: in the order of {@link EMOTIONS}, then calm, then others by name. */
export function classesOf(clips: Iterable<{ emotion: string }>): string[] {
  const present = new Set(Array.from(clips, ({ emotion }) => emotion));
  const others = [...present].filter((emotion) => !KNOWN_CLASSES.includes(emotion)).sort(byText);
  return [...KNOWN_CLASSES.filter((emotion) => present.has(emotion)), ...others];
}

const KNOWN_CLASSES: readonly string[] = [...EMOTIONS, "calm"];

/** A corpus in numbers. */
export interface CorpusSummary {
  name: string;
  synthetic: boolean;
  clips: number;
  speakers: number;
  /** Those that occur, in their order. */
  classes: string[];
  /** Clips of each emotion, the known ones also where there are none; calm is not merged. */
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

/** True for a folder that has the marker of synthetic clips, or lies under one that has. */
export function isSynthetic(folder: string): boolean {
  if (existsSync(join(folder, SYNTHETIC_MARKER))) return true;
  return dirname(folder) !== folder && isSynthetic(dirname(folder));
}

/**
 * How to get corpora that are not there: by the command where it fetches them, else from their pages.
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

/** Whether the archive that `ser data download` fetches has a corpus. */
function isFetched(name: string): boolean {
  return (CORPORA as readonly string[]).includes(name);
}

/** What the corpora say of a path with `/`: the name of the one that knows it. */
export function parseName(relative: string): ClipName | undefined {
  for (const name of KNOWN_CORPORA) {
    const clip = corpora[name].parse(relative);
    if (clip) return clip;
  }
  return undefined;
}

/**
 * Every clip of some corpora, as their published names say it; nothing is read from the disk.
 *
 * @param names those that are not known have no published clips; default: the four corpora
 */
export function publishedClips(names: readonly string[] = CORPORA): ClipName[] {
  return KNOWN_CORPORA.filter((name) => names.includes(name)).flatMap((corpus) =>
    corpora[corpus].expectedIds().map((id) => corpora[corpus].parse(`${id.slice(corpus.length + 1)}.wav`)!),
  );
}

function corpusNames(names: readonly string[] | undefined): readonly KnownCorpus[] {
  const unknown = names?.filter((name) => !Object.hasOwn(corpora, name)) ?? [];
  if (unknown.length > 0) {
    throw new UsageError(`no corpus is called ${unknown.join(", ")}: there are ${KNOWN_CORPORA.join(", ")}`);
  }
  return names ? KNOWN_CORPORA.filter((name) => names.includes(name)) : KNOWN_CORPORA;
}

/** WAV before what may be a compressed copy of it, then by path. */
function bestFirst(a: Clip, b: Clip): number {
  const isWav = ({ path }: Clip) => /\.wav$/i.test(path);
  return Number(isWav(b)) - Number(isWav(a)) || byText(a.path, b.path);
}

/** Each id once, the first; sorted by id. */
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
  const sounds = names.filter(isSoundName);
  if (sounds.length > 0)
    return `${root} holds ${plural(sounds.length, "sound file")} whose names are no corpus's: ${list(sounds)}; for clips of your own, write a manifest (ser data manifest --help)`;
  const others = names.filter(isOtherSoundName);
  if (others.length > 0)
    return `${root} holds ${plural(others.length, "file")} of kinds that are not read: ${list(others)}; ${conversionHint(join(root, others[0]!))}`;
  return `${root} holds ${plural(names.length, "file")}, none of them sound: ${list(names)}`;
}

interface FoundFile {
  path: string;
  /** From the folder above the root, with `/`: the root itself may be the folder that names a speaker. */
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
  if (code === "ENOENT") return `there is no folder ${root}: ${hint}`;
  if (code === "ENOTDIR") return `${root} is a file: ${hint}, unpacked`;
  return `cannot read the folder ${path}: ${systemReason(error)}; make it readable, or ${hint}`;
}
