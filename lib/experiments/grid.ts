import { readFile } from "node:fs/promises";
import { extname, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { messageOf, systemReason, UsageError, UserError } from "../base/errors.js";
import { canonicalJson } from "../base/hash.js";
import { ENGINES, type EngineName, type OptimizerSettings } from "../engine/trainer.js";
import type { Normalisation } from "../features/normalise.js";
import { RUN_FEATURES } from "../features/presets.js";
import { type FeatureSettings, featureSettings } from "../features/settings.js";
import { MODEL_NAMES, type ModelName } from "../models/names.js";
import type { RunSettings } from "../runs/record.js";
import { AUGMENTATIONS, type AugmentationName } from "../training/augmentation.js";
import type { Curriculum } from "../training/curriculum.js";
import type { ScheduleSettings } from "../training/schedule.js";
import { checkTraining, SMALL_TRAINING, TRAINING, type TrainingSettings } from "../training/settings.js";

/** Settings of a training that a block may change for all of its runs. */
export type TrainingOverrides = Partial<
  Omit<TrainingSettings, "model" | "seed" | "normalisation" | "augmentation">
>;

/** One full product: every protocol with every model, features, augmentation, normalisation, target and seed. */
export interface GridBlock {
  protocols: string[];
  /** Names of folds; default all. */
  folds: "all" | string[];
  models: ModelName[];
  /** `logmel` or `mfcc` as `ser train` has them, or an object that changes some of their settings. */
  features: ("logmel" | "mfcc" | Partial<FeatureSettings>)[];
  training: TrainingOverrides;
  /** Lists of augmentations that go together; `[]` for none. */
  augment: AugmentationName[][];
  normalisation: Normalisation[];
  targets: ("intended" | "perceived")[];
  seeds: number[];
}

/** An experiment as its file says it, with the defaults filled in. */
export interface Grid {
  /** Names the store, and the report. */
  name: string;
  /** What it is for, in a line. */
  description: string;
  /** `validation` (the default) never reads a test part. */
  score: "validation" | "test";
  /** What trains; default: the best there is. No part of what names a run. */
  engine?: EngineName;
  runs: GridBlock[];
}

/** What one run of a grid is, but for the fold. */
export interface Cell {
  protocol: string;
  folds: "all" | readonly string[];
  features: FeatureSettings;
  training: TrainingSettings;
  target: "intended" | "perceived";
}

/**
 * Reads a grid from a JSON file, or from the default export of a module (`.mjs`, `.js`, `.cjs`; `.ts` where tsx is
 * installed).
 *
 * @throws {UserError} when the file cannot be read
 * @throws {UsageError} naming the file and the field that makes no sense
 * @example const grid = await readGrid("results/experiments/quick.json");
 */
export async function readGrid(path: string): Promise<Grid> {
  const value = await contentOf(path);
  try {
    return parseGrid(value);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    throw new UsageError(`${path}: ${error.message}`, { cause: error });
  }
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
    throw new UserError(`cannot load ${path}: ${messageOf(error).split("\n")[0]}`, { cause: error });
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
    return JSON.parse(text);
  } catch (error) {
    throw new UsageError(`${path} is no proper JSON: ${messageOf(error)}`, { cause: error });
  }
}

/**
 * Checks a grid and fills in its defaults: log-mel features, no augmentation, global normalisation, the intended emotion,
 * seed 1, all folds, and the training settings that suit the model.
 *
 * @throws {UsageError} naming the field by its JSON path: `runs[0].models[1] is "cnm": it takes ...`
 * @example parseGrid({ name: "first", runs: [{ protocols: ["savee/loso"], models: ["cnn"] }] })
 */
export function parseGrid(value: unknown): Grid {
  const grid = objectAt("the grid", value, ["name", "description", "score", "engine", "runs"]);
  const name = textAt("name", grid.name);
  if (!/^[\w][\w.-]*$/.test(name)) {
    throw new UsageError(`name is ${show(name)}: it names a folder, so letters, digits, ".", "-" and "_"`);
  }
  return {
    name,
    description: grid.description ? textAt("description", grid.description) : "",
    score: grid.score === undefined ? "validation" : oneOf("score", grid.score, ["validation", "test"]),
    ...(grid.engine === undefined ? {} : { engine: oneOf("engine", grid.engine, ENGINES) }),
    runs: listAt("runs", grid.runs, blockAt),
  };
}

const BLOCK = [
  ...["protocols", "folds", "models", "features", "training", "augment", "normalisation", "targets", "seeds"],
] as const;

function blockAt(path: string, value: unknown): GridBlock {
  const block = objectAt(path, value, BLOCK);
  const list = <T>(key: string, otherwise: T[], item: (path: string, value: unknown) => T): T[] =>
    block[key] === undefined ? otherwise : listAt(`${path}.${key}`, block[key], item);
  const parsed: GridBlock = {
    protocols: listAt(`${path}.protocols`, block.protocols, textAt),
    folds: block.folds === undefined || block.folds === "all" ? "all" : list("folds", [], foldAt),
    models: listAt(`${path}.models`, block.models, (at, model) => oneOf(at, model, MODEL_NAMES)),
    features: list<GridBlock["features"][number]>("features", ["logmel"], featuresAt),
    training: block.training === undefined ? {} : trainingAt(`${path}.training`, block.training),
    augment: list<AugmentationName[]>("augment", [[]], augmentAt),
    normalisation: list<Normalisation>("normalisation", ["global"], (at, kind) =>
      oneOf(at, kind, ["global", "speaker", "clip", "none"]),
    ),
    targets: list<"intended" | "perceived">("targets", ["intended"], (at, target) =>
      oneOf(at, target, ["intended", "perceived"]),
    ),
    seeds: list("seeds", [1], seedAt),
  };
  for (const { training } of cellsOf(parsed)) within(path, () => checkTraining(training));
  return parsed;
}

function featuresAt(path: string, value: unknown): GridBlock["features"][number] {
  if (typeof value === "string") return oneOf<"logmel" | "mfcc">(path, value, ["logmel", "mfcc"]);
  const known = [...Object.keys(RUN_FEATURES.logmel), "reference"];
  const settings = objectAt(path, value, known) as Partial<FeatureSettings>;
  within(path, () => featuresOf(settings));
  return settings;
}

const TRAINING_KEYS = [
  ...Object.keys(TRAINING).filter((key) => !["model", "seed", "normalisation", "augmentation"].includes(key)),
  "curriculum",
  "refit",
];

function trainingAt(path: string, value: unknown): TrainingOverrides {
  for (const [key, place] of [
    ["model", "models"],
    ["seed", "seeds"],
    ["normalisation", "normalisation"],
    ["augmentation", "augment"],
  ] as const) {
    if (Object.hasOwn(Object(value), key)) {
      throw new UsageError(`${path}.${key}: give it as "${place}" of the block, a list`);
    }
  }
  const training = objectAt(path, value, TRAINING_KEYS);
  for (const [key, members] of Object.entries(NESTED)) {
    if (training[key] !== undefined) objectAt(`${path}.${key}`, training[key], Object.keys(members));
  }
  return training as TrainingOverrides;
}

/** The members of the settings that are objects; the compiler sees to it that none is missing. */
const NESTED: {
  schedule: Record<keyof ScheduleSettings, 0>;
  optimizer: Record<keyof OptimizerSettings, 0>;
  curriculum: Record<keyof Curriculum, 0>;
} = {
  schedule: { name: 0, warmup: 0, floor: 0, patience: 0 },
  optimizer: { name: 0, beta1: 0, beta2: 0, epsilon: 0, weightDecay: 0, clipNorm: 0 },
  curriculum: { places: 0, share: 0, until: 0 },
};

function augmentAt(path: string, value: unknown): AugmentationName[] {
  const names = Object.keys(AUGMENTATIONS) as AugmentationName[];
  if (Array.isArray(value) && value.length === 0) return [];
  return listAt(path, value, (at, name) => oneOf(at, name, names));
}

function seedAt(path: string, value: unknown): number {
  if (Number.isInteger(value) && (value as number) >= 0 && (value as number) <= 2 ** 31)
    return value as number;
  throw new UsageError(`${path} is ${show(value)}: it takes a whole number from 0 to ${2 ** 31}`);
}

function foldAt(path: string, value: unknown): string {
  return typeof value === "number" ? String(value) : textAt(path, value);
}

/**
 * The cells of a grid: of each block the full product, and of all blocks the union, each cell once.
 *
 * @example expandGrid(parseGrid({ name: "a", runs: [{ protocols: ["savee/loso"], models: ["cnn", "lstm"], seeds: [1, 2] }] })).length // 4
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
          for (const normalisation of block.normalisation)
            for (const augment of block.augment)
              for (const seed of block.seeds) {
                const { folds } = block;
                const training = trainingOf(block, { model, normalisation, augment, seed });
                cells.push({ protocol, folds, features: featuresOf(features), training, target });
              }
  return cells;
}

function trainingOf(
  { training }: GridBlock,
  own: { model: ModelName; normalisation: Normalisation; augment: AugmentationName[]; seed: number },
): TrainingSettings {
  const { model, normalisation, augment, seed } = own;
  const augmentation = Object.assign({}, ...augment.map((name) => AUGMENTATIONS[name]));
  return { ...baseTraining(model), ...training, model, normalisation, augmentation, seed };
}

/** The block that has one run alone, for a grid that does it again. */
export function blockOf({
  protocol,
  fold,
  features,
  training,
  target,
}: Omit<RunSettings, "score">): GridBlock {
  const { model, seed, normalisation, augmentation, ...overrides } = training;
  const given = augmentation as Record<string, number | undefined>;
  const augment = (Object.keys(AUGMENTATIONS) as AugmentationName[]).filter((name) =>
    Object.entries(AUGMENTATIONS[name]).every(([key, amount]) => given[key] === amount),
  );
  return {
    ...{ protocols: [protocol], folds: [fold], models: [model], features: [features], training: overrides },
    ...{ augment: [augment], normalisation: [normalisation], targets: [target], seeds: [seed] },
  };
}

/** The training settings that suit a model, before anything is changed. */
export function baseTraining(model: ModelName): TrainingSettings {
  return { ...(model === "cnn-small" ? SMALL_TRAINING : TRAINING), model };
}

function featuresOf(features: GridBlock["features"][number]): FeatureSettings {
  if (typeof features === "string") return RUN_FEATURES[features];
  const base = features.kind === "mfcc" ? RUN_FEATURES.mfcc : RUN_FEATURES.logmel;
  return featureSettings({ ...base, ...features });
}

/** Names the place of an error that a checker of settings raises. */
function within<T>(path: string, check: () => T): T {
  try {
    return check();
  } catch (error) {
    throw error instanceof UsageError ? new UsageError(`${path}: ${error.message}`) : error;
  }
}

function objectAt(path: string, value: unknown, known: readonly string[]): Record<string, unknown> {
  if (value === null || typeof value !== "object" || Array.isArray(value)) {
    throw new UsageError(`${path} is ${show(value)}: it takes an object with ${known.join(", ")}`);
  }
  const strange = Object.keys(value).find((key) => !known.includes(key));
  if (strange === undefined) return value as Record<string, unknown>;
  const place = path === "the grid" ? strange : `${path}.${strange}`;
  throw new UsageError(`${place} is unknown: there are ${known.join(", ")}`);
}

function listAt<T>(path: string, value: unknown, item: (path: string, value: unknown) => T): T[] {
  if (!Array.isArray(value) || value.length === 0) {
    throw new UsageError(`${path} is ${show(value)}: it takes a list that is not empty`);
  }
  return value.map((each, i) => item(`${path}[${i}]`, each));
}

function textAt(path: string, value: unknown): string {
  if (typeof value === "string" && value.trim() !== "") return value;
  throw new UsageError(`${path} is ${show(value)}: it takes a text`);
}

function oneOf<T extends string>(path: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found !== undefined) return found;
  throw new UsageError(`${path} is ${show(value)}: it takes ${allowed.join(", ")}`);
}

function show(value: unknown): string {
  if (value === undefined) return "missing";
  const text = JSON.stringify(value) ?? String(value);
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
