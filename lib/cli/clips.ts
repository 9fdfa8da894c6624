import { type Command, Option } from "commander";
import { UsageError, UserError } from "../base/errors.js";
import { plural } from "../base/text.js";
import { type Clip, KNOWN_CORPORA } from "../corpora/clip.js";
import type { Labels } from "../corpora/labels.js";
import type { FoundCorpus } from "../corpora/registry.js";
import { dataOption } from "./common.js";

/** Which clips a command works on. */
export interface ClipFlags {
  data: string;
  corpus?: string[];
  manifest?: string;
  map?: string[];
}

/** What `--corpus` takes where it is not given: of a command that splits clips by a protocol. */
const BY_PROTOCOL = "those of the protocol, else all under --data";

/**
 * Adds the options of every command that works on clips: `--data`, `--corpus`, `--manifest`, `--map`.
 *
 * @param corpus the default of `--corpus`, for its help; "" for no default, false where the command has no `--corpus` because a
 *   protocol or a run's record names the corpora
 */
export function addClipOptions(
  command: Command,
  { corpus = BY_PROTOCOL }: { corpus?: string | false } = {},
): Command {
  command.addOption(dataOption());
  if (corpus !== false) {
    const usual = corpus && ` (default: ${corpus})`;
    command.addOption(new Option("--corpus <names...>", `corpora to use${usual}`).choices(KNOWN_CORPORA));
  }
  const both = corpus === false ? "" : "; give --corpus as well to use both";
  return command
    .option(
      "--manifest <file>",
      `your own clips: a table with the columns id, path, speaker, emotion (see data/manifests.md)${both}`,
    )
    .addOption(mapOption());
}

/** `--map RULE`: what becomes of labels. */
export function mapOption(): Option {
  return new Option(
    "--map <rule>",
    "relabel clips: LABEL=CLASS, or LABEL=drop to leave them out; or a JSON file of such rules; repeatable",
  ).argParser((rule: string, before: string[] = []) => [...before, rule]);
}

/** `--ratings FILE`: the listeners' votes that perceived emotions are taken from. */
export function ratingsOption(): Option {
  return new Option(
    "--ratings <file>",
    "CREMA-D's tabulatedVotes.csv, for perceived emotions (default: the one beside the corpus)",
  );
}

/** The given options of {@link addClipOptions}, as arguments for another command. */
export function clipArgs({ data, corpus, manifest, map = [] }: ClipFlags): string[] {
  return [
    ...(data === process.env.SER_DATA ? [] : ["--data", data]),
    ...(corpus ? ["--corpus", ...corpus] : []),
    ...(manifest ? ["--manifest", manifest] : []),
    ...map.flatMap((rule) => ["--map", rule]),
  ];
}

/**
 * The corpora that a command works on: those under the folder, those of the manifest, or both, with labels mapped to classes.
 * What the manifest and the mapping leave out is reported on standard error.
 *
 * @param needed the corpora that a protocol names; used where `--corpus` is not given. Without either: all under the folder,
 *   or with a manifest none of them
 * @throws {UsageError} for mapping rules whose label no clip has, and for corpora that only a manifest could provide
 */
export async function corporaFor(
  flags: ClipFlags,
  { needed = [], signal }: { needed?: readonly string[]; signal?: AbortSignal } = {},
): Promise<FoundCorpus[]> {
  const [{ findCorpora }, { labelsFrom }] = await Promise.all([
    import("../corpora/registry.js"),
    import("../corpora/labels.js"),
  ]);
  const { data, manifest } = flags;
  const labels = labelsFrom(flags.map);
  const names = wantedOf(flags, needed);
  const under = names?.length === 0 ? [] : await findCorpora(data, { names, signal });
  const mapped = under.map((corpus) => ({ ...corpus, clips: labels.apply(corpus.clips) }));
  const own = manifest === undefined ? [] : await ownCorpora(manifest, labels);
  const found = [...mapped, ...own];
  const synthetic = new Set(found.map((corpus) => corpus.synthetic));
  if (synthetic.size > 1)
    throw new UserError(
      `of the clips under ${data} and in ${manifest}, some are synthetic and some are recorded; the two are never mixed: leave out --corpus or --manifest`,
    );
  if (found.length > 0) for (const line of labels.checkUsed()) tell(line);
  return found.filter(({ clips, tied }) => clips.length > 0 || tied);
}

/** The corpora to look for under the folder; `undefined` for all. */
function wantedOf({ corpus, manifest }: ClipFlags, needed: readonly string[]): readonly string[] | undefined {
  const known = (name: string) => (KNOWN_CORPORA as readonly string[]).includes(name);
  const strange = needed.filter((name) => !known(name));
  if (strange.length > 0 && manifest === undefined)
    throw new UsageError(
      `${strange.join(", ")} is not one of ${KNOWN_CORPORA.join(", ")}: give your own clips with --manifest; its column corpus names them (without that column: own)`,
    );
  if (corpus) return corpus;
  if (needed.length > 0) return needed.filter(known);
  return manifest === undefined ? undefined : [];
}

async function ownCorpora(manifest: string, labels: Labels): Promise<FoundCorpus[]> {
  const { findManifest } = await import("../corpora/manifest.js");
  const found = await findManifest(manifest, { labels });
  const tied = found.flatMap((corpus) => corpus.tied ?? []);
  if (tied.length > 0)
    tell(
      `${manifest}: left out ${plural(tied.length, "clip")} without a majority among the raters: ${tied
        .slice(0, 6)
        .map(({ id }) => id)
        .join(", ")}${tied.length > 6 ? ", ..." : ""}`,
    );
  return found;
}

function tell(line: string): void {
  process.stderr.write(`ser: ${line}\n`);
}

/**
 * The clips that a command works on, as protocols take them: calm is kept as a label, since the protocol decides about it.
 *
 * @param options see {@link corporaFor}
 * @throws {UserError} when there are no clips, or when a requested corpus is not found
 */
export async function clipsFor(
  flags: ClipFlags,
  options: { needed?: readonly string[]; signal?: AbortSignal } = {},
): Promise<Clip[]> {
  const [found, { assertFound, noCorpus }] = await Promise.all([
    corporaFor(flags, options),
    import("../corpora/registry.js"),
  ]);
  const { data } = flags;
  const clips = found.flatMap((corpus) => corpus.clips);
  assertNeeded(flags, options.needed ?? [], found);
  assertFound(found, wantedOf(flags, options.needed ?? []) ?? [], data);
  if (clips.length > 0) return clips;
  if (flags.manifest === undefined) throw noCorpus(data);
  throw new UserError(`${flags.manifest}: no clip has a label, because the raters of every clip are tied`);
}

/** @throws {UsageError} for a manifest that the protocol does not use: it would be ignored silently */
function assertNeeded(
  { manifest }: ClipFlags,
  needed: readonly string[],
  found: readonly FoundCorpus[],
): void {
  const known: readonly string[] = KNOWN_CORPORA;
  const own = found.map(({ name }) => name).filter((name) => !known.includes(name));
  if (manifest === undefined || needed.length === 0 || own.length === 0) return;
  if (own.some((name) => needed.includes(name))) return;
  throw new UsageError(
    `the protocol uses ${needed.join(", ")}, but ${manifest} has ${own.join(", ")}: give a protocol of your own clips, such as grouped/${own[0]}, or leave out --manifest`,
  );
}

/**
 * The emotions that most listeners perceived, by clip id.
 *
 * @param file CREMA-D's tabulatedVotes.csv; default: the one beside the clips
 * @throws {UserError} when no such file is found
 */
export async function perceivedIn(clips: readonly Clip[], file?: string) {
  const { findRatings, perceivedEmotions } = await import("../corpora/ratings.js");
  const path = file ?? findRatings(clips);
  if (path !== undefined) return perceivedEmotions(path);
  throw new UserError(
    "perceived emotions need CREMA-D's tabulatedVotes.csv: put it beside the corpus, or give it with --ratings FILE",
  );
}
