import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, sep } from "node:path";
import { UserError } from "../base/errors.js";
import { projectRoot } from "../base/root.js";
import { weightsDigest } from "./model.js";

/** How deep under `results/runs` a model's card can be: RUN/model/card.json or EXPERIMENT/RUN/model/card.json. */
const DEPTH = 4;

/** Under the project's folder: the model that `ser ship` made. */
const SHIPPED = join("results", "model");

/** Whether a folder that {@link findModel} found is the shipped model's. */
export function isShipped(folder: string): boolean {
  return folder === SHIPPED || folder.endsWith(`${sep}${SHIPPED}`);
}

/**
 * The folder of a trained model.
 *
 * @param wanted a model's folder, a run's folder, or a run's name; default: the shipped model (`results/model`), else the
 *   newest under `results/runs` and `results/demo`
 * @param roots the folders to look in: where the command was given, and the project's
 * @throws {UserError} that says where it looked and what to run
 * @example const model = await loadModel(await findModel());
 */
export async function findModel(
  wanted?: string,
  roots: readonly string[] = [process.cwd(), projectRoot()],
): Promise<string> {
  if (wanted !== undefined) return named(wanted, roots);
  for (const root of new Set(roots)) {
    const shipped = join(root, SHIPPED);
    if (await cardTime(shipped)) return shipped;
  }
  const models = await trained(roots);
  const newest = models.reduce<Trained | undefined>((a, b) => (a && a.time >= b.time ? a : b), undefined);
  if (newest) return newest.folder;
  throw new UserError(
    "there is no trained model yet: `npm start` or `ser train` makes one; --model names another folder",
  );
}

/**
 * The folder of the model with these weights, among those that {@link findModel} looks through.
 *
 * @param digest SHA-256 of the weights
 * @throws {UserError} where there is none
 */
export async function findWeights(
  digest: string,
  roots: readonly string[] = [process.cwd(), projectRoot()],
): Promise<string> {
  const shipped = [...new Set(roots)].map((root) => join(root, SHIPPED));
  for (const folder of [...shipped, ...(await trained(roots)).map((one) => one.folder)]) {
    const found = await weightsDigest(folder).catch(() => undefined);
    if (found === digest) return folder;
  }
  throw new UserError(
    `no model here has the weights ${digest.slice(0, 12)}: name its folder with \`ser train --from\`, or put it under results/runs`,
  );
}

async function named(wanted: string, roots: readonly string[]): Promise<string> {
  for (const folder of [wanted, join(wanted, "model")]) if (await cardTime(folder)) return folder;
  const found = (await trained(roots)).find(({ folder }) => basename(dirname(folder)) === wanted);
  if (found) return found.folder;
  const there = await stat(wanted).catch(() => undefined);
  const what = there ? "holds no model (no card.json)" : "is no folder, and no run has that name";
  throw new UserError(`${wanted}: ${what}; a model folder is made by \`ser train\` or \`npm start\``);
}

interface Trained {
  folder: string;
  time: number;
}

async function trained(roots: readonly string[]): Promise<Trained[]> {
  const places = [...new Set(roots)].flatMap((root) => [
    join(root, "results", "runs"),
    join(root, "results", "demo"),
  ]);
  return (await Promise.all(places.map((place) => below(place, DEPTH)))).flat();
}

async function below(folder: string, depth: number): Promise<Trained[]> {
  const time = await cardTime(folder);
  if (time) return [{ folder, time }];
  if (depth <= 1) return [];
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const folders = entries.filter((entry) => entry.isDirectory());
  return (await Promise.all(folders.map(({ name }) => below(join(folder, name), depth - 1)))).flat();
}

/** When a model's card was written; `undefined` where there is none. */
async function cardTime(folder: string): Promise<number | undefined> {
  const status = await stat(join(folder, "card.json")).catch(() => undefined);
  return status?.mtimeMs;
}
