import { existsSync } from "node:fs";
import type { Command } from "commander";
import { writeAtomic } from "../base/atomic.js";
import { UserError } from "../base/errors.js";
import { plural } from "../base/text.js";
import { mapOption } from "./clips.js";
import { printJson } from "./common.js";

interface ManifestFlags {
  pattern: string;
  map?: string[];
  name?: string;
  out?: string;
  writeMap?: string;
  force?: boolean;
  json?: boolean;
}

const SHOWN = 3;

/** Adds `ser data manifest`. */
export function addManifest(data: Command): void {
  data
    .command("manifest")
    .description("Write a manifest of your own clips from the names of their files.")
    .argument("<folder>", "folder with the sound files, also in subfolders")
    .requiredOption("--pattern <pattern>", "how the files are named, such as {speaker}_{emotion}_{n}.wav")
    .addOption(mapOption())
    .option("--name <corpus>", "name of the corpus, if the pattern has no {corpus} (default: own)")
    .option("--out <file>", "file to write the manifest to (default: clips.csv in the folder)")
    .option(
      "--write-map <file>",
      "also write the unknown labels to a JSON file, to be filled in and given to --map",
    )
    .option("--force", "overwrite existing files")
    .option("--json", "print the counts as JSON")
    .addHelpText(
      "after",
      `
Placeholders: {speaker} {emotion} {sentence} {sex} {intensity} {repetition} {corpus} {id}. Any
other placeholder, such as {n} or {_}, is ignored. {emotion:1} is exactly one character; * is any
text within a name. A pattern can include folders: {speaker}/{emotion}/*.wav. Labels that are not
known words for an emotion become classes of their own, unless --map says otherwise.
data/manifests.md has the patterns of eleven corpora.

Examples:
  ser data manifest recordings --pattern "{speaker}_{emotion}_{n}.wav"

  EMO-DB, with a file of rules that is filled in between the two commands:
  ser data manifest wav --pattern "{speaker:2}{sentence:3}{emotion:1}{_}.wav" --write-map map.json
  ser data manifest wav --pattern "{speaker:2}{sentence:3}{emotion:1}{_}.wav" --map map.json --force`,
    )
    .action(write);
}

async function write(folder: string, flags: ManifestFlags): Promise<void> {
  const [{ besideSounds, manifestOf }, { labelsFrom }] = await Promise.all([
    import("../corpora/write-manifest.js"),
    import("../corpora/labels.js"),
  ]);
  const { pattern, name, force, writeMap, json } = flags;
  const out = flags.out ?? besideSounds(folder);
  for (const file of [out, ...(writeMap ? [writeMap] : [])])
    if (!force && existsSync(file))
      throw new UserError(`${file} exists already: --force overwrites it, --out FILE writes another file`);
  const labels = labelsFrom(flags.map);
  const made = await manifestOf(folder, pattern, out, { labels, corpus: name });
  const notes = [...labels.checkUsed(), ...made.notes];
  await writeAtomic(out, made.text);
  const { clips, unmatched, unknown } = made;
  const map = `${JSON.stringify(Object.fromEntries(unknown.map(([label]) => [label, label.toLowerCase()])), null, 2)}\n`;
  if (writeMap) await writeAtomic(writeMap, map);
  for (const note of notes) process.stderr.write(`ser: ${note}\n`);
  if (json) return printJson({ manifest: out, clips, unmatched, unknown: Object.fromEntries(unknown) });
  const lines = [`${plural(clips, "clip")}: ${out}`];
  if (unmatched.length > 0) {
    const more = unmatched.length > SHOWN ? ", ..." : "";
    lines.push(
      `left out ${plural(unmatched.length, "sound file")} that the pattern does not match: ${unmatched.slice(0, SHOWN).join(", ")}${more}`,
    );
  }
  if (unknown.length > 0) {
    const counts = unknown.map(([label, count]) => `${label} (${count})`);
    lines.push(`unknown labels, each a class of its own: ${counts.join(", ")}`);
    lines.push(
      writeMap
        ? `fill in ${writeMap} ("drop" leaves clips out), then give it to --map`
        : `to map them to other classes, fill this in ("drop" leaves clips out) and give it to --map FILE.json:\n${map.trimEnd()}`,
    );
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}
