import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, test as everywhere, expect } from "vitest";
import { projectRoot } from "../../lib/base/root.js";
import { toneCorpus } from "../runs/examples.js";
import { ser } from "./spawn.js";

// Bash reads the scripts, and there is no Slurm for Windows.
const test = everywhere.skipIf(process.platform === "win32");

let folder: string;
beforeAll(async () => {
  folder = await realpath(await mkdtemp(join(tmpdir(), "ser-ablate-slurm-")));
  await toneCorpus(join(folder, "my data"));
  const block = { protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"], seeds: [1, 2] };
  await writeFile(join(folder, "grid.json"), JSON.stringify({ name: "trial", runs: [block] }));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const DATA = ["--data", "my data"];

/** The arguments that the script gives ser, as bash reads them. */
function argumentsIn(script: string): string[] {
  const words = script.split("\n").filter((line) => /^(program|script|folder|arguments)=/.test(line));
  const print = `printf "%s\\0" "$program" "$script" "$folder" "\${arguments[@]}"`;
  return execFileSync("bash", ["-c", [...words, print].join("\n")], { encoding: "utf8" })
    .split("\0")
    .slice(0, -1);
}

test("the script has what was typed, and standard error what to do next", async () => {
  const given = ["--tasks", "3", "--cores", "2", "--time", "1-12", "--partition", "long", "--quiet"];
  const printed = await ser(
    ["ablate", "grid.json", ...DATA, "--out", "my runs", "--slurm", ...given],
    folder,
  );
  expect(printed.code).toBe(0);
  for (const option of ["array=1-3", "cpus-per-task=2", "time=1-12:00:00", "partition=long"])
    expect(printed.stdout).toContain(`\n#SBATCH --${option}\n`);
  expect(argumentsIn(printed.stdout)).toEqual([
    ...[process.execPath, join(projectRoot(), "dist", "ser.cjs"), folder],
    ...["ablate", "grid.json", "--data", "my data", "--out", "my runs"],
    ...["--quiet", "--jobs", "2", "--threads", "1"],
  ]);
  expect(printed.stderr).toMatch(
    /^8 runs, 0 done; at most about .* \(a guess for linear\)\n3 tasks of 2 cores, 1-12:00:00 each; .*\nnext: sbatch the script, .*: npx --no ser summarize trial --from 'my runs'\n$/,
  );
});

test("without options: cores, tasks and time by the estimate, and no more processes than runs", async () => {
  const printed = await ser(["ablate", "grid.json", ...DATA, "--slurm"], folder);
  expect(printed.stdout).toContain("#SBATCH --array=1-1\n#SBATCH --ntasks=1\n#SBATCH --cpus-per-task=4\n");
  expect(printed.stdout).toContain("#SBATCH --time=01:00:00\n");
  expect(argumentsIn(printed.stdout).slice(3)).toEqual([
    ...["ablate", "grid.json", "--data", "my data", "--jobs", "4", "--threads", "1"],
  ]);
  const wide = await ser(
    ["ablate", "grid.json", ...DATA, "--slurm", "--tasks", "8", "--cores", "6", "--engine", "wasm"],
    folder,
  );
  expect(argumentsIn(wide.stdout).slice(-6)).toEqual(["--engine", "wasm", "--jobs", "1", "--threads", "6"]);
});

test("the folder of the corpora does not depend on the environment of the nodes", async () => {
  const env = { ...process.env, SER_DATA: join(folder, "my data") };
  const bin = join(projectRoot(), "dist", "ser.cjs");
  const script = execFileSync(process.execPath, [bin, "ablate", "grid.json", "--slurm"], {
    ...{ cwd: folder, env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] },
  });
  expect(argumentsIn(script)).toEqual(expect.arrayContaining(["--data", join(folder, "my data")]));
});

test("what makes no sense is said, and nothing is printed that could be submitted", async () => {
  await mkdir(join(folder, "done"));
  const finished = await ser(["ablate", "grid.json", ...DATA, "--out", "done", "--jobs", "1"], folder);
  expect(finished.code).toBe(0);
  for (const [code, message, ...wrong] of [
    [2, "--time <limit>' argument 'soon' is invalid. It takes minutes, H:M:S", "--slurm", "--time", "soon"],
    [2, "It takes the name of a partition", "--slurm", "--partition", "long\nrm"],
    [2, "--tasks, --time is for --slurm only", "--tasks", "2", "--time", "5"],
    [2, "cannot be used with", "--slurm", "--shard", "1/2"],
    [2, "cannot be used with", "--slurm", "--plan"],
    [2, "cannot be used with", "--slurm", "--force"],
    [1, "all runs of trial are finished, there is nothing to submit", "--slurm", "--out", "done"],
  ] as const) {
    const refused = await ser(["ablate", "grid.json", ...DATA, ...wrong], folder);
    expect([refused.code, refused.stdout]).toEqual([code, ""]);
    expect(refused.stderr).toContain(message);
  }
});
