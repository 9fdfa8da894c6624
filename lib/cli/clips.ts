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

/**
 * Adds the options of every command that works on clips: `--data`, `--corpus`, `--manifest`, `--map`.
 *
 * @param corpus false where a run's record says which corpora
 */
export function addClipOptions(command: Command, { corpus = true } = {}): Command {
  command.addOption(dataOption());
  if (corpus)
    command.addOption(
      new Option("--corpus <names...>", "corpora; default: all that are needed").choices(KNOWN_CORPORA),
    );
  return command
    .option(
      "--manifest <file>",
      "clips of your own: a table with id, path, speaker, emotion (data/manifests.md); with --corpus beside those",
    )
    .addOption(
      new Option(
        "--map <rule>",
        "LABEL=CLASS, or LABEL=drop to leave its clips out; or a JSON file of such rules; may be repeated",
      ).argParser((rule: string, before: string[] = []) => [...before, rule]),
    );
}

/** The options of {@link addClipOptions} that were given, as arguments of another command. */
export function clipArgs({ data, corpus, manifest, map = [] }: ClipFlags): string[] {
  return [
    ...(data === process.env.SER_DATA ? [] : ["--data", data]),
    ...(corpus ? ["--corpus", ...corpus] : []),
    ...(manifest ? ["--manifest", manifest] : []),
    ...map.flatMap((rule) => ["--map", rule]),
  ];
}

/**
 * The corpora that a command works on: those under the folder, those of the manifest, or both, with the classes that the
 * mapping gives them. What the manifest and the mapping leave out is told on standard error.
 *
 * @param needed what a protocol names; without `--corpus` those are looked for, and without either, all that are under the
 *   folder or, with a manifest, none of them
 * @throws {UsageError} for rules of labels that are not there, and for corpora that only a manifest could have
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
      `of the clips under ${data} and those of ${manifest} some are synthetic and some are recorded, which never go together: leave --corpus or --manifest out`,
    );
  if (found.length > 0) for (const line of labels.checkUsed()) tell(line);
  return found.filter(({ clips, tied }) => clips.length > 0 || tied);
}

/** Names of corpora under the folder; `undefined` for all. */
function wantedOf({ corpus, manifest }: ClipFlags, needed: readonly string[]): readonly string[] | undefined {
  const known = (name: string) => (KNOWN_CORPORA as readonly string[]).includes(name);
  const strange = needed.filter((name) => !known(name));
  if (strange.length > 0 && manifest === undefined)
    throw new UsageError(
      `${strange.join(", ")} is none of ${KNOWN_CORPORA.join(", ")}: give your own clips with --manifest, whose column corpus names them (without one: own)`,
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
 * The clips that a command works on, as protocols take them: calm is kept, for the protocol to say what becomes of it.
 *
 * @param options see {@link corporaFor}
 * @throws {UserError} when there are none, or when a corpus that was asked for is not there
 */
export async function clipsFor(
  flags: ClipFlags,
  options: { needed?: readonly string[]; signal?: AbortSignal } = {},
): Promise<Clip[]> {
  const [found, { assertFound }] = await Promise.all([
    corporaFor(flags, options),
    import("../corpora/registry.js"),
  ]);
  const { data } = flags;
  const clips = found.flatMap((corpus) => corpus.clips);
  assertNeeded(flags, options.needed ?? [], found);
  assertFound(found, wantedOf(flags, options.needed ?? []) ?? [], data);
  if (clips.length > 0) return clips;
  throw new UserError(
    flags.manifest !== undefined
      ? `${flags.manifest}: no clip has a label, since the raters of every clip tie`
      : `no corpus found under ${data}: set --data or SER_DATA, get the corpora with "ser data download", or make synthetic ones with "ser data synthesize"`,
  );
}

/** @throws {UsageError} for a manifest of which the protocol takes nothing: it would be ignored */
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
    `the protocol is of ${needed.join(", ")}, and ${manifest} has ${own.join(", ")}: take one of these, such as grouped/${own[0]}, or leave --manifest out`,
  );
}

/**
 * The emotions that most listeners heard, by clip id.
 *
 * @param file CREMA-D's tabulatedVotes.csv; default: the one beside the clips
 * @throws {UserError} when there is none
 */
export async function perceivedIn(clips: readonly Clip[], file?: string) {
  const { findRatings, perceivedEmotions } = await import("../corpora/ratings.js");
  const path = file ?? findRatings(clips);
  if (path !== undefined) return perceivedEmotions(path);
  throw new UserError(
    "the perceived emotion needs CREMA-D's tabulatedVotes.csv: lay it beside the corpus, or name it with --ratings FILE",
  );
}
