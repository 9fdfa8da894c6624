import { dirname, extname, join, relative, resolve } from "node:path";
import { soundNames } from "../audio/endings.js";
import { systemReason, UserError } from "../base/errors.js";
import { filesBelow } from "../base/folder.js";
import { groupBy } from "../base/group.js";
import { formatCsv } from "../base/table.js";
import { byText, plural } from "../base/text.js";
import { knownEmotion, Labels } from "./labels.js";
import { refusedName, takesCell } from "./manifest.js";
import { type NamedFields, namePattern } from "./name-pattern.js";

/** A manifest generated from file names. */
export interface WrittenManifest {
  /** The table. */
  text: string;
  clips: number;
  /** Sound files that do not match the pattern, relative to the folder, sorted. */
  unmatched: string[];
  /** Number of clips of each label that is not a common word, most frequent first. */
  unknown: [label: string, clips: number][];
  /** What was left out of the table, and why. */
  notes: string[];
}

export interface WriteManifestOptions {
  /** The classes of labels. */
  labels?: Labels;
  /** Name of the corpus, where the pattern does not contain it. */
  corpus?: string;
}

const SHOWN = 3;

const COLUMNS = [
  ...["id", "path", "corpus", "speaker", "emotion", "label", "sex", "intensity", "sentenceId", "repetition"],
] as const;

/**
 * Generates the manifest of a folder from its file names.
 *
 * @param folder searched at any depth; hidden files are skipped
 * @param pattern see {@link namePattern}
 * @param out the path that the table will be written to: its paths are relative to that
 * @throws {UserError} when no file matches the pattern (the message shows some names), or when two clips would have the same id
 * @throws {UsageError} for an invalid pattern
 * @example const { text } = await manifestOf("emodb", "{speaker:2}{sentence:3}{emotion:1}{_}.wav", "emodb/clips.csv");
 */
export async function manifestOf(
  folder: string,
  pattern: string,
  out: string,
  { labels = new Labels(), corpus }: WriteManifestOptions = {},
): Promise<WrittenManifest> {
  const fieldsOf = namePattern(pattern);
  const names = await soundsIn(folder);
  const clips: Clip[] = [];
  const unmatched: string[] = [];
  for (const name of names) {
    const fields = fieldsOf(name);
    if (fields) clips.push({ name, fields });
    else unmatched.push(name);
  }
  if (clips.length === 0) throw new UserError(nothing(folder, pattern, names));
  const kept = clips.flatMap((clip) => {
    const label = clip.fields.emotion!;
    const emotion = labels.classOf(label);
    return emotion === undefined ? [] : [{ ...clip, label, emotion }];
  });
  if (kept.length === 0) throw new UserError(`--map drops all ${plural(clips.length, "clip")}: keep a label`);
  const corpusOf = (fields: NamedFields) => (fields.corpus ?? corpus)?.toLowerCase();
  for (const name of new Set(kept.map(({ fields }) => corpusOf(fields)))) {
    const refused = name === undefined ? undefined : refusedName(name);
    if (refused) throw new UserError(`"${name}" ${refused}`);
  }
  const unmapped = new Labels();
  const idOf = idsOf(kept);
  const notes: string[] = [];
  const cell = (column: "sex" | "intensity" | "repetition") => takenCells(column, kept, notes);
  const [sex, intensity, repetition] = [cell("sex"), cell("intensity"), cell("repetition")];
  const rows = kept.map(
    ({ name, fields, label, emotion }): Record<(typeof COLUMNS)[number], string | undefined> => {
      // As written, unless a rule maps it: the reader of the manifest knows the common words.
      const mapped = emotion !== unmapped.classOf(label);
      return {
        id: idOf(name),
        path: relative(dirname(resolve(out)), resolve(folder, name)).replaceAll("\\", "/"),
        corpus: corpusOf(fields),
        speaker: fields.speaker,
        emotion: mapped ? emotion : label,
        label: mapped ? label : undefined,
        sex: sex(fields.sex),
        intensity: intensity(fields.intensity),
        sentenceId: fields.sentence,
        repetition: repetition(fields.repetition),
      };
    },
  );
  const columns = COLUMNS.filter((column) => rows.some((row) => row[column] !== undefined));
  const unknown = [...groupBy(clips, ({ fields }) => fields.emotion!)]
    .filter(
      ([label]) => knownEmotion(label) === undefined && labels.classOf(label) === unmapped.classOf(label),
    )
    .map(([label, { length }]): [string, number] => [label, length])
    .sort(([a, n], [b, m]) => m - n || byText(a, b));
  if (kept.length < clips.length)
    notes.push(`${plural(clips.length - kept.length, "clip")} dropped by --map`);
  return {
    text: formatCsv(
      columns,
      rows.map((row) => columns.map((column) => row[column])),
    ),
    clips: kept.length,
    unmatched,
    unknown,
    notes,
  };
}

interface Clip {
  /** Relative to the folder, with `/`. */
  name: string;
  fields: NamedFields;
}

async function soundsIn(folder: string): Promise<string[]> {
  const files = await filesBelow(folder).catch((error: unknown) => {
    throw new UserError(`cannot read the folder ${folder}: ${systemReason(error)}`, { cause: error });
  });
  return files
    .map(({ relative }) => relative)
    .filter(soundNames().isRead)
    .sort(byText);
}

function nothing(folder: string, pattern: string, names: readonly string[]): string {
  if (names.length === 0) return `${folder} contains no sound files: give the folder that has them`;
  return (
    `none of the ${plural(names.length, "sound file")} under ${folder} matches the pattern ${pattern}; for example:\n` +
    names
      .slice(0, SHOWN)
      .map((name) => `  ${name}`)
      .join("\n")
  );
}

/** The pattern's id, or the path in the folder, without the file ending where that is unique. */
function idsOf(clips: readonly Clip[]): (name: string) => string {
  const bare = ({ name, fields }: Clip) => fields.id ?? name.slice(0, name.length - extname(name).length);
  const groups = groupBy(clips, (clip) => `${clip.fields.corpus ?? ""}/${bare(clip)}`);
  const ids = new Map<string, string>();
  for (const own of groups.values()) {
    const clash = own.length > 1 ? own.find(({ fields }) => fields.id !== undefined) : undefined;
    if (clash)
      throw new UserError(
        `${own
          .slice(0, 2)
          .map(({ name }) => name)
          .join(
            " and ",
          )} have the same id, ${clash.fields.id}: leave {id} out of the pattern to use the path as the id`,
      );
    for (const clip of own) ids.set(clip.name, own.length > 1 ? clip.name : bare(clip));
  }
  return (name) => ids.get(name)!;
}

/** The valid cells of a column; others, such as CREMA-D's intensity `XX`, are left empty. */
function takenCells(
  column: "sex" | "intensity" | "repetition",
  clips: readonly Clip[],
  notes: string[],
): (cell: string | undefined) => string | undefined {
  const strange = clips.flatMap(({ fields }) => {
    const cell = fields[column];
    return cell === undefined || takesCell(column, cell) ? [] : [cell];
  });
  if (strange.length > 0)
    notes.push(
      `${column} left empty for ${plural(strange.length, "clip")}: not valid are ${[...new Set(strange)].slice(0, SHOWN).join(", ")}`,
    );
  return (cell) => (cell !== undefined && takesCell(column, cell) ? cell : undefined);
}

/** The path of the table in the folder of the sound files. */
export function besideSounds(folder: string): string {
  return join(folder, "clips.csv");
}
