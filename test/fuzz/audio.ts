/**
 * Feeds the reader mutated and generated sound files of all kinds that it reads, joined and tagged ones too: each must give
 * finite samples or an AudioError. Prints what came of them by kind, the slowest file, the one that took most memory beyond
 * its own size, and the peak memory of all.
 *
 *   npm run fuzz -- [--count 20000] [--seed 1] [--only INDEX] [--ffmpeg] [--json]
 *
 * `--only` reads one file again; `--ffmpeg` also reads what only ffmpeg can. Exits with 1 if any file broke the contract; its
 * bytes are then written to the system's temporary folder.
 */
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { type Audio, AudioError } from "../../lib/audio/audio.js";
import { kindOf } from "../../lib/audio/container.js";
import { decodeAudio } from "../../lib/audio/read.js";
import { Progress } from "../../lib/base/progress.js";
import { Random } from "../../lib/base/random.js";
import { badFiles, chunk, comm, fmt, form, goodFiles, id3, riff, ssnd } from "../audio/fixtures.js";

const { values } = parseArgs({
  options: {
    count: { type: "string", default: "20000" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    ffmpeg: { type: "boolean", default: false },
    json: { type: "boolean", default: false },
  },
});

if (!values.ffmpeg) process.env.PATH = "";

/** Of the file that is made: each has its own, so that it can be made again alone. */
let rng = new Random("fuzz/audio");

const pcm = [...Object.values(goodFiles()), ...Object.values(badFiles())].map(({ bytes }) => bytes);
const FIXTURES = join(import.meta.dirname, "..", "fixtures", "audio");
const compressed = readdirSync(FIXTURES)
  .filter((name) => /\.(flac|ogg|mp3|mp2|m4a)$/.test(name))
  .sort()
  .map((name) => readFileSync(join(FIXTURES, name)));
/** Recordings one after the other, of one kind or of two, and files with a tag or junk in front. */
const composed = compressed.flatMap((bytes, i) => [
  Buffer.concat([bytes, bytes]),
  Buffer.concat([bytes, compressed[(i + 1) % compressed.length]!, bytes]),
  Buffer.concat([id3(200), bytes]),
  Buffer.concat([Buffer.alloc(300, 0x5a), bytes]),
]);
const bases: Buffer[] = [...pcm, ...compressed, ...composed];
const SIZES = [0, 1, 2, 3, 7, 8, 16, 0x7fff, 0xffff, 0x7fff_ffff, 0x8000_0000, 0xffff_fff0, 0xffff_ffff];
const IDS = [
  "fmt ",
  "data",
  "LIST",
  "COMM",
  "SSND",
  "FVER",
  "ds64",
  "RIFF",
  "WAVE",
  "FORM",
  "AIFF",
  "AIFC",
  "\0\0\0\0",
  "OggS",
  "OpusHead",
  "\u0001vorbis",
  "\u007fFLAC",
  "fLaC",
  "ID3\u0004",
  "\u00ff\u00fb\u0090\u00c0",
];

const noise = (length: number) => {
  const out = Buffer.alloc(length);
  for (let i = 0; i < length; i++) out[i] = rng.int(256);
  return out;
};

/** Where to edit: mostly the headers, which compressed files have everywhere. */
const place = (bytes: Buffer) => rng.int(rng.uniform() < 0.6 ? Math.min(bytes.length, 120) : bytes.length);

type Edit = (bytes: Buffer) => Buffer;

const EDITS: Edit[] = [
  (bytes) => {
    bytes[place(bytes)] = rng.int(256);
    return bytes;
  },
  (bytes) => {
    const at = place(bytes);
    if (at + 4 > bytes.length) return bytes;
    if (rng.int(2)) bytes.writeUInt32LE(rng.pick(SIZES), at);
    else bytes.writeUInt32BE(rng.pick(SIZES), at);
    return bytes;
  },
  (bytes) => {
    bytes.write(rng.pick(IDS), place(bytes), "latin1");
    return bytes;
  },
  (bytes) => bytes.subarray(0, rng.int(bytes.length + 1)),
  (bytes) => {
    const at = place(bytes);
    return Buffer.concat([bytes.subarray(0, at), noise(rng.int(9)), bytes.subarray(at)]);
  },
  (bytes) => {
    const at = place(bytes);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(Math.min(bytes.length, at + rng.int(9)))]);
  },
  (bytes) => Buffer.concat([bytes.subarray(0, place(bytes)), rng.pick(bases)]),
  (bytes) => Buffer.concat([bytes, rng.pick(compressed)]),
  (bytes) => Buffer.concat([id3(rng.int(300)), bytes]),
  (bytes) => {
    const at = place(bytes);
    return Buffer.concat([bytes.subarray(0, at), Buffer.alloc(rng.int(2000)), bytes.subarray(at)]);
  },
];

function mutated(): Buffer {
  let bytes: Buffer = Buffer.from(rng.pick(rng.pick([pcm, compressed, composed])));
  for (let n = 1 + rng.int(4); n > 0 && bytes.length > 0; n--) bytes = rng.pick(EDITS)(bytes);
  return bytes;
}

function generated(): Buffer {
  const body = () => noise(rng.int(400));
  const bits = rng.pick([0, 4, 8, 12, 16, 20, 24, 32, 64, 65_535]);
  const channels = rng.pick([0, 1, 2, 3, 6, 64, 65]);
  const rate = rng.pick([0, 1, 8000, 16_000, 44_100, 96_000, 4e9]);
  const code = rng.pick([0, 1, 2, 3, 6, 7, 0x55]);
  const strange = () => chunk(rng.pick(IDS), body(), { pad: rng.int(2) === 1, little: rng.int(2) === 1 });
  if (rng.int(2)) {
    const length = rng.pick([16, 18, 40] as const);
    const parts = [
      fmt({ code, channels, bits: Math.min(bits, 64), rate, length }),
      strange(),
      chunk("data", body()),
    ];
    return riff(...rng.shuffle(parts).slice(0, 1 + rng.int(3)));
  }
  const compression = rng.pick([undefined, "NONE", "sowt", "fl32", "fl64", "ulaw", "in24", "ima4"]);
  const frames = rng.pick([0, 1, 100, 0xffff_ffff]);
  const common = comm({ channels, frames, bits: Math.min(bits, 64), rate: Math.max(rate, 1), compression });
  return form(compression ? "AIFC" : "AIFF", ...rng.shuffle([common, strange(), ssnd(body(), rng.int(20))]));
}

/** Files of megabytes, since only these can be slow: a chain of empty chunks, or long sound of few bytes a sample. */
function large(): Buffer {
  const bytes = 2 ** (18 + rng.int(5));
  if (rng.int(2))
    return riff(fmt(), ...Array.from({ length: bytes / 64 }, () => chunk("LIST", Buffer.alloc(rng.int(2)))));
  const code = rng.pick([1, 6, 7]);
  const file = riff(
    fmt({ code, bits: 8, channels: 1 + rng.int(2) }),
    chunk("data", Buffer.alloc(bytes, rng.int(256))),
  );
  return rng.int(2) ? file : file.subarray(0, rng.int(file.length));
}

interface Extreme {
  value: number;
  fileBytes: number;
  index: number;
}

const outcomes = new Map<string, number>();
const broken: string[] = [];
let slowest: Extreme = { value: 0, fileBytes: 0, index: -1 };
let largest: Extreme = { value: 0, fileBytes: 0, index: -1 };

/** Bytes in use, garbage included: what a call allocates shows even if it lets go of it again. */
function allocated(): number {
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function judge(bytes: Buffer): Promise<{ outcome: string; ms: number; beyond: number }> {
  const before = allocated();
  const start = performance.now();
  let audio: Audio | undefined;
  let error: unknown;
  try {
    audio = await decodeAudio(bytes, "fuzz");
  } catch (thrown) {
    error = thrown;
  }
  const ms = performance.now() - start;
  const beyond = allocated() - before;
  const kind = kindOf(bytes).container;
  if (!audio) {
    const outcome = error instanceof AudioError ? `${kind}: AudioError` : `BROKEN: ${kind}: ${error}`;
    return { outcome, ms, beyond };
  }
  const { samples, sampleRate, warnings } = audio;
  if (samples.length === 0 || !samples.every(Number.isFinite) || !(sampleRate > 0))
    return { outcome: `BROKEN: ${kind}: samples`, ms, beyond };
  return { outcome: `${kind}: decoded${warnings.length > 0 ? " with a warning" : ""}`, ms, beyond };
}

function fileOf(index: number): Buffer {
  rng = new Random(`fuzz/audio/${values.seed}/${index}`);
  const kind = rng.uniform();
  return kind < 0.01 ? large() : kind < 0.15 ? generated() : mutated();
}

async function main(): Promise<void> {
  const first = Number(values.only ?? 0);
  const count = values.only === undefined ? Number(values.count) : 1;
  const progress = new Progress("fuzz", count);
  for (let index = first; index < first + count; index++) {
    const bytes = fileOf(index);
    const { outcome, ms, beyond } = await judge(bytes);
    progress.step();
    if (ms > slowest.value) slowest = { value: ms, fileBytes: bytes.length, index };
    if (beyond > largest.value) largest = { value: beyond, fileBytes: bytes.length, index };
    outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + 1);
    if (outcome.startsWith("BROKEN")) {
      const path = join(tmpdir(), `fuzz-audio-${values.seed}-${index}.bin`);
      writeFileSync(path, bytes);
      broken.push(`${path}: ${outcome}`);
    }
  }
  progress.done();
  print(count);
}

function print(count: number): void {
  const report = {
    files: count,
    outcomes: Object.fromEntries([...outcomes].sort()),
    slowest: { ms: Number(slowest.value.toFixed(2)), fileBytes: slowest.fileBytes, index: slowest.index },
    largest: {
      megabytes: Number((largest.value / 2 ** 20).toFixed(2)),
      fileBytes: largest.fileBytes,
      index: largest.index,
    },
    peakMegabytes: Math.round(process.resourceUsage().maxRSS / 1024),
    broken,
  };
  if (values.json) console.log(JSON.stringify(report, null, 2));
  else {
    console.log(`${count} files, seed ${values.seed}`);
    for (const [name, n] of Object.entries(report.outcomes)) console.log(`  ${name}: ${n}`);
    console.log(`slowest: ${report.slowest.ms} ms (${slowest.fileBytes} bytes, file ${slowest.index})`);
    console.log(
      `most memory beyond its size: ${report.largest.megabytes} MB (${largest.fileBytes} bytes, file ${largest.index})`,
    );
    console.log(`peak memory of the process: ${report.peakMegabytes} MB`);
    for (const line of broken) console.log(line);
  }
  process.exitCode = broken.length > 0 ? 1 : 0;
}

main();
