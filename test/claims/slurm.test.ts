import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { sha256 } from "../../lib/base/hash.js";
import { ser } from "../cli/spawn.js";
import { needs } from "../needs.js";
import { toneCorpus } from "../runs/examples.js";
import { type Cluster, lackOfSlurm, startCluster, until } from "../slurm.js";

const lack = lackOfSlurm();

describe("ser ablate --slurm on a real Slurm", needs("slurm"), () => {
  let folder: string;
  let work: string;
  let cluster: Cluster | undefined;
  beforeAll(async () => {
    if (lack) throw new Error(`Slurm is required, and cannot be started: ${lack}`);
    folder = await mkdtemp(join(tmpdir(), "ser-slurm-"));
    // A folder as people have them.
    work = join(folder, "it's my work");
    await mkdir(work);
    await toneCorpus(join(work, "data"));
    // Long enough to be stopped in the middle.
    const training = { frames: 8, epochs: 600, patience: 600, batchSize: 8 };
    const block = { protocols: ["savee/loso"], models: ["cnn-small"], features: ["mfcc"], training };
    const grid = { name: "trial", score: "test", runs: [{ ...block, folds: ["1", "2"], seeds: [1, 2] }] };
    await writeFile(join(work, "grid.json"), JSON.stringify(grid));
    cluster = await startCluster(folder);
  });
  afterAll(async () => {
    await cluster?.stop();
    if (folder) await rm(folder, { recursive: true, force: true });
  });

  const store = () => join(work, "runs of all", "trial");
  const log = (id: string) => readFile(join(work, `trial-${id}.log`), "utf8");

  /** SHA-256 of the predictions and weights of every run. */
  async function outcome(runs: string): Promise<Record<string, string>> {
    const files: Record<string, string> = {};
    for (const name of (await readdir(runs)).filter((name) => name.startsWith("savee-")).sort())
      for (const file of ["predictions.csv", "model/weights.bin"])
        files[`${name}/${file}`] = sha256(await readFile(join(runs, name, file)));
    return files;
  }

  /** The runs that are in the middle: they have a checkpoint. */
  async function underWay(): Promise<string[]> {
    const files = await readdir(store(), { recursive: true });
    return files.filter((file) => file.endsWith("checkpoint.bin"));
  }

  async function reach(id: string, reached: (job: Record<string, string>) => boolean): Promise<void> {
    const told = async ({ JobState, Restarts, ExitCode, Reason }: Record<string, string>) =>
      `job ${id} is ${JobState}, ${Restarts} restarts, ${ExitCode}, ${Reason}\n${await log(id).catch(() => "")}`;
    const last = await until(async () => {
      const job = await cluster!.job(id);
      if (reached(job) || /FAILED|CANCELLED|TIMEOUT|COMPLETED/.test(job.JobState!)) return job;
      throw new Error(await told(job));
    });
    expect(reached(last), await told(last)).toBe(true);
  }

  /** Slurm lets a job that was queued again wait for two minutes, in which what it had started ends. Here that is waited for. */
  async function startAgain(ids: readonly string[]): Promise<void> {
    for (const id of ids)
      await reach(id, ({ JobState, Restarts }) => JobState === "PENDING" && Restarts === "1");
    await until(async () => expect(await cluster!.isQuiet()).toBe(true));
    for (const id of ids) await cluster!.slurm("scontrol", "update", `JobId=${id}`, "StartTime=now");
  }

  test("one task queued again by a person, one whose time is nearly up: as one quiet process", async () => {
    const args = ["ablate", "grid.json", "--data", "data", "--engine", "wasm"];
    const options = ["--slurm", "--tasks", "2", "--cores", "1", "--time", "60", "--partition", "test"];
    const printed = await ser([...args, "--out", "runs of all", ...options], work);
    expect(printed.code).toBe(0);
    await writeFile(join(work, "job.sh"), printed.stdout);
    const { slurm } = cluster!;
    const array = (await slurm("sbatch", "--parsable", `--chdir=${work}`, join(work, "job.sh"))).trim();
    const [first, second] = [`${array}_1`, `${array}_2`];
    await until(async () => expect((await underWay()).length).toBe(2));
    await slurm("scontrol", "requeue", first);
    await slurm("scancel", "--signal=USR1", "--batch", second);
    await startAgain([first, second]);
    for (const id of [first, second]) await reach(id, ({ JobState }) => JobState === "COMPLETED");
    // Its first run, unless that was over before the signal came.
    expect(await log(second)).toMatch(
      /stopped: [01] of 2 runs are done, those under way keep their checkpoints/,
    );
    for (const id of [first, second]) {
      expect(await cluster!.job(id)).toMatchObject({ Restarts: "1", ExitCode: "0:0" });
      expect(await log(id)).toContain("savee/loso@1  cnn-small  mfcc                  2     2");
    }
    expect(await underWay()).toEqual([]);

    const quiet = await ser([...args, "--out", "quiet", "--threads", "1"], work);
    expect([quiet.code, quiet.stderr]).toEqual([0, ""]);
    const found = await outcome(store());
    expect(Object.keys(found).length).toBe(8);
    expect(found).toEqual(await outcome(join(work, "quiet", "trial")));
    const again = await ser([...args, "--out", "runs of all", ...options], work);
    expect([again.code, again.stdout]).toEqual([1, ""]);
    expect(again.stderr).toContain("all runs of trial are finished, there is nothing to submit");
  });
});
