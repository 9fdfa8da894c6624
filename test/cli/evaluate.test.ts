import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { addEvaluate } from "../../lib/cli/evaluate.js";
import { buzz, saveExample } from "../inference/example.js";
import { capturePrinted, printed } from "./printed.js";

capturePrinted();
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-evaluate-cli-"));
  vi.stubEnv("SER_CACHE", join(folder, "cache"));
  // Trained under savee/loso, fold 1: JE is tested, JK validates, DC and KL train.
  await saveExample(join(folder, "model"), {
    corpora: ["savee"],
    protocol: "savee/loso@1",
    fold: "1",
    threshold: 0.4,
  });
  await mkdir(join(folder, "Savee"));
  for (const [i, name] of ["JE_a01", "JE_sa01", "JE_n01", "JK_a01", "DC_a01", "JE_h01"].entries())
    await writeWav(join(folder, "Savee", `${name}.wav`), buzz(1.5, 16_000, 120 + 40 * i), 16_000);
  const rows = ["JE_a01", "JE_sa01", "JE_n01"].map(
    (name, i) => `c${i},Savee/${name}.wav,s${i},${["angry", "sad", "neutral"][i]}`,
  );
  await writeFile(join(folder, "clips.csv"), ["id,path,speaker,emotion", ...rows].join("\n"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

async function evaluate(...args: string[]): Promise<void> {
  const program = new Command().exitOverride();
  addEvaluate(program);
  const common = ["--out", join(folder, "out"), "--data", join(folder, "Savee")];
  await program.parseAsync(["evaluate", join(folder, "model"), ...args, ...common], { from: "user" });
}

test("a manifest whose files are the test clips of the model's own protocol: figures, a page, a reading", async () => {
  await evaluate("--manifest", join(folder, "clips.csv"));
  expect(printed.out).toContain(
    "3 clips are of the test part of the model's own protocol: the reading is written down",
  );
  expect(printed.out).toMatch(/labelled clips: 3 clips of 3 speakers, 3 classes, chance 33\.3 %/);
  const place = join(folder, "out", "example");
  expect((await readdir(place)).sort()).toEqual(["clips", "readings"]);
  expect((await readdir(join(place, "clips"))).sort()).toEqual([
    ...["figures", "report.html", "report.json", "report.md"],
  ]);
  expect(await readdir(join(place, "readings"))).toHaveLength(1);
});

test("a folder: training clips are refused, or judged and marked; labels that it does not know are left out", async () => {
  const savee = join(folder, "Savee");
  await expect(evaluate(savee)).rejects.toThrow(
    /1 of the clips is among those that the model example was trained on \(savee\/DC_a01; known by/,
  );
  await evaluate(savee, "--even-training", "--json");
  const { facts } = JSON.parse(printed.out) as { facts: object };
  expect(facts).toMatchObject({
    ...{ unknown: { happiness: 1 }, absent: [] },
    heard: { trained: ["savee/DC_a01"], validated: ["savee/JK_a01"], tested: { length: 3 } },
  });
});

test("which clips is for the user to say, once", async () => {
  await expect(evaluate()).rejects.toThrow(UsageError);
  await expect(evaluate(folder, "--manifest", join(folder, "clips.csv"))).rejects.toThrow(UsageError);
  await expect(evaluate("--corpus", "ravdess")).rejects.toThrow(UserError);
});
