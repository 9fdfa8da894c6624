// The forward pass of a speech encoder on one clip, on each engine, against PyTorch where a Python has it.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import { Progress } from "../../lib/base/progress.js";
import { random } from "../../lib/base/random.js";
import { formatTable } from "../../lib/base/table.js";
import { detectEngines } from "../../lib/engine/detect.js";
import { createForward } from "../../lib/engine/forward.js";
import type { EngineName } from "../../lib/engine/trainer.js";
import { FEATURE_CONVOLUTIONS, wav2vec2 } from "../../lib/models/wav2vec2.js";
import { type EncoderShape, whisper } from "../../lib/models/whisper.js";
import { measurePeaks, type Peaks, peaksText, shareOfPeak } from "./peak.js";
import { machineText, median, round3, Torch } from "./training.js";

const HELP = `npm run -s bench -- encoder [--json] [--sizes base] [--engines native,wasm] [--threads 1,all] [--rounds 5]
  [--seconds 0.5] [--clip 3.5] [--python PYTHON]

Whisper tiny, base or small, or wav2vec2 (2.0, base), with random weights, all states, on a clip of 3.5 s with 1 s of silence
behind it: 450 frames of mel, or 72,000 samples. Every round gives each engine and PyTorch the same time, in turn. A ratio is the median pass over the median pass
of PyTorch with as many threads. GFLOP/s count multiplications and additions of the matrix products; the peak is
measured with a C compiler, if any. Memory is what the process grew by (PyTorch: at most, beyond PyTorch itself).
`;

const SIZES = {
  tiny: [4, 384, 6],
  base: [6, 512, 8],
  small: [12, 768, 12],
  wav2vec2: [12, 768, 12],
} as const;
type Size = keyof typeof SIZES;
const [BANDS, POSITIONS, FRAMES_PER_SECOND, SILENCE] = [80, 1500, 100, 1];
const [SAMPLES_PER_SECOND, CHANNELS, REACH, GROUPS] = [16_000, 512, 128, 16];

interface Row {
  size: Size;
  engine: EngineName | "pytorch";
  threads: number;
  msMin: number;
  msMedian: number;
  ratioToTorch: number | null;
  gflops: number;
  shareOfPeak: number | null;
  megabytes: number;
}

interface Entry {
  engine: Row["engine"];
  threads: number;
  times: number[];
  memory: number;
  /** Passes for some seconds; the times in milliseconds. */
  timer(seconds: number): Promise<number[]>;
  end(): Promise<void>;
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean" },
      sizes: { type: "string", default: "base" },
      engines: { type: "string", default: "native,wasm" },
      threads: { type: "string", default: "1,all" },
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "0.5" },
      clip: { type: "string", default: "3.5" },
      python: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const all = values.threads.split(",").map((n) => (n === "all" ? availableParallelism() : Number(n)));
  const counts = [...new Set(all)];
  const wanted = values.engines.split(",");
  const engines = (await detectEngines()).filter((e) => e.available && wanted.includes(e.engine));
  const seconds = Number(values.clip) + SILENCE;
  const torch = await Torch.start("encoder_torch.py", values.python);
  const peaks = measurePeaks();
  const sizes = values.sizes.split(",") as Size[];
  const progress = new Progress("bench", sizes.length * Number(values.rounds));
  const rows: Row[] = [];
  for (const size of sizes) {
    const entries: Entry[] = [];
    for (const { engine } of engines)
      for (const threads of counts) entries.push(await ownEntry(size, seconds, engine, threads));
    for (const threads of torch ? counts : []) entries.push(torchEntry(torch!, size, seconds, threads));
    for (const { timer } of entries) await timer(0.3); // fills the caches
    for (let round = 0; round < Number(values.rounds); round++) {
      for (const { timer, times } of entries) times.push(...(await timer(Number(values.seconds))));
      progress.step(1, size);
    }
    for (const { end } of entries) await end();
    const peers = torch?.isPeer ? entries.filter(({ engine }) => engine === "pytorch") : [];
    rows.push(...entries.map((entry) => rowOf(entry, peers, size, seconds, peaks)));
  }
  torch?.stop();
  progress.done();
  const text = values.json ? JSON.stringify(rows, null, 2) : table(rows, torch, peaks, seconds);
  process.stdout.write(`${text}\n`);
}

/** Rows of the input. */
function framesOf(size: Size, seconds: number): number {
  return Math.round(seconds * (size === "wav2vec2" ? SAMPLES_PER_SECOND : FRAMES_PER_SECOND));
}

async function ownEntry(size: Size, seconds: number, engine: EngineName, threads: number): Promise<Entry> {
  const [blocks, width, heads] = SIZES[size];
  const sizes = { blocks, width, heads, hidden: 4 * width };
  const shape: EncoderShape =
    size === "wav2vec2"
      ? { ...sizes, bands: 0, positions: 0 }
      : { ...sizes, bands: BANDS, positions: POSITIONS };
  const frames = framesOf(size, seconds);
  const draws = random("bench/encoder");
  const model = await (size === "wav2vec2" ? wav2vec2 : whisper)(shape);
  const weights = model.weights.map(({ shape }) => {
    const scale =
      shape.length > 1 ? Math.sqrt(1 / (shape as number[]).slice(0, -1).reduce((a, b) => a! * b!)) : 0.1;
    return Float32Array.from(
      { length: (shape as number[]).reduce((a, b) => a * b) },
      () => scale * draws.uniform(-1, 1),
    );
  });
  const before = process.memoryUsage().rss;
  const forward = await createForward(model, weights, { engine, threads });
  model.dispose();
  const x = Float32Array.from({ length: frames * (shape.bands || 1) }, () => draws.uniform(-1, 1));
  await forward.run(x, frames);
  const memory = process.memoryUsage().rss - before;
  return {
    ...{ engine, threads, times: [], memory },
    end: () => forward.dispose(),
    async timer(seconds) {
      const times: number[] = [];
      const end = performance.now() + seconds * 1e3;
      do {
        const start = performance.now();
        await forward.run(x, frames);
        times.push(performance.now() - start);
      } while (performance.now() < end);
      return times;
    },
  };
}

function torchEntry(torch: Torch, size: Size, seconds: number, threads: number): Entry {
  const entry: Entry = {
    ...{ engine: "pytorch", threads, times: [], memory: 0, end: async () => {} },
    async timer(time) {
      const kind = size === "wav2vec2" ? size : "whisper";
      const line = [kind, ...SIZES[size], framesOf(size, seconds), threads, time].join(" ");
      const { times, memory } = await torch.ask<{ times: number[]; memory: number }>(line);
      entry.memory = memory;
      return times;
    },
  };
  return entry;
}

/** Multiplications and additions of a pass: convolutions, the four dense layers of a block, scores and mixing. */
function passFlops(size: Size, seconds: number): number {
  const [blocks, w] = SIZES[size];
  let rows = framesOf(size, seconds);
  let before = 0;
  if (size === "wav2vec2") {
    for (const [i, [kernel, stride]] of FEATURE_CONVOLUTIONS.entries()) {
      rows = Math.floor((rows - kernel) / stride) + 1;
      before += rows * kernel * (i === 0 ? 1 : CHANNELS) * CHANNELS;
    }
    before += rows * w * (CHANNELS + (REACH * w) / GROUPS);
  } else {
    before += rows * 3 * BANDS * w;
    rows = Math.ceil(rows / 2);
    before += rows * 3 * w * w;
  }
  return 2 * (before + blocks * rows * (12 * w * w + 2 * rows * w));
}

function rowOf(entry: Entry, peers: readonly Entry[], size: Size, seconds: number, peaks: Peaks): Row {
  const ms = median(entry.times);
  const rival = peers.find(({ threads }) => threads === entry.threads);
  const gflops = passFlops(size, seconds) / ms / 1e6;
  return {
    size,
    engine: entry.engine,
    threads: entry.threads,
    msMin: round3(Math.min(...entry.times)),
    msMedian: round3(ms),
    ratioToTorch: rival ? round3(ms / median(rival.times)) : null,
    gflops: round3(gflops),
    shareOfPeak: shareOfPeak(peaks, entry.engine, gflops / entry.threads),
    megabytes: Math.round(entry.memory / 1e6),
  };
}

function table(rows: readonly Row[], torch: Torch | undefined, peaks: Peaks, seconds: number): string {
  const cells = rows.map((row) => [
    row.size,
    row.engine,
    String(row.threads),
    row.msMin.toFixed(1),
    row.msMedian.toFixed(1),
    row.ratioToTorch?.toFixed(2) ?? "-",
    row.gflops.toFixed(1),
    row.shareOfPeak === null ? "-" : `${(100 * row.shareOfPeak).toFixed(0)} %`,
    String(row.megabytes),
  ]);
  const head = ["size", "engine", "threads", "min ms", "median ms", "/ PyTorch", "GFLOP/s", "of peak", "MB"];
  const notes = [
    `${seconds} s of sound`,
    machineText(),
    torch?.about ?? "no Python with PyTorch",
    peaksText(peaks),
  ];
  return `${formatTable(head, cells)}\n${notes.join("; ")}`;
}
