// A training step of four reference networks on each engine, against PyTorch where a Python has it.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { parseArgs } from "node:util";
import type { LayersModel } from "@tensorflow/tfjs";
import { Progress } from "../../lib/base/progress.js";
import { random } from "../../lib/base/random.js";
import { projectRoot } from "../../lib/base/root.js";
import { formatTable } from "../../lib/base/table.js";
import { plural } from "../../lib/base/text.js";
import { detectEngines } from "../../lib/engine/detect.js";
import { createTrainer } from "../../lib/engine/engine.js";
import { loadNative } from "../../lib/engine/native.js";
import { startTfjs } from "../../lib/engine/tfjs.js";
import type { Batch, EngineName } from "../../lib/engine/trainer.js";
import { measurePeaks, type Peaks, peaksText, shareOfPeak } from "./peak.js";

const HELP = `npm run -s bench -- training [--json] [--models cnn,lstm,bilstm,clstm] [--engines native,wasm,tfjs] [--threads 1,all]
  [--rounds 5] [--seconds 0.5] [--python PYTHON]

A batch is 32 clips of 128 frames x 40 bands. Every round gives each engine and PyTorch the same time, in turn. A ratio
is the median step over the median step of PyTorch with the better of one thread and one a core; a PyTorch without oneDNN and
without MKL or OpenBLAS is no peer, and gets no ratio. tfjs does two steps in all. GFLOP/s count multiplications and additions of the matrix products; the
peak, with the vectors that the engine has, is measured with a C compiler, if any.
`;

export const [BATCH, FRAMES, BANDS, CLASSES] = [32, 128, 40, 7];
export const MODELS = ["cnn", "lstm", "bilstm", "clstm"] as const;
type Model = (typeof MODELS)[number];

interface Row {
  model: Model;
  engine: EngineName | "pytorch";
  threads: number;
  msMin: number;
  msMedian: number;
  ratioToTorch: number | null;
  gflops: number;
  /** Of the peak of as many cores. */
  shareOfPeak: number | null;
}

/** Times steps for some seconds; the times in milliseconds. */
type Timer = (seconds: number) => Promise<number[]>;

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean" },
      models: { type: "string", default: MODELS.join() },
      engines: { type: "string", default: "native,wasm,tfjs" },
      threads: { type: "string", default: "1,all" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "0.5" },
      python: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const models = MODELS.filter((name) => values.models.split(",").includes(name));
  const counts = values.threads.split(",").map((n) => (n === "all" ? availableParallelism() : Number(n)));
  const available = (await detectEngines()).filter(({ available }) => available).map(({ engine }) => engine);
  const engines = available.filter((engine) => values.engines.split(",").includes(engine));
  const torch = await Torch.start("training_torch.py", values.python);
  const peaks = measurePeaks();
  const progress = new Progress("bench", models.length * Number(values.rounds));
  const rows: Row[] = [];
  try {
    for (const model of models) {
      const plan = { engines, counts: [...new Set(counts)], torch, peaks, seconds: Number(values.seconds) };
      rows.push(...(await measure(model, Number(values.rounds), plan, () => progress.step(1, model))));
    }
  } finally {
    torch?.stop();
  }
  progress.done();
  process.stdout.write(values.json ? `${JSON.stringify(rows, null, 2)}\n` : `${table(rows, torch, peaks)}\n`);
}

interface Plan {
  engines: EngineName[];
  counts: number[];
  torch: Torch | undefined;
  peaks: Peaks;
  seconds: number;
}

async function measure(model: Model, rounds: number, plan: Plan, onRound: () => void): Promise<Row[]> {
  const entries: {
    engine: Row["engine"];
    threads: number;
    timer: Timer;
    end(): Promise<void>;
    times: number[];
  }[] = [];
  for (const engine of plan.engines)
    for (const threads of engine === "tfjs" ? [1] : plan.counts)
      entries.push({ engine, threads, ...(await ownTimer(model, engine, threads)), times: [] });
  for (const threads of plan.torch ? new Set([1, availableParallelism()]) : []) {
    const timer: Timer = (seconds) => plan.torch!.ask(`${model} ${threads} ${seconds}`);
    entries.push({ engine: "pytorch", threads, timer, end: async () => {}, times: [] });
  }
  for (const { timer, engine } of entries) if (engine !== "tfjs") await timer(0.3); // compiles, fills the caches
  for (let round = 0; round < rounds; round++) {
    for (const { timer, engine, times } of entries)
      if (engine !== "tfjs" || round === 0) times.push(...(await timer(plan.seconds)));
    onRound();
  }
  for (const { end } of entries) await end();
  const rivals = entries
    .filter(({ engine }) => engine === "pytorch" && plan.torch!.isPeer)
    .map(({ times }) => median(times));
  const flops = await stepFlops(model);
  return entries.map(({ engine, threads, times }) => {
    const gflops = flops / median(times) / 1e6;
    return {
      model,
      engine,
      threads,
      msMin: round3(Math.min(...times)),
      msMedian: round3(median(times)),
      ratioToTorch: rivals.length > 0 ? round3(median(times) / Math.min(...rivals)) : null,
      gflops: round3(gflops),
      shareOfPeak: shareOfPeak(plan.peaks, engine, gflops / threads),
    };
  });
}

async function ownTimer(
  model: Model,
  engine: EngineName,
  threads: number,
): Promise<{ timer: Timer; end(): Promise<void> }> {
  const network = await build(model);
  const trainer = await createTrainer(network, {
    engine,
    threads,
    optimizer: { name: "adam" },
    seed: 1,
    maxBatch: BATCH,
  });
  const batch = makeBatch();
  const timer: Timer = async (seconds) => {
    const times: number[] = [];
    const end = performance.now() + seconds * 1e3;
    do {
      const start = performance.now();
      await trainer.step(batch, 1e-3);
      times.push(performance.now() - start);
    } while (performance.now() < end || (engine === "tfjs" && times.length < 2));
    return times;
  };
  const end = async () => {
    await trainer.dispose();
    network.dispose();
  };
  return { timer, end };
}

function makeBatch(): Batch {
  const draws = random("bench/training");
  const y = new Float32Array(BATCH * CLASSES);
  for (let i = 0; i < BATCH; i++) y[i * CLASSES + (i % CLASSES)] = 1;
  return { x: Float32Array.from({ length: BATCH * FRAMES * BANDS }, () => draws.normal()), y, count: BATCH };
}

/** The reference networks, as training_torch.py has them. */
export async function build(name: Model): Promise<LayersModel> {
  const { layers, sequential } = await startTfjs();
  const model = sequential();
  const input = { inputShape: [FRAMES, BANDS] };
  const lstm = (units: number, returnSequences: boolean) =>
    layers.lstm({
      units,
      returnSequences,
      recurrentActivation: "sigmoid",
      recurrentInitializer: "glorotUniform",
    });
  if (name === "cnn") {
    model.add(layers.reshape({ targetShape: [FRAMES, BANDS, 1], ...input }));
    for (const filters of [32, 64, 128, 128]) {
      model.add(layers.conv2d({ filters, kernelSize: 3, padding: "same" }));
      model.add(layers.batchNormalization());
      model.add(layers.reLU());
      model.add(layers.maxPooling2d({ poolSize: 2 }));
      model.add(layers.dropout({ rate: 0.25 }));
    }
    model.add(layers.globalAveragePooling2d({}));
  } else {
    model.add(layers.activation({ activation: "linear", ...input }));
    if (name === "clstm") {
      for (const filters of [64, 128]) {
        model.add(layers.conv1d({ filters, kernelSize: 3, padding: "same" }));
        model.add(layers.batchNormalization());
        model.add(layers.reLU());
        model.add(layers.maxPooling1d({ poolSize: 2 }));
        model.add(layers.dropout({ rate: 0.25 }));
      }
      model.add(lstm(128, false));
    } else {
      for (const returnSequences of [true, false]) {
        const layer = lstm(128, returnSequences) as ReturnType<typeof layers.lstm>;
        model.add(name === "lstm" ? layer : layers.bidirectional({ layer, mergeMode: "concat" }));
      }
    }
    model.add(layers.dense({ units: 64, activation: "relu" }));
  }
  model.add(layers.dense({ units: CLASSES, activation: "softmax" }));
  return model;
}

/**
 * Of one step: each product forward, then for the input's and for the weights' gradient; the first layer has no input's, but the
 * state of a recurrent one has. As the formulas have them: a convolution from tiles makes do with fewer.
 */
async function stepFlops(name: Model): Promise<number> {
  const model = await build(name);
  let total = 0;
  let first = true;
  for (const layer of model.layers) {
    const kernels = layer.trainableWeights.filter(({ shape }) => shape.length > 1);
    if (kernels.length === 0) continue;
    const recurrent = /LSTM|Bidirectional/.test(layer.getClassName());
    const { shape } = (recurrent ? layer.input : layer.output) as { shape: number[] };
    const positions = shape.slice(1, -1).reduce((a, b) => a * b, 1);
    for (const { name, shape } of kernels) {
      const times = first && !name.includes("recurrent") ? 2 : 3;
      total += 2 * times * (shape as number[]).reduce((a, b) => a * b, 1) * positions * BATCH;
    }
    first = false;
  }
  model.dispose();
  return total;
}

/** As `torch_facts.py` tells them. */
interface TorchFacts {
  version: string;
  onednn: boolean;
  /** `mkl`, `open`... */
  blas: string | null;
  instructions: string | null;
}

/** The processor, and what the native core uses of it. */
export function machineText(): string {
  const native = loadNative();
  const core = "core" in native ? `native core with ${native.core.instructionSet}` : "no native core";
  return `${cpus()[0]?.model.trim() ?? process.arch}, ${plural(availableParallelism(), "core")}, ${core}`;
}

/** PyTorch in a process of its own, which answers lines. */
export class Torch {
  private constructor(
    private readonly child: ChildProcessByStdio<Writable, Readable, null>,
    private readonly lines: AsyncIterator<string>,
    private readonly facts: TorchFacts,
  ) {}

  /** Whether its products are those of a library made for them, so that being faster means something. */
  get isPeer(): boolean {
    const { onednn, blas } = this.facts;
    return onednn || /^(mkl|open)/i.test(blas ?? "");
  }

  /** Version, libraries and instruction set, and what is wrong with it as a peer. */
  get about(): string {
    const { version, onednn, blas, instructions } = this.facts;
    const libraries = [onednn ? "oneDNN" : "no oneDNN", blas ?? "no BLAS", instructions ?? ""];
    const no = this.isPeer ? "" : ": no peer, so no ratio";
    return `PyTorch ${version} (${libraries.filter((word) => word !== "").join(", ")})${no}`;
  }

  /** The Python that is named, or the first that has PyTorch, with a script of this folder. */
  static async start(name: string, python?: string, ...args: string[]): Promise<Torch | undefined> {
    const script = join(projectRoot(), "test", "bench", name);
    for (const command of python ? [python] : ["python3", "/usr/bin/python3"]) {
      const child = spawn(command, [script, ...args], { stdio: ["pipe", "pipe", "ignore"] });
      child.on("error", () => {});
      const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
      const { value, done } = await lines.next();
      if (!done) return new Torch(child, lines, JSON.parse(value) as TorchFacts);
    }
    return undefined;
  }

  async ask<T = number[]>(line: string): Promise<T> {
    this.child.stdin.write(`${line}\n`);
    return JSON.parse((await this.lines.next()).value);
  }

  stop(): void {
    this.child.stdin.end();
  }
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >> 1]!;
}

export function round3(value: number): number {
  return Math.round(value * 1e3) / 1e3;
}

function table(rows: readonly Row[], torch: Torch | undefined, peaks: Peaks): string {
  const cells = rows.map((row) => [
    row.model,
    row.engine,
    String(row.threads),
    row.msMin.toFixed(1),
    row.msMedian.toFixed(1),
    row.ratioToTorch?.toFixed(2) ?? "-",
    row.gflops.toFixed(1),
    row.shareOfPeak === null ? "-" : `${(100 * row.shareOfPeak).toFixed(0)} %`,
  ]);
  const head = ["model", "engine", "threads", "min ms", "median ms", "/ PyTorch", "GFLOP/s", "of peak"];
  const notes = [machineText(), torch?.about ?? "no Python with PyTorch", peaksText(peaks)];
  return `${formatTable(head, cells)}\n${notes.join("; ")}`;
}
