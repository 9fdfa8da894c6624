import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { random } from "../../lib/base/random.js";
import { addRobustness } from "../../lib/cli/robustness.js";
import { loadClips } from "../../lib/corpora/registry.js";
import { ledgerIn } from "../../lib/experiments/readings.js";
import { RUN_FEATURES } from "../../lib/features/presets.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { run } from "../../lib/runs/run.js";
import { TRAINING } from "../../lib/training/settings.js";
import { capturePrinted, printed } from "./printed.js";

capturePrinted();
let folder: string;
let data: string;
let trained: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-robustness-cli-"));
  data = join(folder, "data");
  await mkdir(data);
  const rng = random("tones");
  // Tones under the names of SAVEE's clips.
  for (const speaker of ["DC", "JE", "JK", "KL"]) {
    for (const [i, emotion] of ["a", "d", "f", "h", "n", "sa", "su"].entries()) {
      for (const number of ["01", "02"]) {
        const step = 0.05 * (i + 1) * rng.uniform(0.95, 1.05);
        const tone = Float32Array.from({ length: 6000 }, (_, n) => 0.3 * Math.sin(step * n));
        await writeWav(join(data, `${speaker}_${emotion}${number}.wav`), tone, 16_000);
      }
    }
  }
  const plan = protocolNamed("savee/loso").plan(await loadClips(data, { calm: "keep" }));
  const training = { ...TRAINING, model: "linear" as const };
  const { folder: made } = await run(
    plan,
    plan.folds[0]!,
    { features: RUN_FEATURES.mfcc, training, target: "intended", score: "validation" },
    {
      folder: (name) => join(folder, "runs", name),
      quiet: true,
      pictures: false,
      ledger: ledgerIn(join(folder, "runs")),
    },
  );
  trained = made;
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function robustness(...args: string[]): Promise<void> {
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {} });
  addRobustness(program);
  for (const command of program.commands) command.exitOverride().configureOutput({ writeErr: () => {} });
  await program.parseAsync(["node", "ser", "robustness", ...args, "--data", data, "--quiet"]);
}

test("prints a table of the part the run was scored on, and draws it", async () => {
  const figure = join(folder, "noise.svg");
  await robustness(trained, "--snr", "0,20", "--figure", figure);
  const lines = printed.out.split("\n");
  expect(lines[0]).toContain("validation part");
  expect(
    lines.filter((line) => /^(clean|20 dB|0 dB) /.test(line)).map((line) => line.split(/ {2,}/)[0]),
  ).toEqual(["clean", "20 dB", "0 dB"]);
  expect(await readFile(figure, "utf8")).toContain("savee/loso@1, fold 1, validation");
});

test("a reading of the test part is asked for, and logged", async () => {
  await robustness(join(trained, "model"), "--part", "test", "--snr", "0", "--json");
  const { results } = JSON.parse(printed.out);
  expect([results[0].part, results[0].levels.length]).toEqual(["test", 2]);
  const entries = await ledgerIn(dirname(trained)).entries();
  expect(entries.map(({ run, protocol, fold }) => [run, protocol, fold])).toEqual([
    [basename(trained), "savee/loso@1", "1"],
  ]);
});

test("refuses the validation part where that trained as well", async () => {
  const path = join(trained, "run.json");
  const text = await readFile(path, "utf8");
  const record = JSON.parse(text);
  record.settings.training.refit = true;
  await writeFile(path, JSON.stringify(record));
  await expect(robustness(trained, "--snr", "0")).rejects.toThrow(
    "validation part too (refit): give --part test",
  );
  await writeFile(path, text);
});

test("refuses clips that are not the run's, and options that contradict the record", async () => {
  const plan = protocolNamed("savee/loso").plan(await loadClips(data, { calm: "keep" }));
  await rm(plan.clips[0]!.path);
  await expect(robustness(trained, "--snr", "0")).rejects.toThrow("not the clips that the model was trained");
  await expect(robustness(trained, "--fold", "2")).rejects.toThrow("for models without one");
  await expect(robustness(trained, "--snr", "loud")).rejects.toThrow("numbers in dB");
  await writeFile(join(trained, "run.json"), "{}");
  await expect(robustness(trained)).rejects.toThrow("give --protocol and --fold");
});
