import { readdir, stat } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { UserError } from "../base/errors.js";
import { projectRoot } from "../base/root.js";
import { weightsDigest } from "./model.js";

/** How deep below `results/runs` a model's card can be: RUN/model/card.json or EXPERIMENT/RUN/model/card.json. */
const DEPTH = 4;

/** The model that `ser ship` made, in the project's folder. */
const SHIPPED = join("results", "model");

/** Whether a folder that `findModel` returned is that of the shipped model. */
export function isShipped(folder: string): boolean {
  return basename(folder) === basename(SHIPPED) && basename(dirname(folder)) === dirname(SHIPPED);
}

/**
 * Finds the folder of a trained model.
 *
 * @param wanted a model's folder, a run's folder, or a run's name; default: the shipped model (`results/model`), else the
 *   newest model under `results/runs` and `results/demo`
 * @param roots the folders to search; default: the working directory and the project's folder
 * @throws {UserError} when no model is found, with the commands that make one
 * @example
 * const model = await loadModel(await findModel());
 * model.card.model; // => "cnn"
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
    "no trained model found: `npm start` or `ser train` makes one; --model names another folder",
  );
}

/**
 * Finds the folder of the model with these weights, among those that `findModel` searches.
 *
 * @param digest SHA-256 of the weights
 * @throws {UserError} when no model has them
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
  // The released model of an installed package, by the name that it has in the checkout.
  for (const root of roots) if (await cardTime(resolve(root, wanted))) return resolve(root, wanted);
  const found = (await trained(roots)).find(({ folder }) => basename(dirname(folder)) === wanted);
  if (found) return found.folder;
  const there = await stat(wanted).catch(() => undefined);
  const what = there ? "holds no model (no card.json)" : "folder not found, and no run has that name";
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

/** When a model's card was written, ms; `undefined` without a card. */
async function cardTime(folder: string): Promise<number | undefined> {
  const status = await stat(join(folder, "card.json")).catch(() => undefined);
  return status?.mtimeMs;
}
