// Makes what is made from the schema of grids: the JSON Schema by which an editor completes keys, and the page of all keys.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { toJsonSchema } from "@valibot/to-json-schema";
import { type Facts, factsOf, type Node } from "../base/schema.js";
import { gridSchema, parseGrid } from "../experiments/grid.js";
import { encoderFeatures } from "../features/encoder-settings.js";
import { RUN_FEATURES } from "../features/presets.js";
import { FEATURE_ENTRIES, someEncoderSchema, someTableSchema } from "../features/settings.js";
import { SIZES } from "../models/size.js";
import { AUGMENTATIONS } from "../training/augmentation.js";
import { SMALL_TRAINING, TRAINING } from "../training/settings.js";

const FOLDER = join("results", "experiments");

/** The files that are made, by path. */
export function schemaFiles(): Record<string, string> {
  return { [join(FOLDER, "grid.schema.json")]: jsonSchema(), [join(FOLDER, "README.md")]: page() };
}

/** Draft 07, which editors know; rules across keys are not in it. */
function jsonSchema(): string {
  const schema = toJsonSchema(gridSchema, {
    target: "draft-07",
    typeMode: "input",
    ignoreActions: ["raw_check", "finite", "metadata"],
    // An object that looks for unknown keys itself.
    overrideSchema: ({ valibotSchema, jsonSchema }) =>
      valibotSchema.type === "loose_object" ? { ...jsonSchema, additionalProperties: false } : undefined,
  });
  return `${JSON.stringify({ $schema: "http://json-schema.org/draft-07/schema#", title: "Grid of an experiment", ...schema }, null, 2)}\n`;
}

const EXAMPLE = {
  $schema: "./grid.schema.json",
  name: "filters",
  description: "How many filters does the CNN need on RAVDESS?",
  score: "validation",
  runs: [
    {
      protocols: ["ravdess/emobox"],
      models: ["cnn"],
      sizes: [{}, { filters: [16, 32, 64, 64] }, { filters: [16, 32] }],
      features: ["logmel", { kind: "logmel", nMels: 40 }],
      augment: [[], ["warp"]],
      training: { epochs: 20, schedule: { name: "cosine", warmup: 2 } },
      seeds: [1, 2, 3],
    },
  ],
};

function page(): string {
  const grid = factsOf(gridSchema).entries!;
  const block = factsOf(factsOf(grid.runs!).item!).entries!;
  const training = factsOf(block.training!).entries!;
  const cells = parseGrid(EXAMPLE).runs[0]!;
  const {
    encoder: _,
    width: __,
    blocks: ___,
    ...usualEncoder
  } = encoderFeatures({
    ...{ kind: "encoder", encoder: "whisper-base" },
  });
  const combinations = [cells.sizes, cells.features, cells.augment, cells.seeds].map((list) => list!.length);
  const usual = (key: string) => {
    const [own, small] = [TRAINING, SMALL_TRAINING].map((of) => code(of[key as keyof typeof TRAINING]));
    return own === small ? own! : `${own}; cnn-small ${small}`;
  };
  return `# Grids

A grid is a JSON file that describes an experiment: a name, and blocks of runs. In a block most keys are lists, and every
combination of their values is a run, on every fold of the protocol. Duplicate runs are done once.

\`\`\`json
${compact(EXAMPLE)}
\`\`\`

That is ${combinations.join(" x ")} = ${combinations.reduce((a, b) => a * b)} runs for each fold: sizes, features, augmentations, seeds.

\`\`\`sh
npx --no ser ablate filters.json --plan    # what would be run, and how long it would take
npx --no ser ablate filters.json           # runs it; run again, it resumes
npx --no ser report filters                # tables, intervals, significance
\`\`\`

\`"$schema": "./grid.schema.json"\` lets an editor complete the keys and mark mistakes; in another folder, give the path to
[grid.schema.json](grid.schema.json). \`ser ablate\` reports all mistakes in a file at once, each with its place.

This page and the schema are generated from the code by \`npm run schema\`.

## Keys of a grid

${table(grid)}

## Keys of a block

${table(block)}

Protocols are listed by \`ser protocols\`. Augmentations are sets of settings:

${rows(
  ["name", "settings"],
  Object.entries(AUGMENTATIONS).map(([name, of]) => [`\`${name}\``, code(of)]),
)}

## Sizes

The keys of an object in \`sizes\`. A size equal to the network's default gives the same run as no size.

${table(factsOf(factsOf(block.sizes!).item!).entries!)}

${rows(
  ["network", "keys it takes, with their defaults"],
  Object.entries(SIZES).map(([name, of]) => [`\`${name}\``, code(of)]),
)}

## Features

\`features\` takes \`"logmel"\`, \`"mfcc"\` (as \`ser train --kind\`), or an object with the settings that differ from the defaults
of its \`kind\`. The defaults below are those of log-mel; those of MFCC follow where they differ.

${table(FEATURE_ENTRIES as unknown as Record<string, Node>, (key) => {
  if (key === "kind") return code("logmel");
  const [own, mfcc] = [RUN_FEATURES.logmel, RUN_FEATURES.mfcc].map((of) => code(of[key as keyof typeof of]));
  return own === mfcc ? own! : `${own}; mfcc ${mfcc}`;
})}

For a pretrained speech encoder, added with \`ser encoder add\` or \`ser encoder get\`, an object of kind \`encoder\`:
\`{ "kind": "encoder", "encoder": "whisper-base", "layer": 3 }\`.

${table(someEncoderSchema.entries as unknown as Record<string, Node>, (key) =>
  code(usualEncoder[key as keyof typeof usualEncoder]),
)}

For features computed by another program (openSMILE, nkululeko, librosa), an object of kind \`table\`:
\`{ "kind": "table", "file": "egemaps.csv" }\`. Rows are matched to clips by id, or by the file's name without its ending; every clip
must have one. Columns that are not numeric, are constant, or are called \`emotion\`, \`label\`, \`speaker\`, \`gender\`, \`age\`,
\`start\`, \`end\`, \`duration\` or the like are left out and reported. The names of the runs depend on the digest of the numbers, not on
where the file is. Such features work with \`linear\`, \`svm\` and \`majority\`.

${table(someTableSchema.entries as unknown as Record<string, Node>, () => "from the file")}

## Training

Keys of \`training\`. The defaults of \`cnn-small\` follow where they differ.

${table(training, usual)}

### schedule

${table(factsOf(training.schedule!).entries!)}

### optimizer

${table(factsOf(training.optimizer!).entries!)}

### curriculum

${table(factsOf(training.curriculum!).entries!)}
`;
}

/** Keys with what they take; the default is the schema's where no other is told. */
function table(entries: Record<string, Node>, usual?: (key: string) => string): string {
  return rows(
    ["key", "takes", "default", "meaning"],
    Object.entries(entries).map(([key, node]) => {
      const facts = factsOf(node);
      const own = usual?.(key) || code(facts.usual) || (facts.optional || usual ? "" : "required");
      return [`\`${key}\``, takesText(facts), own, facts.description];
    }),
  );
}

function takesText({ takes, choices, entries, item }: Facts): string {
  if (choices) return choices.map((choice) => code(choice)).join(", ");
  if (entries) return "an object, see below";
  if (item && factsOf(item).entries) return "a list of objects, see below";
  return takes.replace(/an object( with .*)?$/, "an object, see below");
}

function rows(header: readonly string[], body: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...body.map(line)].join("\n");
}

/** `{ "a": 1 }` as code; nothing for what is not there. */
function code(value: unknown): string {
  return value === undefined ? "" : `\`${compact(value, 0)}\``;
}

/** JSON with lists and inner objects on one line, as a person writes it. */
function compact(value: unknown, depth = 3, indent = ""): string {
  const inner = `${indent}  `;
  const list = Array.isArray(value);
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  const parts = list
    ? value.map((one) => compact(one, depth - 1, inner))
    : Object.entries(value).map(([key, one]) => `${JSON.stringify(key)}: ${compact(one, depth - 1, inner)}`);
  const [open, close] = list ? ["[", "]"] : ["{", "}"];
  if (parts.length === 0) return open + close;
  if (depth > 0) return `${open}\n${inner}${parts.join(`,\n${inner}`)}\n${indent}${close}`;
  return list ? `[${parts.join(", ")}]` : `{ ${parts.join(", ")} }`;
}

async function main(): Promise<void> {
  for (const [path, text] of Object.entries(schemaFiles())) await writeFile(path, text);
}

if (process.argv[1]?.endsWith("schema.ts")) void main();
