import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { LEVEL_KINDS, type LevelFault, levelText } from "../audio/level.js";
import { cancellationText } from "../audio/mix.js";
import type { Segment } from "../audio/segment.js";
import { Interrupted } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { runPool } from "../base/pool.js";
import { Progress } from "../base/progress.js";
import { projectRoot } from "../base/root.js";
import type { FileFacts, ReadableFile } from "./check.worker.js";
import { type MetadataNote, metadataNotes } from "./check-metadata.js";
import { type Clip, CORPORA } from "./clip.js";
import { asWav, type CorpusDefinition, folderName, wavName } from "./corpus.js";
import { type CorpusSummary, corpora, type FoundCorpus, findCorpora, summarize } from "./registry.js";

/** An anomaly of some clips that does not make them unusable. */
export interface CorpusNote {
  /**
   * `silent`, `faint`, `offset`, `clipped`: the level after the mix-down to mono, see {@link LevelFault}. `cancelled`: the
   * channels cancel each other out in the mix-down. `duplicate`: identical samples under several ids. `container`: a .wav that
   * is not RIFF. `rate`, `channels`: other than in the rest of the corpus. `name`: a file name that breaks the corpus's rule, or
   * an extra file. `warning`: readable, but incomplete. `spelling`: one speaker or label spelled in several ways. `speaker`: a
   * speaker of a manifest who is also in another corpus. `classes`: all clips are of one class.
   */
  kind:
    | LevelFault["kind"]
    | "cancelled"
    | "duplicate"
    | "container"
    | "rate"
    | "channels"
    | "name"
    | "warning"
    | MetadataNote;
  /** Ids of the clips. */
  clips: string[];
  /** The anomaly in words. */
  text: string;
}

/** The result of {@link checkCorpora} for one corpus, as `ser data check` prints it. */
export interface CorpusReport extends CorpusSummary {
  /** Duration of the readable clips, hours. */
  hours: number;
  /** Formats such as "wav, pcm_s16, 16000 Hz, mono", most frequent first. */
  formats: { format: string; clips: number }[];
  /** Number of published clips that were not found; 0 for synthetic clips and manifests, which have no published list. */
  missing: number;
  missingIds: string[];
  /** Number of files that cannot be read. */
  invalid: number;
  invalidClips: { id: string; path: string; reason: string }[];
  /**
   * Number of readable files whose SHA-256 differs from the published file's, as it does after any conversion; 0 for synthetic
   * clips. Absent where the published checksums are not known: outside the four English corpora.
   */
  altered?: number;
  notes: CorpusNote[];
}

/** Options of {@link checkCorpora}. */
export interface CheckOptions {
  /** Only these corpora; default: all that are found. */
  names?: readonly string[];
  /** Number of threads; default: one per core. */
  threads?: number;
  /** Shows no progress bar. */
  quiet?: boolean;
  signal?: AbortSignal;
}

const WORKER = "corpora/check.worker";

/** Clips per task: enough to keep messages cheap, few enough to stop at once. */
const CLIPS_A_TASK = 16;

/** Hexadecimal digits kept of each SHA-256: 64 bits, enough to rule out collisions. */
const DIGITS = 16;

/**
 * Reads every clip of the corpora under a folder, on all cores, and reports missing, invalid and altered files and anomalies.
 *
 * @param root the folder, as for {@link findCorpora}
 * @returns one report for each corpus that was found
 * @throws {UserError} when the folder cannot be read
 * @throws {Interrupted} when `signal` is aborted
 * @example
 * const [report] = await checkCorpora("data", { names: ["savee"], quiet: true });
 * report!.clips; // => 480
 * report!.invalid; // => 0
 */
export async function checkCorpora(root: string, options: CheckOptions = {}): Promise<CorpusReport[]> {
  return checkFound(await findCorpora(root, { names: options.names }), options);
}

/** {@link checkCorpora} for corpora that were already found, or read from a manifest. */
export async function checkFound(
  found: readonly FoundCorpus[],
  options: CheckOptions = {},
): Promise<CorpusReport[]> {
  const facts = await readAll(found, options);
  const metadata = metadataNotes(found, (name) => definitionOf(name) !== undefined);
  const reports = await Promise.all(found.map((corpus) => report(corpus, facts)));
  return reports.map((own, i) => ({ ...own, notes: [...own.notes, ...metadata[i]!] }));
}

async function readAll(found: readonly FoundCorpus[], options: CheckOptions): Promise<Map<Clip, FileFacts>> {
  const batches = found.flatMap(({ clips }) =>
    Array.from({ length: Math.ceil(clips.length / CLIPS_A_TASK) }, (_, i) =>
      clips.slice(i * CLIPS_A_TASK, (i + 1) * CLIPS_A_TASK),
    ),
  );
  const tasks = batches.map((clips) => clips.map(({ path, start, end }) => ({ path, start, end })));
  const total = batches.reduce((sum, clips) => sum + clips.length, 0);
  const progress = new Progress("checking", total, { quiet: options.quiet });
  const facts = new Map<Clip, FileFacts>();
  try {
    for await (const { index, result } of runPool<Segment[], FileFacts[]>(WORKER, tasks, options)) {
      const clips = batches[index]!;
      clips.forEach((clip, i) => {
        facts.set(clip, result[i]!);
      });
      progress.step(clips.length, clips[0]!.corpus);
    }
  } catch (error) {
    if (!options.signal?.aborted) throw error;
    throw new Interrupted(`stopped: ${facts.size} of ${total} clips were checked`, { cause: error });
  } finally {
    progress.done();
  }
  return facts;
}

async function report(corpus: FoundCorpus, facts: ReadonlyMap<Clip, FileFacts>): Promise<CorpusReport> {
  const { name, clips, synthetic } = corpus;
  const definition = synthetic ? undefined : definitionOf(name);
  const readable: [Clip, ReadableFile][] = [];
  const invalidClips: CorpusReport["invalidClips"] = [];
  for (const clip of clips) {
    const file = facts.get(clip)!;
    if ("problem" in file) invalidClips.push({ id: clip.id, path: clip.path, reason: file.problem });
    else readable.push([clip, file]);
  }
  const ids = new Set(clips.map(({ id }) => id));
  const missingIds = definition?.expectedIds().filter((id) => !ids.has(id)) ?? [];
  const altered = definition ? await countAltered(definition, readable) : 0;
  return {
    ...summarize(corpus),
    hours: Number((readable.reduce((sum, [, { seconds }]) => sum + seconds, 0) / 3600).toFixed(4)),
    formats: countFormats(readable),
    missing: missingIds.length,
    missingIds,
    invalid: invalidClips.length,
    invalidClips,
    ...(altered !== undefined && { altered }),
    notes: notesOf(corpus, readable),
  };
}

function definitionOf(name: string): CorpusDefinition | undefined {
  return Object.hasOwn(corpora, name) ? corpora[name as keyof typeof corpora] : undefined;
}

/** Number of files that differ from the published ones; `undefined` where the published checksums are not known. */
async function countAltered(
  definition: CorpusDefinition,
  readable: readonly [Clip, ReadableFile][],
): Promise<number | undefined> {
  if (!(CORPORA as readonly string[]).includes(definition.name)) return undefined;
  const published = await publishedDigests(definition);
  return readable.filter(([{ id }, { digest }]) => isAltered(published, id, digest)).length;
}

/**
 * SHA-256 of the published files, truncated to 64 bits, by clip id; empty where they are not known.
 *
 * @example (await publishedDigests(corpora.savee)).get("savee/DC_a01")
 */
export async function publishedDigests({
  name,
  expectedIds,
}: CorpusDefinition): Promise<Map<string, string>> {
  if (!(CORPORA as readonly string[]).includes(name)) return new Map();
  const text = await readFile(join(projectRoot(), "lib", "corpora", "checksums", `${name}.txt`), "utf8");
  const digests = text.trimEnd().split(/\r?\n/);
  return new Map(expectedIds().map((id, i) => [id, digests[i]!]));
}

function isAltered(published: ReadonlyMap<string, string>, id: string, digest: string): boolean {
  const original = published.get(id);
  return original !== undefined && original !== digest.slice(0, DIGITS);
}

function countFormats(readable: readonly [Clip, ReadableFile][]): CorpusReport["formats"] {
  const groups = groupBy(readable, ([, { format }]) => format);
  return Array.from(groups, ([format, { length }]) => ({ format, clips: length })).sort(
    (a, b) => b.clips - a.clips,
  );
}

function notesOf(corpus: FoundCorpus, readable: readonly [Clip, ReadableFile][]): CorpusNote[] {
  const definition = corpus.synthetic ? undefined : definitionOf(corpus.name);
  const usualRate = definition?.sampleRate ?? mostFrequent(readable.map(([, { sampleRate }]) => sampleRate));
  const usualChannels = mostFrequent(readable.map(([, { channels }]) => channels));
  const where = (
    kind: CorpusNote["kind"],
    test: (file: ReadableFile, clip: Clip) => boolean,
    text: (file: ReadableFile) => string,
  ): CorpusNote[] => {
    const groups = groupBy(
      readable.filter(([clip, file]) => test(file, clip)),
      ([, file]) => text(file),
    );
    return Array.from(groups, ([words, hits]) => ({ kind, clips: hits.map(([{ id }]) => id), text: words }));
  };
  return [
    ...levelNotes(readable),
    ...cancelledNote(readable),
    ...duplicateNotes(readable),
    ...where("container", isMisnamed, ({ container }) => `${container.toUpperCase()} under the name .wav`),
    ...where(
      "rate",
      ({ sampleRate }) => sampleRate !== usualRate,
      ({ sampleRate }) => `${sampleRate} Hz, the rest ${usualRate} Hz`,
    ),
    ...where(
      "channels",
      ({ channels }) => channels !== usualChannels,
      ({ channels }) => `${channels} channels, the rest ${usualChannels}`,
    ),
    ...where(
      "warning",
      ({ warnings }) => warnings.length > 0,
      ({ warnings }) => warnings.join("; "),
    ),
    ...nameNotes(corpus, definition),
  ];
}

/** One note for each kind, with the range of the levels. */
function levelNotes(readable: readonly [Clip, ReadableFile][]): CorpusNote[] {
  return LEVEL_KINDS.flatMap((kind) => {
    const hits = readable.flatMap(([{ id }, { level }]) =>
      level.filter((fault) => fault.kind === kind).map((fault) => ({ id, fault })),
    );
    if (hits.length === 0) return [];
    const text = levelText(...hits.map(({ fault }) => fault));
    return [{ kind, clips: hits.map(({ id }) => id), text }];
  });
}

function cancelledNote(readable: readonly [Clip, ReadableFile][]): CorpusNote[] {
  const hits = readable.flatMap(([{ id }, { cancellation }]) =>
    cancellation === undefined ? [] : [{ id, cancellation }],
  );
  if (hits.length === 0) return [];
  const text = cancellationText(...hits.map(({ cancellation }) => cancellation));
  return [{ kind: "cancelled", clips: hits.map(({ id }) => id), text }];
}

/** Identical samples under several ids; silent clips are all alike and have a note of their own. */
function duplicateNotes(readable: readonly [Clip, ReadableFile][]): CorpusNote[] {
  const audible = readable.filter(
    ([, { level, cancellation }]) => cancellation === undefined && level[0]?.kind !== "silent",
  );
  const groups = groupBy(audible, ([, { samples, sampleRate }]) => `${samples} ${sampleRate}`);
  return [...groups.values()]
    .filter((group) => group.length > 1)
    .map((group) => {
      const emotions = [...new Set(group.map(([{ emotion }]) => emotion))];
      const under =
        emotions.length > 1 ? `under different labels (${emotions.join(", ")})` : "under one label";
      return { kind: "duplicate", clips: group.map(([{ id }]) => id), text: `identical samples ${under}` };
    });
}

function isMisnamed({ container }: ReadableFile, { path }: Clip): boolean {
  return /\.wav$/i.test(path) && container !== "wav" && container !== "rf64";
}

function nameNotes({ clips, copies }: FoundCorpus, definition: CorpusDefinition | undefined): CorpusNote[] {
  if (!definition) return [];
  const published = new Set(definition.expectedIds());
  const note = (ids: string[], text: string): CorpusNote[] =>
    ids.length > 0 ? [{ kind: "name", clips: ids, text }] : [];
  const ids = (some: readonly Clip[]) => some.map(({ id }) => id);
  return [
    ...note(ids(clips.filter(isOddlyNamed)), "the file's name departs from the corpus's rule"),
    ...note(ids(clips.filter(({ id }) => !published.has(id))), "not among the published clips"),
    ...note([...new Set(copies.map(({ id }) => id))], "another file of this clip was found and ignored"),
  ];
}

/** True where neither the file name nor folder and file name together match the id. */
function isOddlyNamed({ id, path }: Clip): boolean {
  const slashed = path.replaceAll("\\", "/");
  const name = wavName(asWav(slashed)) ?? "";
  const rule = id.slice(id.indexOf("/") + 1);
  return name !== rule && `${folderName(slashed)}_${name}` !== rule;
}

function mostFrequent(values: readonly number[]): number | undefined {
  const counts = new Map<number, number>();
  for (const value of values) counts.set(value, (counts.get(value) ?? 0) + 1);
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0];
}
