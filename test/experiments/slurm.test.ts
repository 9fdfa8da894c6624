import { execFileSync, spawn } from "node:child_process";
import { mkdir, mkdtemp, readFile, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import {
  limitFor,
  type SlurmArray,
  secondsOf,
  slurmScript,
  slurmTime,
  tasksFor,
} from "../../lib/experiments/slurm.js";

const ARRAY: SlurmArray = {
  ...{ name: "mine", runs: 80, tasks: 8, cores: 4, limit: 4 * 3600, folder: "/home/me" },
  ...{
    program: ["/usr/bin/node", "/opt/ser.cjs"],
    args: ["ablate", "grid.json"],
    next: "ser summarize mine",
  },
};

test("what Slurm reads: an array, its time, and a signal before that is up", () => {
  const directives = (array: Partial<SlurmArray>) =>
    slurmScript({ ...ARRAY, ...array })
      .split("\n")
      .filter((line) => line.startsWith("#SBATCH "))
      .map((line) => line.slice("#SBATCH ".length));
  expect(directives({})).toEqual([
    ...["--job-name=mine", "--array=1-8", "--ntasks=1", "--cpus-per-task=4", "--time=04:00:00"],
    ...["--signal=B:USR1@120", "--requeue", "--open-mode=append", "--output=mine-%A_%a.log"],
  ]);
  expect(directives({ partition: "long" })).toContain("--partition=long");
  // With two minutes in all, two minutes before would be at once.
  expect(directives({ limit: 120 })).toContain("--signal=B:USR1@30");
  // What follows a command is no directive.
  const lines = slurmScript(ARRAY).split("\n");
  const first = lines.findIndex((line) => line !== "" && !line.startsWith("#"));
  expect(lines.slice(first).some((line) => line.startsWith("#SBATCH"))).toBe(false);
});

test("times as Slurm writes them", () => {
  for (const [text, seconds] of [
    ["90", 5400],
    ["90:30", 5430],
    ["1:30:00", 5400],
    ["2-12", 216_000],
    ["2-12:30", 217_800],
    ["2-12:30:15", 217_815],
  ] as const)
    expect(secondsOf(text)).toBe(seconds);
  for (const wrong of ["", "0", "1h", "-1", "1:2:3:4", "1-", "90 ", "1.5", "1-2-3"])
    expect(secondsOf(wrong)).toBeUndefined();
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 1e7 }), (seconds) => secondsOf(slurmTime(seconds)) === seconds),
  );
});

test("tasks of about two hours each, with time to spare", () => {
  expect(tasksFor({ runs: 100, seconds: 300 }, 4)).toBe(1);
  expect(tasksFor({ runs: 100, seconds: 100 * 3600 }, 4)).toBe(13);
  expect(tasksFor({ runs: 3, seconds: 1e9 }, 4)).toBe(3);
  expect(tasksFor({ runs: 1000, seconds: 1e9 }, 4)).toBe(32);
  expect(limitFor({ runs: 100, seconds: 0 }, { tasks: 1, cores: 4 })).toBe(3600);
  expect(limitFor({ runs: 100, seconds: 100 * 3600 }, { tasks: 13, cores: 4 })).toBe(4 * 3600);
  // A run has one process: three runs of ten hours take ten hours.
  expect(limitFor({ runs: 3, seconds: 30 * 3600 }, { tasks: 3, cores: 4 })).toBe(20 * 3600);
  expect(limitFor({ runs: 1000, seconds: 1e9 }, { tasks: 32, cores: 4 })).toBe(86_400);
});

describe.skipIf(process.platform === "win32")("the script in a shell", () => {
  let folder: string;
  let array: SlurmArray;
  beforeAll(async () => {
    folder = await realpath(await mkdtemp(join(tmpdir(), "ser-slurm-script-")));
    const work = join(folder, `it's "my" $work`);
    await mkdir(work);
    const ser = join(work, "ser now.cjs");
    // Says what it got, and then goes on until it is stopped, or ends with the code in ENDS.
    await writeFile(
      ser,
      `process.on("SIGTERM", () => process.exit(130));
      console.log(JSON.stringify({ args: process.argv.slice(2), folder: process.cwd() }));
      if (process.env.ENDS) process.exit(Number(process.env.ENDS));
      setInterval(() => {}, 1000);`,
    );
    await mkdir(join(folder, "bin"));
    const scontrol = `#!/bin/sh\necho "$@" >> "$CALLS"\nexit "\${SCONTROL:-0}"\n`;
    await writeFile(join(folder, "bin", "scontrol"), scontrol, { mode: 0o755 });
    const args = ["ablate", "my grid.json", "--map", "it's=neutral", "--data", "$HOME/`x`"];
    array = { ...ARRAY, folder: work, program: [process.execPath, ser], args };
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  interface Ended {
    code: number | null;
    out: string;
    errors: string;
    calls: string;
  }

  /** Runs the script as Slurm does; when ser has begun, the signal comes. */
  async function execute(
    own: SlurmArray,
    env: Record<string, string>,
    signal?: NodeJS.Signals,
  ): Promise<Ended> {
    const calls = join(folder, "calls");
    await writeFile(calls, "");
    const file = join(folder, "job.sh");
    await writeFile(file, slurmScript(own));
    const task = { SLURM_ARRAY_JOB_ID: "7", SLURM_ARRAY_TASK_ID: "3", SLURM_JOB_ID: "9" };
    const { SLURM_ARRAY_TASK_ID: _, ...outside } = process.env;
    const PATH = `${join(folder, "bin")}:${process.env.PATH}`;
    const shell = spawn("bash", [file], { env: { ...outside, PATH, CALLS: calls, ...task, ...env } });
    let out = "";
    let errors = "";
    shell.stderr.on("data", (chunk) => {
      errors += chunk;
    });
    shell.stdout.on("data", (chunk) => {
      if (out === "" && signal) shell.kill(signal);
      out += chunk;
    });
    const code = await new Promise<number | null>((resolve) => shell.on("close", resolve));
    return { code, out, errors, calls: await readFile(calls, "utf8") };
  }

  test("bash takes it as it is", () => {
    execFileSync("bash", ["-n"], { input: slurmScript(array) });
  });

  test.each(["0", "1"])(
    "paths and arguments arrive as they are, and the exit code %s comes back",
    async (code) => {
      const ended = await execute(array, { ENDS: code });
      expect(ended).toMatchObject({ code: Number(code), errors: "", calls: "" });
      expect(JSON.parse(ended.out)).toEqual({
        args: [...array.args, "--shard", "3/8"],
        folder: array.folder,
      });
    },
  );

  test("before the time is up ser is stopped, and the task is queued again by its number in the array", async () => {
    const ended = await execute(array, {}, "SIGUSR1");
    expect(ended).toMatchObject({ code: 130, errors: "", calls: "requeue 7_3\n" });
  });

  test("where that is refused, or leads nowhere, a line says what to do", async () => {
    const refused = await execute(array, { SCONTROL: "1" }, "SIGUSR1");
    expect(refused).toMatchObject({ code: 1, calls: "requeue 7_3\n" });
    expect(refused.errors).toBe(
      "mine: the time is up, and the task could not be queued again: sbatch --array=3 FILE resumes\n",
    );
    const restarted = await execute(array, { SLURM_RESTART_COUNT: "50" }, "SIGUSR1");
    expect(restarted).toMatchObject({ code: 1, calls: "" });
    expect(restarted.errors).toMatch(/^mine: stopped after 50 restarts: .*\n$/);
  });

  test("where files or folders are missing, a line names them", async () => {
    const nowhere = join(folder, "no where", "ser.cjs");
    const [node] = array.program;
    for (const [own, env, message] of [
      [{ program: [node, nowhere] }, {}, `${nowhere} is not on `],
      [{ program: [nowhere, nowhere] }, {}, `${nowhere} is not on `],
      [{ folder: nowhere }, {}, "the nodes need the folder in which this script was written"],
      [{}, { SLURM_ARRAY_TASK_ID: "" }, "this script is for Slurm: submit it with sbatch"],
    ] as const) {
      const ended = await execute({ ...array, ...own } as SlurmArray, env);
      expect(ended).toMatchObject({ code: 1, out: "", calls: "" });
      expect(ended.errors).toContain(`mine: ${message}`);
    }
  });
});
