import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { dirname, extname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import * as v from "valibot";
import { messageOf, systemReason, UsageError, UserError } from "../base/errors.js";
import { canonicalJson } from "../base/hash.js";
import { isFolderName } from "../base/names.js";
import { list, oneOf, parseSettings, partial, rule, type Say, strict, text, whole } from "../base/schema.js";
import { ENGINES } from "../engine/trainer.js";
import { encoderFeatures } from "../features/encoder-settings.js";
import type { Normalisation } from "../features/normalise.js";
import { RUN_FEATURES } from "../features/presets.js";
import {
  columnsOf,
  type FeatureSettings,
  featureRules,
  featureSettings,
  fixedRows,
  type SpectralSettings,
  someEncoderSchema,
  someSpectralSchema,
  someTableSchema,
  type TableSettings,
} from "../features/settings.js";
import { tableFeatures } from "../features/table-settings.js";
import { isBaseline, isOwn, type ModelName, modelSchema } from "../models/names.js";
import { type Size, sizeRules, sizeSchema } from "../models/size.js";
import { protocolNamed } from "../protocols/registry.js";
import type { RunSettings } from "../runs/record.js";
import { AUGMENTATIONS, type AugmentationName } from "../training/augmentation.js";
import {
  baseTraining,
  inputRules,
  plainTraining,
  TRAINING_ENTRIES,
  type TrainingSettings,
  trainingRules,
} from "../training/settings.js";

const {
  model: _,
  seed: __,
  normalisation: ___,
  augmentation: ____,
  size: _____,
  network: ______,
  ...overridden
} = TRAINING_ENTRIES;

const inBlock = (key: string) => `give it as "${key}" of the block, a list`;

/** Settings of a training that a block may change for all of its runs. */
const overridesSchema = strict(
  "Training settings that differ from the defaults of the network, the same for all runs of the block.",
  partial(overridden),
  {
    model: inBlock("models"),
    seed: inBlock("seeds"),
    normalisation: inBlock("normalisation"),
    augmentation: inBlock("augment"),
    size: inBlock("sizes"),
  },
);

const protocolSchema = v.pipe(
  text("A protocol."),
  rule<string>((name, say) => {
    try {
      protocolNamed(name);
    } catch (error) {
      if (!(error instanceof UsageError)) throw error;
      say(error.message.split("\n")[0]!.replace(/There are:$/, "`ser protocols` lists them."));
    }
  }),
);

/** Says why something cannot be made. */
function sayRefused(make: () => unknown, say: Say): void {
  try {
    make();
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    say(error.message);
  }
}

const featuresSchema = v.union([
  oneOf("The default features of this kind, as in `ser train`.", ["logmel", "mfcc"]),
  v.variant("kind", [
    v.pipe(
      someEncoderSchema,
      rule<v.InferOutput<typeof someEncoderSchema>>((features, say) =>
        sayRefused(() => encoderFeatures(features), say),
      ),
    ),
    v.pipe(
      someTableSchema,
      rule<v.InferOutput<typeof someTableSchema>>((features, say) =>
        sayRefused(() => tableFeatures(features), say),
      ),
      v.transform((features): TableSettings => tableFeatures(features)),
    ),
    v.pipe(
      someSpectralSchema,
      rule<Partial<SpectralSettings>>((features, say) =>
        featureRules({ ...presetOf(features), ...features }, say),
      ),
    ),
  ]),
]);

const blockSchema = strict("A block of runs: every combination of the values in its lists.", {
  protocols: list("Names of protocols, as `ser protocols` lists them.", protocolSchema),
  folds: v.optional(
    v.pipe(
      v.union([
        v.literal("all"),
        list("Names of folds.", v.union([text("Name of a fold."), v.pipe(v.number(), v.transform(String))])),
      ]),
      v.description("Folds of the protocols."),
    ),
    "all",
  ),
  models: list("Baselines and networks.", modelSchema("A baseline or a network.")),
  sizes: v.optional(list("Sizes of the networks; `{}` for the default size.", sizeSchema)),
  features: v.optional(
    list(
      "Features: a name, or an object with the settings that differ from the defaults of its kind.",
      featuresSchema,
    ),
    ["logmel"],
  ),
  training: v.optional(overridesSchema, {}),
  augment: v.optional(
    list(
      "Sets of augmentations that are applied together; `[]` for none.",
      v.array(oneOf("An augmentation.", Object.keys(AUGMENTATIONS) as AugmentationName[])),
    ),
    [[]],
  ),
  normalisation: v.optional(list("Kinds of normalisation.", TRAINING_ENTRIES.normalisation), ["global"]),
  targets: v.optional(
    list(
      "Targets of the training.",
      oneOf(
        "`intended`: the emotion the actor meant; `perceived`: the one that most listeners heard (CREMA-D).",
        ["intended", "perceived"],
      ),
    ),
    ["intended"],
  ),
  seeds: v.optional(
    list(
      "Random seeds of weights, order of the clips, dropout and augmentation.",
      whole("A seed.", 0, 2 ** 31),
    ),
    [1],
  ),
});

/** A block of runs: every protocol with every model, size, features, augmentation, normalisation, target and seed. */
export type GridBlock = v.InferOutput<typeof blockSchema>;

/** What a grid's file holds. */
export const gridSchema = strict("An experiment: a name, and blocks of runs.", {
  $schema: v.optional(
    v.pipe(
      v.string(),
      v.description("Path of `grid.schema.json`, for an editor; no part of the experiment."),
    ),
  ),
  name: v.pipe(
    v.string(),
    v.description("Names the store and the report."),
    v.regex(/^\w[\w.-]*$/),
    rule<string>((name, say) => {
      if (!isFolderName(name)) say(`"${name}" names no folder on Windows: it takes another name`);
    }),
    v.metadata({ takes: 'letters, digits, ".", "-" and "_", since it names a folder' }),
  ),
  description: v.optional(v.pipe(v.string(), v.description("Purpose, in one line.")), ""),
  score: v.optional(
    oneOf("The part that is scored; `validation` never reads a test part.", ["validation", "test"]),
    "validation",
  ),
  engine: v.optional(
    oneOf("Training engine; default: the best that is available. Not part of a run's name.", ENGINES),
  ),
  runs: list("Blocks of runs.", v.pipe(blockSchema, rule<GridBlock>(blockRules))),
});

/** A grid before defaults are filled in, as in its file; {@link parseGrid} fills them in. */
export type GridInput = v.InferInput<typeof gridSchema>;

/** The grid of an experiment, with the defaults filled in. */
export type Grid = Omit<v.InferOutput<typeof gridSchema>, "$schema">;

/** The settings of one run of a grid, without the fold. */
export interface Cell {
  /** Name of the protocol, as the grid gives it. */
  protocol: string;
  folds: "all" | readonly string[];
  features: FeatureSettings;
  training: TrainingSettings;
  /** The emotion the actor intended, or the one that most listeners perceived (CREMA-D). */
  target: "intended" | "perceived";
}

/**
 * Reads a grid from a JSON file, or from the default export of a module (`.mjs`, `.js`, `.cjs`; `.ts` if tsx is installed).
 *
 * @throws {UserError} if the file cannot be read
 * @throws {UsageError} naming the file and everything that is wrong with it
 * @example
 * import { writeFile } from "node:fs/promises";
 * const runs = [{ protocols: ["savee/loso"], models: ["linear", "cnn"] }];
 * await writeFile("first.json", JSON.stringify({ name: "first", runs }));
 * (await readGrid("first.json")).runs[0]!.models; // => ["linear", "cnn"]
 */
export async function readGrid(path: string): Promise<Grid> {
  return parseGrid(besideFile(await contentOf(path), dirname(path)), path);
}

/** The grid with the files of tables where they are: in its folder, else as from the working directory. */
function besideFile(grid: unknown, folder: string): unknown {
  if (Array.isArray(grid)) return grid.map((item) => besideFile(item, folder));
  if (grid === null || typeof grid !== "object") return grid;
  const entries = Object.entries(grid).map(([key, value]) => [key, besideFile(value, folder)] as const);
  const own: Record<string, unknown> = Object.fromEntries(entries);
  if (own.kind !== "table" || typeof own.file !== "string") return own;
  const beside = join(folder, own.file);
  return isAbsolute(own.file) || !existsSync(beside) ? own : { ...own, file: beside };
}

async function contentOf(path: string): Promise<unknown> {
  const kind = extname(path);
  if (kind === ".json") return readJson(path);
  if (![".mjs", ".js", ".cjs", ".ts"].includes(kind)) {
    throw new UsageError(`${path}: a grid is a .json file, or a module (.mjs, .js, .ts) that exports one`);
  }
  try {
    if (kind === ".ts") return defaultOf(await importTypeScript(resolve(path)));
    return defaultOf(await import(pathToFileURL(resolve(path)).href));
  } catch (error) {
    throw new UserError(`cannot load ${path}: ${messageOf(error).split("\n").slice(0, 2).join(" ")}`, {
      cause: error,
    });
  }
}

async function importTypeScript(path: string): Promise<unknown> {
  const { tsImport } = await import("tsx/esm/api");
  return tsImport(pathToFileURL(path).href, pathToFileURL(path).href);
}

/** A CommonJS module that is imported has its exports in `default`. */
function defaultOf(module: unknown): unknown {
  const value = (module as { default?: unknown }).default;
  const inner = (value as { default?: unknown } | undefined)?.default;
  return inner ?? value;
}

async function readJson(path: string): Promise<unknown> {
  const text = await readFile(path, "utf8").catch((error: unknown) => {
    throw new UserError(`cannot read the grid ${path}: ${systemReason(error)}`, { cause: error });
  });
  try {
    // Some editors begin a file with a mark of its byte order.
    return JSON.parse(text.replace(/^\uFEFF/, ""));
  } catch (error) {
    throw new UsageError(`${path} is not valid JSON: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Checks a grid and fills in its defaults: log-mel features, no augmentation, global normalisation, the intended emotion,
 * seed 1, all folds, and the training settings that suit the model.
 *
 * @param where the file, named in errors
 * @throws {UsageError} naming everything that is wrong, each by its JSON path: `runs[0].models[1] is "cnm": it takes ...`
 * @example
 * const grid = parseGrid({ name: "first", runs: [{ protocols: ["savee/loso"], models: ["cnn"] }] });
 * [grid.score, grid.runs[0]!.folds, grid.runs[0]!.seeds]; // => ["validation", "all", [1]]
 */
export function parseGrid(value: unknown, where?: string, shown?: Shown): Grid {
  // An editor's: it is no part of the experiment.
  const { $schema, ...grid } = parseSettings(gridSchema, value, where, "the grid", shown);
  return grid;
}

type Shown = Parameters<typeof parseSettings>[4];

/**
 * A grid of one block: errors give places in the block, and say nothing of grids.
 *
 * @throws {UsageError} as {@link parseGrid}
 */
export function parseBlock(value: GridInput): Grid {
  return parseGrid(value, undefined, (path) => (path[0] === "runs" ? path.slice(2) : path));
}

/** The keys of a block that have an option of their own. */
const SINGLE = ["features", "models", "augment"];

/**
 * Checks a grid of one block that was made from command line options; errors name the option instead of the grid.
 *
 * @throws {UsageError} as {@link parseGrid}
 * @example parseOptions({ name: "train", runs: [{ protocols: ["held-out"], models: ["cnn"] }] })
 */
export function parseOptions(value: GridInput): Grid {
  return parseGrid(value, undefined, (path) => {
    const own = path[0] === "runs" ? path.slice(2) : path;
    return SINGLE.includes(String(own[0])) && own.slice(1).every((key) => key === 0) ? [] : own;
  });
}

/** What does not go together in a block. */
function blockRules(block: GridBlock, say: Say): void {
  const own: Record<string, string> = { model: "models", size: "sizes", normalisation: "normalisation" };
  for (const { training, features } of cellsOf({ ...block, protocols: [""] })) {
    const { model, size, frames } = training;
    const sayInBlock: Say = (message, key = "", ...path) =>
      own[key] ? say(message, own[key]!) : say(message, "training", key, ...path);
    trainingRules(training, sayInBlock);
    inputRules(features, training, (message, key) => say(message, key === "model" ? "models" : "augment"));
    if (size && !isBaseline(model) && !isOwn(model))
      sizeRules(model, size, (message) => say(message, "sizes"), {
        frames: fixedRows(features) ?? frames,
        bands: columnsOf(features),
      });
  }
}

/**
 * The cells of a grid: the full product of each block, and the union of all blocks without duplicates.
 *
 * @example
 * const block = { protocols: ["savee/loso"], models: ["cnn", "lstm"], seeds: [1, 2] };
 * expandGrid(parseGrid({ name: "first", runs: [block] })).length; // => 4
 */
export function expandGrid(grid: Grid): Cell[] {
  const cells = new Map<string, Cell>();
  for (const cell of grid.runs.flatMap(cellsOf)) {
    const key = canonicalJson(cell);
    if (!cells.has(key)) cells.set(key, cell);
  }
  return [...cells.values()];
}

function cellsOf(block: GridBlock): Cell[] {
  const cells: Cell[] = [];
  for (const protocol of block.protocols)
    for (const target of block.targets)
      for (const features of block.features)
        for (const model of block.models)
          for (const size of block.sizes ?? [{}])
            for (const normalisation of block.normalisation)
              for (const augment of block.augment)
                for (const seed of block.seeds) {
                  const { folds } = block;
                  const training = trainingOf(block, { model, size, normalisation, augment, seed });
                  cells.push({ protocol, folds, features: featuresOf(features), training, target });
                }
  return cells;
}

function trainingOf(
  { training }: GridBlock,
  own: {
    model: ModelName;
    size: Size;
    normalisation: Normalisation;
    augment: AugmentationName[];
    seed: number;
  },
): TrainingSettings {
  const { model, size, normalisation, augment, seed } = own;
  const augmentation = Object.assign({}, ...augment.map((name) => AUGMENTATIONS[name]));
  return plainTraining({
    ...{ ...baseTraining(model), ...training, model, size, normalisation, augmentation, seed },
  });
}

/** The block that has one run alone, for a grid that does it again. */
export function blockOf({
  protocol,
  fold,
  features,
  training,
  target,
}: Omit<RunSettings, "score">): GridBlock {
  const { model, size, seed, normalisation, augmentation, ...overrides } = training;
  const given: Record<string, unknown> = augmentation;
  const augment = (Object.keys(AUGMENTATIONS) as AugmentationName[]).filter((name) =>
    Object.entries(AUGMENTATIONS[name]).every(
      ([key, amount]) => canonicalJson(given[key] ?? null) === canonicalJson(amount),
    ),
  );
  return {
    ...{ protocols: [protocol], folds: [fold], models: [model], features: [features], training: overrides },
    ...{ augment: [augment], normalisation: [normalisation], targets: [target], seeds: [seed] },
    ...(size && { sizes: [size] }),
  };
}

function featuresOf(features: GridBlock["features"][number]): FeatureSettings {
  if (typeof features === "string") return RUN_FEATURES[features];
  if (features.kind === "table") return features;
  if (features.kind === "encoder") return encoderFeatures(features);
  return featureSettings({ ...presetOf(features), ...features });
}

function presetOf({ kind }: Partial<SpectralSettings>): SpectralSettings {
  return kind === "mfcc" ? RUN_FEATURES.mfcc : RUN_FEATURES.logmel;
}
