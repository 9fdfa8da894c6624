import { existsSync } from "node:fs";
import { type Command, Option } from "commander";
import { writeAtomic } from "../base/atomic.js";
import { UserError } from "../base/errors.js";
import { plural } from "../base/text.js";
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
    .description("Write a manifest from the names of sound files.")
    .argument("<folder>", "folder with the sound files, at any depth")
    .requiredOption("--pattern <pattern>", "how files are named: {speaker}_{emotion}_{n}.wav")
    .addOption(
      new Option(
        "--map <rule>",
        "LABEL=CLASS, or LABEL=drop to leave its clips out; or a JSON file of such rules; may be repeated",
      ).argParser((rule: string, before: string[] = []) => [...before, rule]),
    )
    .option("--name <corpus>", "name of the corpus, where the pattern has no {corpus}; default: own")
    .option("--out <file>", "the manifest (default: clips.csv in the folder)")
    .option(
      "--write-map <file>",
      "write the labels that are no known words as JSON, to fill in and give to --map",
    )
    .option("--force", "write over files that are there")
    .option("--json", "JSON")
    .addHelpText(
      "after",
      `
Placeholders: {speaker} {emotion} {sentence} {sex} {intensity} {repetition} {corpus} {id}; any other, such as {n} or {_}, is
left out. {emotion:1} is one sign, * any text within a name. A pattern may have folders: {speaker}/{emotion}/*.wav. Labels that
are no known words are classes of their own, unless --map says otherwise. data/manifests.md has the patterns of ten corpora.

Examples:
  ser data manifest recordings --pattern "{speaker}_{emotion}_{n}.wav"
  ser data manifest emodb --pattern "{speaker:2}{sentence:3}{emotion:1}{_}.wav" --write-map emodb.json
  ser data manifest emodb --pattern "{speaker:2}{sentence:3}{emotion:1}{_}.wav" --map emodb.json --force`,
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
      throw new UserError(`${file} is there already: --force writes over it, --out FILE writes elsewhere`);
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
      `left out ${plural(unmatched.length, "sound file")} that the pattern does not fit: ${unmatched.slice(0, SHOWN).join(", ")}${more}`,
    );
  }
  if (unknown.length > 0) {
    const counts = unknown.map(([label, count]) => `${label} (${count})`);
    lines.push(`labels that are no known words, each a class of its own: ${counts.join(", ")}`);
    lines.push(
      writeMap
        ? `fill in ${writeMap} ("drop" leaves clips out), then give it to --map`
        : `to make them others, fill this in ("drop" leaves clips out) and give it to --map FILE.json:\n${map.trimEnd()}`,
    );
  }
  process.stdout.write(`${lines.join("\n")}\n`);
}
