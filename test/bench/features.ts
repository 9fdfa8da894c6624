// From sound file to 64 log-mel bands and to 40 MFCC at 16 kHz, against torchaudio and librosa where a Python has them.
import { type ChildProcessByStdio, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { parseArgs } from "node:util";
import { decodePcm } from "../../lib/audio/read.js";
import { resample } from "../../lib/audio/resample.js";
import { UserError } from "../../lib/base/errors.js";
import { Progress } from "../../lib/base/progress.js";
import { projectRoot } from "../../lib/base/root.js";
import { formatTable } from "../../lib/base/table.js";
import { type FoundCorpus, findCorpora } from "../../lib/corpora/registry.js";
import { extractFiles } from "../../lib/features/batches.js";
import { createExtractor } from "../../lib/features/extract.js";
import { featureSettings, type SpectralSettings } from "../../lib/features/settings.js";

const HELP = `npm run -s bench -- features [--json] [--data DIR] [--clips 60] [--rounds 5] [--cores 1,all] [--python PYTHON]

Corpora are those under DIR (default: SER_DATA, else data/). Every round does the same files with this library, then
with each of the others; figures are medians over rounds. A ratio is this library's time over the other's.
`;

const FEATURES: Record<"logmel" | "mfcc", SpectralSettings> = {
  logmel: featureSettings({ kind: "logmel" }),
  mfcc: featureSettings({ kind: "mfcc" }),
};

/** Seconds one pass of a peer may take; its number of files follows from it. TESS takes torchaudio 0.4 s a clip. */
const PASS = 1.5;

type Library = "torchaudio" | "librosa";

interface Times {
  seconds: number;
  /** Milliseconds a file. */
  readMs: number;
  resampleMs: number;
  featureMs: number;
}

interface Row extends Omit<Times, "seconds"> {
  corpus: string;
  features: "logmel" | "mfcc";
  cores: number;
  clipsPerSecond: number;
  ratioToTorchaudio: number | null;
  ratioToLibrosa: number | null;
  /** Files a second the others did. */
  torchaudioClipsPerSecond: number | null;
  librosaClipsPerSecond: number | null;
  synthetic: boolean;
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      json: { type: "boolean" },
      data: { type: "string", default: process.env.SER_DATA ?? join(projectRoot(), "data") },
      clips: { type: "string", default: "60" },
      rounds: { type: "string", default: "5" },
      cores: { type: "string", default: `1,${availableParallelism()}` },
      python: { type: "string" },
      help: { type: "boolean" },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const found = await findCorpora(values.data);
  if (found.length === 0)
    throw new UserError(
      `${values.data}: no corpus; set SER_DATA or make stand-ins with: npx --no ser data synthesize`,
    );
  const peer = await Peer.start(values.python ? [values.python] : ["python3", "/usr/bin/python3"]);
  const cores = [
    ...new Set(values.cores.split(",").map((n) => (n === "all" ? availableParallelism() : Number(n)))),
  ];
  const rows: Row[] = [];
  const rounds = Number(values.rounds);
  const progress = new Progress("bench", found.length * 2 * cores.length);
  try {
    for (const corpus of found) {
      const files = sample(corpus, Number(values.clips));
      for (const count of cores) {
        for (const features of ["logmel", "mfcc"] as const) {
          rows.push(await measure(corpus, files, features, count, rounds, peer));
          progress.step(1, corpus.name);
        }
      }
    }
  } finally {
    peer?.stop();
  }
  progress.done();
  process.stdout.write(values.json ? `${JSON.stringify(rows, null, 2)}\n` : `${table(rows, peer)}\n`);
}

/** Files at even distances, in the order of their ids. */
function sample({ clips }: FoundCorpus, count: number): string[] {
  const taken = Math.min(count, clips.length);
  return Array.from({ length: taken }, (_, i) => clips[Math.floor(((i + 0.5) * clips.length) / taken)]!.path);
}

async function measure(
  { name, synthetic }: FoundCorpus,
  files: string[],
  features: Row["features"],
  cores: number,
  rounds: number,
  peer: Peer | undefined,
): Promise<Row> {
  const own = cores === 1 ? alone : together;
  await own(files, features, cores); // compiles, and fills the file cache for all
  const against = new Map<Library, { files: string[]; ratios: number[]; rates: number[] }>();
  for (const library of peer?.libraries ?? []) {
    // As many files as there are processes, and more: each makes its filters and its kernel at its first.
    await peer!.time(library, files.slice(0, 4 * cores), features, cores);
    const probe = files.slice(0, 2 * cores);
    const { seconds } = await peer!.time(library, probe, features, cores);
    const affordable = Math.max(2 * cores, Math.floor((PASS / seconds) * probe.length));
    against.set(library, { files: files.slice(0, affordable), ratios: [], rates: [] });
  }
  const times: Times[] = [];
  for (let round = 0; round < rounds; round++) {
    times.push(await own(files, features, cores));
    for (const [library, { files: some, ratios, rates }] of against) {
      const mine = some.length === files.length ? times.at(-1)! : await own(some, features, cores);
      const theirs = await peer!.time(library, some, features, cores);
      ratios.push(mine.seconds / theirs.seconds);
      rates.push(some.length / theirs.seconds);
    }
  }
  const part = (key: keyof Times) => round3(median(times.map((time) => time[key])));
  const result = (library: Library, key: "ratios" | "rates") => {
    const values = against.get(library)?.[key];
    return values ? round3(median(values)) : null;
  };
  return {
    corpus: name,
    features,
    cores,
    clipsPerSecond: round3(files.length / median(times.map(({ seconds }) => seconds))),
    ratioToTorchaudio: result("torchaudio", "ratios"),
    ratioToLibrosa: result("librosa", "ratios"),
    torchaudioClipsPerSecond: result("torchaudio", "rates"),
    librosaClipsPerSecond: result("librosa", "rates"),
    readMs: part("readMs"),
    resampleMs: part("resampleMs"),
    featureMs: part("featureMs"),
    synthetic,
  };
}

const extractors = {
  logmel: createExtractor(FEATURES.logmel),
  mfcc: createExtractor(FEATURES.mfcc),
};

/** One core: this thread, one file after the other, the steps timed one by one. */
async function alone(files: readonly string[], features: Row["features"]): Promise<Times> {
  const { sampleRate } = FEATURES[features];
  let [read, resampling, computing] = [0, 0, 0];
  for (const path of files) {
    const start = performance.now();
    const audio = decodePcm(readFileSync(path), path);
    const decoded = performance.now();
    const samples =
      audio.sampleRate === sampleRate ? audio.samples : resample(audio.samples, audio.sampleRate, sampleRate);
    const resampled = performance.now();
    extractors[features](samples, sampleRate);
    read += decoded - start;
    resampling += resampled - decoded;
    computing += performance.now() - resampled;
  }
  const n = files.length;
  const seconds = (read + resampling + computing) / 1000;
  return { seconds, readMs: read / n, resampleMs: resampling / n, featureMs: computing / n };
}

/** All cores: the pool of worker threads, its start included, over enough files that it matters as little as in use. */
async function together(files: readonly string[], features: Row["features"], cores: number): Promise<Times> {
  const repeat = Math.ceil(1000 / files.length);
  const many = Array.from({ length: repeat }, () => files).flat();
  const start = performance.now();
  for await (const batch of extractFiles(many, FEATURES[features], { threads: cores }))
    for (const result of batch) if ("error" in result) throw new UserError(result.error);
  const seconds = (performance.now() - start) / 1000 / repeat;
  const { readMs, resampleMs, featureMs } = await alone(files, features);
  return { seconds, readMs, resampleMs, featureMs };
}

/** A Python process that does the same work with other libraries. */
class Peer {
  readonly libraries: Library[] = [];
  readonly versions: Record<Library, string | null> = { torchaudio: null, librosa: null };
  readonly #process: ChildProcessByStdio<Writable, Readable, null>;
  readonly #lines: AsyncIterator<string>;

  constructor(python: string) {
    const script = join(projectRoot(), "test", "bench", "features_torchaudio.py");
    const env = { ...process.env, OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1", MKL_NUM_THREADS: "1" };
    this.#process = spawn(python, [script], { stdio: ["pipe", "pipe", "ignore"], env, cwd: tmpdir() });
    this.#process.on("error", () => {});
    this.#process.stdin.on("error", () => {});
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]();
  }

  /** The first of the Pythons that has one of the libraries. */
  static async start(pythons: readonly string[]): Promise<Peer | undefined> {
    for (const python of pythons) {
      const peer = new Peer(python);
      const line = await peer.#lines.next();
      if (!line.done) Object.assign(peer.versions, JSON.parse(line.value));
      for (const library of ["torchaudio", "librosa"] as const)
        if (peer.versions[library] !== null) peer.libraries.push(library);
      if (peer.libraries.length > 0) return peer;
      peer.stop();
    }
    process.stderr.write(`none of ${pythons.join(", ")} has torchaudio or librosa: no ratios\n`);
    return undefined;
  }

  async time(library: Library, files: readonly string[], features: string, cores: number): Promise<Times> {
    this.#process.stdin.write(`${JSON.stringify({ library, files, features, cores })}\n`);
    const line = await this.#lines.next();
    if (line.done) throw new UserError(`${library} failed; run test/bench/features_torchaudio.py to see why`);
    return JSON.parse(line.value) as Times;
  }

  stop(): void {
    this.#process.kill();
  }
}

function table(rows: readonly Row[], peer: Peer | undefined): string {
  const header = [
    "corpus",
    "features",
    "cores",
    "clips/s",
    "/torchaudio",
    "/librosa",
    "read ms",
    "resample ms",
    "feature ms",
  ];
  const lines = rows.map((row) => [
    row.synthetic ? `${row.corpus} (synthetic)` : row.corpus,
    row.features,
    row.cores,
    Math.round(row.clipsPerSecond),
    row.ratioToTorchaudio,
    row.ratioToLibrosa,
    row.readMs,
    row.resampleMs,
    row.featureMs,
  ]);
  const versions = peer
    ? peer.libraries.map((library) => `${library} ${peer.versions[library]}`).join(", ")
    : "no peer";
  return `${formatTable(header, lines)}\n${versions}; a ratio is our time over theirs`;
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}

function round3(value: number): number {
  return Number(value.toPrecision(3));
}
