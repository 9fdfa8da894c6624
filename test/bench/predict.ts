// How long a prediction takes, warm and cold, and a folder of clips; on the corpora also how well a timeline follows.
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeWav } from "../../lib/audio/write.js";
import { random } from "../../lib/base/random.js";
import { projectRoot } from "../../lib/base/root.js";
import { formatTable } from "../../lib/base/table.js";
import { loadClips } from "../../lib/corpora/registry.js";
import { findModel } from "../../lib/inference/find.js";
import { type EmotionModel, loadModel, timeline } from "../../lib/inference/model.js";
import { buzz } from "../inference/example.js";
import { follow, joinClips } from "../inference/long.js";

const HELP = `npm run -s bench -- predict [--json] [--model DIR] [--speakers 01 --speakers 11 ...]

Warm, cold, and a folder of clips; on the corpora (SER_DATA) also how far the timeline of ten minutes follows what was said. Build
first (npm run build).
`;

const BIN = join(projectRoot(), "dist", "ser.cjs");

/** RAVDESS's actors that `ser train` holds out. */
const HELD_OUT = ["01", "11", "20", "21"];

interface Row {
  what: string;
  value: string;
}

export async function run(args: readonly string[]): Promise<void> {
  const { values } = parseArgs({
    args: [...args],
    options: {
      model: { type: "string" },
      json: { type: "boolean" },
      speakers: { type: "string", multiple: true, default: HELD_OUT },
      help: { type: "boolean" },
    },
  });
  if (values.help) return void process.stdout.write(HELP);
  const folder = mkdtempSync(join(tmpdir(), "ser-bench-"));
  try {
    const place = await findModel(values.model);
    const model = await loadModel(place, { threshold: 0 });
    const rows = [
      ...(await latency(model, folder)),
      ...cold(place, folder),
      ...(process.env.SER_DATA
        ? await real(model, place, folder, process.env.SER_DATA, values.speakers)
        : []),
    ];
    if (values.json) process.stdout.write(`${JSON.stringify({ model: model.card.run, rows }, null, 2)}\n`);
    else
      process.stdout.write(
        `${formatTable(
          [`prediction, ${model.card.run}`, ""],
          rows.map(({ what, value }) => [what, value]),
        )}\n`,
      );
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const sorted = (values: readonly number[]) => [...values].sort((a, b) => a - b);
const quantile = (values: readonly number[], share: number) =>
  sorted(values)[Math.min(values.length - 1, Math.floor(share * values.length))]!;
const ms = (value: number) => `${value.toFixed(1)} ms`;

/** A clip of 3 s from the file to the probabilities, in a process that has heard one before. */
async function latency(model: EmotionModel, folder: string): Promise<Row[]> {
  const rows: Row[] = [];
  for (const rate of [16_000, 48_000]) {
    const path = join(folder, `${rate}.wav`);
    await writeWav(path, buzz(3, rate), rate);
    for (let i = 0; i < 20; i++) await model.predict(path);
    const times: number[] = [];
    for (let i = 0; i < 200; i++) {
      const start = performance.now();
      await model.predict(path);
      times.push(performance.now() - start);
    }
    rows.push({
      what: `warm, 3 s at ${rate} Hz: least, median, p95`,
      value: [0, 0.5, 0.95].map((share) => ms(quantile(times, share))).join(", "),
    });
  }
  return rows;
}

/** The command from start to answer. */
function cold(place: string, folder: string): Row[] {
  const times = Array.from({ length: 15 }, () => {
    const start = performance.now();
    execFileSync(process.execPath, [BIN, "predict", join(folder, "16000.wav"), "--model", place, "--json"]);
    return performance.now() - start;
  });
  const value = [0, 0.5, 0.95].map((share) => ms(quantile(times, share))).join(", ");
  return [{ what: "cold, from start to answer: least, median, p95", value }];
}

async function real(
  model: EmotionModel,
  place: string,
  folder: string,
  data: string,
  speakers: readonly string[],
): Promise<Row[]> {
  const clips = await loadClips(data, { names: ["ravdess"], calm: "merge" });
  const held = clips.filter(({ speaker }) => speakers.includes(speaker));
  const some = random(1)
    .shuffle([...held])
    .slice(0, 200);
  const start = performance.now();
  let right = 0;
  for (const clip of some) if ((await model.predict(clip.path)).emotion === clip.emotion) right++;
  const seconds = (performance.now() - start) / 1000;
  const long = await joinClips(held, 600, 48_000);
  const path = join(folder, "long.wav");
  await writeWav(path, long.samples, long.sampleRate);
  const said = long.truth.map(({ clip }) => clip);
  let ofClips = 0;
  for (const clip of said) if ((await model.predict(clip.path)).emotion === clip.emotion) ofClips++;
  const begin = performance.now();
  const { windows } = await model.predict(path);
  const heard = (performance.now() - begin) / 1000;
  const { voicedSeconds, covered, right: followed } = follow(long, timeline(windows));
  const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
  return [
    {
      what: `${some.length} clips of held-out speakers`,
      value: `${(some.length / seconds).toFixed(0)} clips/s, ${percent(right / some.length)} right`,
    },
    {
      what: "10 minutes of them with pauses: time, windows",
      value: `${heard.toFixed(1)} s, ${windows.length}`,
    },
    { what: "its command's largest memory", value: `${(peak(path, place) / 1024).toFixed(0)} MiB` },
    {
      what: "voiced time of it, with an answer",
      value: `${voicedSeconds.toFixed(0)} s, ${percent(covered)}`,
    },
    { what: "voiced time with the right emotion", value: percent(followed) },
    { what: `its ${said.length} clips one by one`, value: percent(ofClips / said.length) },
  ];
}

/** KiB. */
function peak(path: string, place: string): number {
  const script = `process.on("exit", () => process.stderr.write(String(process.resourceUsage().maxRSS)));
    process.argv.splice(1, 0, ${JSON.stringify(BIN)}); require(${JSON.stringify(BIN)});`;
  const args = ["-e", script, "--", "predict", path, "--model", place, "--quiet", "--json"];
  const out = execFileSync("sh", ["-c", '"$0" "$@" 2>&1 >/dev/null', process.execPath, ...args]);
  return Number(out.toString());
}
