import { UsageError, UserError } from "../base/errors.js";
import type { Clip } from "../corpora/clip.js";
import { columnsOf, type FeatureSettings } from "../features/settings.js";
import { isOwn } from "../models/names.js";
import { builderOf, buildOwn, type OwnNetworks, topologyDigest } from "../models/own.js";
import { protocolNamed } from "../protocols/registry.js";
import type { Plan, Split } from "../protocols/types.js";
import { type RunSettings, runName } from "../runs/record.js";
import { firstOf } from "../runs/together.js";
import type { TrainingSettings } from "../training/settings.js";
import { expandGrid, type Grid } from "./grid.js";

/** A planned run of a grid. */
export interface PlannedRun {
  name: string;
  plan: Plan;
  fold: Split;
  settings: RunSettings;
}

/**
 * The runs of a grid on the available clips, without duplicates, in the order of the grid, which keeps runs with the same
 * features together.
 *
 * @param grid see {@link Grid}
 * @param clips as `loadClips(root, { calm: "keep" })` gives them
 * @param perceived the emotions that most listeners heard, by clip id; needed where the grid has that target
 * @param networks those that the grid calls `own:NAME`
 * @throws {UserError} when a corpus that a protocol needs is not there
 * @throws {UsageError} for an unknown protocol or fold, and for a network that no script defines
 * @example planGrid(await readGrid("grid.json"), await loadClips("data", { calm: "keep" }))
 */
export function planGrid(
  grid: Grid,
  clips: readonly Clip[],
  perceived?: ReadonlyMap<string, Clip["emotion"]>,
  networks?: OwnNetworks,
): PlannedRun[] {
  const plans = new Map<string, Plan>();
  const runs = new Map<string, PlannedRun>();
  for (const { protocol, folds, features, training: asked, target } of expandGrid(grid)) {
    const key = `${protocol} ${target}`;
    const plan = plans.get(key) ?? planOf(protocol, target, clips, perceived);
    plans.set(key, plan);
    const training = withDigest(asked, { features, classes: plan.classes.length, networks });
    for (const fold of foldsOf(plan, folds)) {
      const settings: RunSettings = {
        ...{ protocol: plan.protocol, fold: fold.name, features, training, target, score: grid.score },
      };
      const { name } = runName(settings, fold, plan.clips);
      if (!runs.has(name)) runs.set(name, { name, plan, fold, settings });
    }
  }
  return [...runs.values()];
}

/** Adds the digest of its layers to the settings of a script's own network; leaves others unchanged. */
function withDigest(
  training: TrainingSettings,
  { features, classes, networks }: { features: FeatureSettings; classes: number; networks?: OwnNetworks },
): TrainingSettings {
  const { model, seed } = training;
  if (!isOwn(model)) return training;
  const build = builderOf(model, networks);
  if (!build)
    throw new UsageError(
      `the network ${model} is not defined: only a script can define it, with \`train(grid, { networks: { ${model.slice(4)}: ... } })\``,
    );
  const shape = { frames: training.frames, bands: columnsOf(features), classes, seed };
  const network = buildOwn(model, build, shape);
  const digest = topologyDigest(network);
  network.dispose();
  return { ...training, network: digest };
}

/**
 * The first trainings that runs depend on, without duplicates: under a protocol that chooses over all folds, those of all its
 * folds.
 *
 * @example firstRunsOf(planGrid(grid, clips))
 */
export function firstRunsOf(runs: readonly PlannedRun[]): PlannedRun[] {
  const first = new Map<string, PlannedRun>();
  for (const { plan, settings } of runs)
    for (const fold of plan.folds) {
      const own = firstOf(plan, settings, fold.name);
      if (!own) break;
      const { name } = runName(own, fold, plan.clips);
      if (!first.has(name)) first.set(name, { name, plan, fold, settings: own });
    }
  return [...first.values()];
}

/**
 * The plan of a protocol on clips, by the emotion that was meant or that most listeners heard.
 *
 * @throws {UserError} where the listeners' answers are needed and not there
 */
export function planOf(
  protocol: string,
  target: RunSettings["target"],
  clips: readonly Clip[],
  perceived?: ReadonlyMap<string, Clip["emotion"]>,
): Plan {
  return protocolNamed(protocol).plan(target === "intended" ? clips : asPerceived(clips, perceived));
}

/** The clips with the emotion that most listeners heard; those without one (ties, other corpora) are left out. */
function asPerceived(clips: readonly Clip[], perceived?: ReadonlyMap<string, Clip["emotion"]>): Clip[] {
  const heard = clips.flatMap((clip) => {
    const emotion = perceived?.get(clip.id);
    return emotion ? [{ ...clip, emotion }] : [];
  });
  if (heard.length > 0) return heard;
  throw new UserError(
    "no clip has listeners' ratings: the perceived emotion is to be had for CREMA-D, from its tabulatedVotes.csv (--ratings FILE)",
  );
}

/**
 * The folds of a plan by name.
 *
 * @throws {UsageError} listing the names
 */
export function foldsOf(plan: Plan, names: "all" | readonly string[]): Split[] {
  if (names === "all") return plan.folds;
  return names.map((name) => {
    const fold = plan.folds.find((one) => one.name === name);
    if (fold) return fold;
    const known = plan.folds.map((one) => one.name).join(", ");
    throw new UsageError(`${plan.protocol} has no fold "${name}": there are ${known}`);
  });
}

/**
 * One of n parts of the runs, so that n processes with different shards do all of them once. Runs are dealt out in the order
 * of their names.
 *
 * @param shard `i/n`, i from 1
 * @throws {UsageError} for anything else
 * @example shardOf(runs, "1/3")
 */
export function shardOf<T extends { name: string }>(runs: readonly T[], shard: string): T[] {
  const [, i, n] = (/^([1-9]\d{0,5})\/([1-9]\d{0,5})$/.exec(shard) ?? []).map(Number);
  if (!i || !n || i > n) throw new UsageError(`--shard ${shard}: it takes i/n, i from 1 to n, such as 2/3`);
  const names = runs.map(({ name }) => name).sort();
  const mine = new Set(names.filter((_, at) => at % n === i - 1));
  return runs.filter(({ name }) => mine.has(name));
}
