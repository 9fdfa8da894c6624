// Time and memory of what a large experiment asks of its store, before the first run and when all are finished.
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { parseArgs } from "node:util";
import { UserError } from "../../lib/base/errors.js";
import { random } from "../../lib/base/random.js";
import { projectRoot } from "../../lib/base/root.js";
import { formatTable } from "../../lib/base/table.js";
import { SYNTHETIC_MARKER } from "../../lib/corpora/corpus.js";
import { loadClips, publishedClips } from "../../lib/corpora/registry.js";
import { classificationReport } from "../../lib/evaluation/classification-report.js";
import { type GridInput, parseGrid } from "../../lib/experiments/grid.js";
import { type PlannedRun, planGrid } from "../../lib/experiments/plan.js";
import { openStored, Store } from "../../lib/experiments/store.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { predictionsCsv } from "../../lib/runs/predictions.js";
import type { RunRecord } from "../../lib/runs/record.js";
import type { PartResult } from "../../lib/training/train.js";
import { recordExample } from "../runs/examples.js";

const MODELS = ["linear", "cnn", "lstm", "bilstm", "clstm"] as const;
const FEATURES = ["logmel", "mfcc"] as const;
const EPOCHS = 30;

interface Row {
  what: string;
  seconds: number;
  megabytes: number;
}

const HELP = `npm run -s bench -- plan [--json] [--runs 10000] [--protocol savee/loso]

The runs are made up, under the names that the plan gives them. Build first (npm run build).
`;

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      runs: { type: "string", default: "10000" },
      protocol: { type: "string", default: "savee/loso" },
      json: { type: "boolean" },
      read: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  if (values.read !== undefined) return void (await readStore(values.read));
  const folder = mkdtempSync(join(tmpdir(), "ser-bench-"));
  try {
    const planned = await prepare(folder, values.protocol, Number(values.runs));
    const rows = measure(folder, () => finish(folder, planned));
    const runs = planned.length;
    if (values.json) process.stdout.write(`${JSON.stringify({ runs, rows }, null, 2)}\n`);
    else process.stdout.write(`${table(runs, rows)}\n`);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function table(runs: number, rows: readonly Row[]): string {
  const cells = rows.map(({ what, seconds, megabytes }) => [what, seconds.toFixed(1), megabytes.toFixed(0)]);
  return formatTable([`${runs} runs`, "s", "MB"], cells);
}

/** The corpora by the names of their files, which is all that a plan looks at, and a grid of so many runs. */
async function prepare(folder: string, protocol: string, wanted: number): Promise<PlannedRun[]> {
  const data = join(folder, "data");
  const { corpora } = protocolNamed(protocol);
  mkdirSync(data);
  writeFileSync(join(data, SYNTHETIC_MARKER), "names\n");
  for (const { id } of publishedClips(corpora)) writeFileSync(join(data, `${basename(id)}.wav`), "");
  const clips = await loadClips(data, { calm: "keep" });
  const { folds } = protocolNamed(protocol).plan(clips);
  const seeds = Math.ceil(wanted / folds.length / MODELS.length / FEATURES.length);
  const block = {
    ...{ protocols: [protocol], models: [...MODELS], features: [...FEATURES] },
    seeds: Array.from({ length: seeds }, (_, i) => i + 1),
  };
  const grid: GridInput = { name: "many", score: "test", runs: [block] };
  writeFileSync(join(folder, "grid.json"), JSON.stringify(grid));
  return planGrid(parseGrid(grid), clips);
}

function measure(folder: string, finishAll: () => void): Row[] {
  const grid = ["ablate", "grid.json", "--data", "data", "--out", "runs"];
  const ser = (...args: string[]) => [join(projectRoot(), "dist", "ser.cjs"), ...args];
  const bench = ["--import", "tsx", join(projectRoot(), "test", "bench", "bench.ts"), "plan", "--read"];
  const before = [timed(folder, "ser ablate --plan, none finished", ser(...grid, "--plan"))];
  finishAll();
  return [
    ...before,
    timed(folder, "ser ablate --plan, all finished", ser(...grid, "--plan")),
    timed(folder, "ser ablate, all finished", ser(...grid)),
    timed(folder, "reading the store alone", [...bench, join(folder, "runs")], projectRoot()),
    timed(folder, "ser summarize", ser("summarize", "many", "--from", "runs", "--out", "summary")),
  ];
}

/** Adds the peak of a process's memory, in kB, as the last line of its errors. */
const PEAK = `data:text/javascript,process.on("exit",()=>console.error(process.resourceUsage().maxRSS))`;

function timed(folder: string, what: string, args: readonly string[], cwd = folder): Row {
  const started = performance.now();
  const options = { cwd, encoding: "utf8", maxBuffer: 1e9 } as const;
  const { status, stderr } = spawnSync(process.execPath, ["--import", PEAK, ...args], options);
  const seconds = (performance.now() - started) / 1000;
  if (status !== 0) throw new UserError(`${what} failed: ${stderr}`);
  return { what, seconds, megabytes: Number(stderr.trimEnd().split("\n").at(-1)) / 1000 };
}

async function readStore(root: string): Promise<void> {
  let runs = 0;
  for await (const { predictions } of (await openStored("many", root)).runs)
    runs += Number(predictions.length > 0);
  process.stdout.write(`${runs} runs\n`);
}

/** Writes what a finished run leaves, but for its model, which none of the commands look at. */
function finish(folder: string, planned: readonly PlannedRun[]): void {
  const store = new Store(join(folder, "runs", "many"));
  mkdirSync(join(store.folder, "readings"), { recursive: true });
  const made = new Map<PlannedRun["fold"], Made>();
  for (const [i, own] of planned.entries()) {
    const { name, settings, plan, fold } = own;
    const { predictions, record } = made.get(fold) ?? madeUp(own);
    made.set(fold, { predictions, record });
    const at = store.runFolder(name);
    mkdirSync(at);
    writeFileSync(join(at, "predictions.csv"), predictions);
    writeFileSync(join(at, "run.json"), `${JSON.stringify({ ...record, name, settings }, null, 2)}\n`);
    const reading = { run: name, protocol: plan.protocol, fold: fold.name, clips: fold.test.length };
    const entry = { ...reading, synthetic: true, leaky: false, command: "ser ablate", time: "2026-01-01" };
    writeFileSync(join(store.folder, "readings", `${i}-made-up.json`), `${JSON.stringify(entry)}\n`);
  }
}

interface Made {
  predictions: string;
  record: RunRecord;
}

/** Predictions drawn at random for the clips of a fold, and their record. */
function madeUp({ plan, fold, settings }: PlannedRun): Made {
  const { classes, clips } = plan;
  const emotionOf = new Map(clips.map(({ id, emotion }) => [id, emotion]));
  const rng = random(fold.name);
  const part = (ids: string[]): PartResult => {
    const truth = ids.map((id) => classes.indexOf(emotionOf.get(id)!));
    const probabilities = Float32Array.from({ length: ids.length * classes.length }, () =>
      rng.uniform(0, 2 / classes.length),
    );
    const predicted = truth.map(() => rng.int(classes.length));
    return { ids, truth, predicted, probabilities, metrics: reportOf(probabilities, truth, classes) };
  };
  const parts = { validation: part(fold.validation), test: part(fold.test) };
  const example = recordExample();
  const history = Array.from({ length: EPOCHS }, (_, i) => ({ ...example.history[0]!, epoch: i + 1 }));
  const validation = reportOf(parts.validation.probabilities, parts.validation.truth, classes);
  const test = reportOf(parts.test.probabilities, parts.test.truth, classes);
  const sizes = { train: fold.train.length, validation: fold.validation.length, test: fold.test.length };
  const split = { ...example.split, name: plan.protocol, fold: fold.name, ...sizes };
  const made = { settings, classes, history, validation, test, split, synthetic: true };
  return { predictions: predictionsCsv(classes, parts, clips), record: { ...example, ...made } };
}

function reportOf(probabilities: Float32Array, truth: number[], classes: readonly string[]) {
  return classificationReport(probabilities, truth, [...classes], { temperature: 1.5 });
}
