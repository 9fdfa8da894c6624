import { readdir } from "node:fs/promises";
import { extname, join, parse } from "node:path";
import { Interrupted, UserError } from "../base/errors.js";
import { Progress } from "../base/progress.js";
import { projectRoot } from "../base/root.js";
import { findRatings, perceivedEmotions } from "../corpora/ratings.js";
import { findClips } from "../corpora/synthetic/stand-in.js";
import { protocolNamed } from "../protocols/registry.js";
import { type AblateOptions, type AblationEvent, doRuns } from "./ablate.js";
import { type Grid, type GridBlock, parseGrid, readGrid } from "./grid.js";
import { planGrid } from "./plan.js";
import { type Experiment, readExperiment, Store } from "./store.js";
import { readSummary } from "./summary.js";

/** A grid as it is written down: what is left out has the defaults of {@link parseGrid}. */
export type GridInput = Pick<Grid, "name"> &
  Partial<Pick<Grid, "description" | "score" | "engine">> & {
    runs: readonly (Pick<GridBlock, "protocols" | "models"> & Partial<GridBlock>)[];
  };

export interface ExperimentOptions extends Pick<AblateOptions, "engine" | "threads" | "signal"> {
  /** Folder with the corpora; where it has none, synthetic ones are made in it. Default `data`. */
  data?: string;
  /** Folder that has `experiments`, `runs` and `summary`; default the project's `results`. */
  results?: string;
  /**
   * What a block of the grid is to have instead where the corpora are synthetic, such as fewer epochs; the experiment is
   * then called `NAME-synthetic`. Default: the grid as it is.
   */
  synthetic?: (block: GridBlock) => Partial<GridBlock>;
  quiet?: boolean;
  /** What is being done, a line at a time; default: standard error. */
  log?: (line: string) => void;
}

/**
 * An experiment in one call, for cells and scripts: reads the runs that are there and trains those that are missing. Where
 * the committed `results/summary/NAME` has all of its runs, that is read and nothing is trained; else the store
 * `results/runs/NAME` is filled up. Protocols that need a corpus which is not there are left out, and named.
 *
 * @param grid the name of one in `results/experiments`, the path of a file as for {@link readGrid}, or a grid
 * @throws {UsageError} when the grid makes no sense
 * @throws {UserError} when not one of its protocols can be planned, or a summary is damaged
 * @throws {Interrupted} when the signal comes; the same call goes on
 * @example const { runs } = await ablate("four-corpora", { data, synthetic: () => ({ seeds: [1] }) });
 */
export async function ablate(grid: string | GridInput, options: ExperimentOptions = {}): Promise<Experiment> {
  try {
    return await readOrTrain(grid, options);
  } catch (error) {
    if (!options.signal?.aborted && !(error instanceof Interrupted)) throw error;
    throw new Interrupted("stopped: the runs that are done are kept, the same call goes on", {
      cause: error,
    });
  }
}

async function readOrTrain(grid: string | GridInput, options: ExperimentOptions): Promise<Experiment> {
  const { data = "data", results = join(projectRoot(), "results"), quiet, signal, threads } = options;
  const log = options.log ?? ((line: string) => void process.stderr.write(`${line}\n`));
  const clips = await findClips(data, { calm: "keep", signal, quiet });
  const wanted = await gridOf(grid, results);
  const change = clips.every((clip) => clip.synthetic) ? options.synthetic : undefined;
  const corpora = new Set(clips.map(({ corpus }) => corpus));
  const own = withCorpora(change ? changed(wanted, change) : wanted, corpora, log);
  const ratings = own.runs.some(({ targets }) => targets.includes("perceived")) && findRatings(clips);
  const runs = planGrid(own, clips, ratings ? await perceivedEmotions(ratings) : undefined);

  const names = runs.map(({ name }) => name);
  const kept = await summarised(own, names, join(results, "summary"));
  if (kept) return kept;
  const stores = join(results, "runs");
  const store = new Store(join(stores, own.name));
  await store.open(own, names);
  for (const name of names) await store.forgive(name);
  const done = await Promise.all(names.map((name) => store.isDone(name)));
  const follow = followRuns(names.length, done.filter(Boolean).length, { quiet, log });
  const { engine = own.engine } = options;
  await doRuns(store, runs, { engine, threads, signal, onEvent: follow.onEvent }).finally(follow.end);
  return readExperiment(own.name, stores);
}

async function gridOf(grid: string | GridInput, results: string): Promise<Grid> {
  if (typeof grid !== "string") return parseGrid(grid);
  if (extname(grid) !== "") return readGrid(grid);
  const folder = join(results, "experiments");
  const files = await readdir(folder).catch(() => []);
  const file = files.find((name) => parse(name).name === grid);
  if (file) return readGrid(join(folder, file));
  const known = files.map((name) => parse(name).name).sort();
  throw new UserError(
    `there is no experiment ${grid} in ${folder}${known.length > 0 ? `: there are ${known.join(", ")}` : ""}`,
  );
}

/** The grid with other values in its blocks. Training settings are merged, all else is replaced. */
function changed(grid: Grid, change: (block: GridBlock) => Partial<GridBlock>): Grid {
  const runs = grid.runs.map((block) => {
    const changes = change(block);
    return { ...block, ...changes, training: { ...block.training, ...changes.training } };
  });
  return parseGrid({ ...grid, name: `${grid.name}-synthetic`, runs });
}

function withCorpora(grid: Grid, there: ReadonlySet<string>, log: (line: string) => void): Grid {
  const lacking = new Map<string, string[]>();
  for (const protocol of new Set(grid.runs.flatMap(({ protocols }) => protocols))) {
    const missing = protocolNamed(protocol).corpora.filter((corpus) => !there.has(corpus));
    if (missing.length > 0) lacking.set(protocol, missing);
  }
  if (lacking.size === 0) return grid;
  const missing = [...new Set([...lacking.values()].flat())].join(", ");
  log(`${grid.name}: left out for want of ${missing}: ${[...lacking.keys()].join(", ")}`);
  const runs = grid.runs
    .map((block) => ({ ...block, protocols: block.protocols.filter((name) => !lacking.has(name)) }))
    .filter(({ protocols }) => protocols.length > 0);
  if (runs.length > 0) return { ...grid, runs };
  throw new UserError(
    `experiment ${grid.name} needs ${missing}, and there are ${[...there].join(", ")}: see \`ser data download\``,
  );
}

/** The summary of an experiment cut to these runs, where it has them all. */
async function summarised(
  grid: Grid,
  names: readonly string[],
  root: string,
): Promise<Experiment | undefined> {
  const summary = await readSummary(join(root, grid.name));
  if (!summary) return undefined;
  const wanted = new Set(names);
  const runs = summary.runs.filter(({ record }) => wanted.has(record.name));
  if (runs.length < names.length) return undefined;
  return { ...summary, name: grid.name, grid, planned: [...names].sort(), runs, failures: [] };
}

/** Shows the progress of many runs in one bar, with what is under way, and names those that fail. */
export function followRuns(
  total: number,
  done: number,
  options: { quiet?: boolean; log?: (line: string) => void } = {},
): { onEvent: (event: AblationEvent) => void; end: () => void } {
  const progress = new Progress("runs", total, { quiet: options.quiet });
  const under = new Map<string, string>();
  let failed = 0;
  const note = () => [failed > 0 ? `${failed} failed` : "", ...under.values()].filter(Boolean).join("; ");
  progress.skip(done);
  const onEvent = (event: AblationEvent) => {
    const { name } = event;
    if (event.kind === "start") under.set(name, name);
    else if (event.kind === "epoch") {
      under.set(name, `${name} ${event.epoch}/${event.epochs} UAR ${(100 * event.uar).toFixed(1)} %`);
    } else if (event.kind === "refit") under.set(name, `${name} refit ${event.epoch}/${event.epochs}`);
    else under.delete(name);
    if (event.kind === "failed") {
      failed++;
      progress.clear();
      options.log?.(`${name} failed: ${event.error}`);
    }
    progress.step(event.kind === "done" || event.kind === "failed" ? 1 : 0, note());
  };
  return { onEvent, end: () => progress.done("") };
}
