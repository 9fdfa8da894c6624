import { type ChildProcess, execFile, spawn } from "node:child_process";
import { mkdir, readdir, readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { vi } from "vitest";
import { onPath } from "./path.js";

const PROGRAMS = ["slurmctld", "slurmd", "sbatch", "scontrol", "scancel", "sinfo"];

/** Why there is no cluster of our own here; `undefined` where there can be one. */
export function lackOfSlurm(): string | undefined {
  const missing = PROGRAMS.filter((name) => !onPath(name));
  if (missing.length > 0) return `${missing.join(", ")} not on the PATH`;
  return process.getuid?.() === 0 ? undefined : "its daemons need root";
}

/** A loaded machine takes its time. */
const PATIENCE = { timeout: 240_000, interval: 100 };

/** Waits until a look at the world succeeds. */
export const until = <T>(look: () => T | Promise<T>): Promise<T> => vi.waitFor(look, PATIENCE);

export interface Cluster {
  /** Runs one of Slurm's programs; gives its standard output. */
  slurm(program: string, ...args: string[]): Promise<string>;
  /** Whether what was started on the node has ended, and the controller knows it. */
  isQuiet(): Promise<boolean>;
  /** What `scontrol show job` says. */
  job(id: string): Promise<Record<string, string>>;
  stop(): Promise<void>;
}

/** Starts a cluster of one node with four cores, whatever the machine has, that keeps everything in the folder. */
export async function startCluster(folder: string): Promise<Cluster> {
  const file = join(folder, "slurm.conf");
  await mkdir(join(folder, "state"), { recursive: true });
  await writeFile(file, configuration(folder, await freePort(), await freePort()));
  const env = { ...process.env, SLURM_CONF: file };
  const slurm = (program: string, ...args: string[]): Promise<string> =>
    new Promise((resolve, reject) => {
      execFile(program, args, { env, cwd: folder }, (error, stdout, stderr) =>
        error ? reject(new Error(`${program} ${args.join(" ")}: ${stderr}`)) : resolve(stdout),
      );
    });
  const daemons = ["slurmctld", "slurmd"].map((name) => startDaemon(name, file, env));
  const stop = async () => {
    // Whatever runs goes with its node.
    await slurm("scancel", "--user=root", "--signal=KILL", "--full").catch(() => {});
    await Promise.all(daemons.reverse().map(({ end }) => end()));
  };
  const job = async (id: string) => fieldsOf(await slurm("scontrol", "show", "job", "--oneliner", id));
  const others = new Set(await steps());
  const isQuiet = async () =>
    (await slurm("sinfo", "--noheader", "--format=%T")).trim() === "idle" &&
    (await steps()).every((step) => others.has(step));
  try {
    await until(async () => {
      for (const { failure } of daemons) if (failure()) throw new Error(failure());
      if (!(await isQuiet())) throw new Error("no node is idle");
    });
  } catch (error) {
    await stop();
    const log = await readFile(join(folder, "slurmctld.log"), "utf8").catch(() => "");
    throw new Error(`the cluster does not start: ${error}\n${log.slice(-2000)}`);
  }
  return { slurm, isQuiet, job, stop };
}

/** The processes in which jobs run. They tell the controller how a job ended before they end themselves. */
async function steps(): Promise<string[]> {
  const processes = (await readdir("/proc")).filter((name) => /^\d+$/.test(name));
  const names = await Promise.all(
    processes.map((id) => readFile(join("/proc", id, "comm"), "utf8").catch(() => "")),
  );
  return processes.filter((_, i) => names[i]!.startsWith("slurmstepd"));
}

function startDaemon(name: string, file: string, env: NodeJS.ProcessEnv) {
  const daemon: ChildProcess = spawn(name, ["-D", "-f", file], { env, stdio: ["ignore", "ignore", "pipe"] });
  let said = "";
  daemon.stderr!.on("data", (chunk) => {
    said += chunk;
  });
  const ended = new Promise<void>((resolve) => daemon.on("close", () => resolve()));
  const isGone = () => daemon.exitCode !== null || daemon.signalCode !== null;
  return {
    failure: () => (isGone() ? `${name} has ended: ${said.slice(-1000)}` : undefined),
    end: async () => {
      daemon.kill("SIGTERM");
      const kill = setTimeout(() => daemon.kill("SIGKILL"), 30_000);
      await ended;
      clearTimeout(kill);
    },
  };
}

function fieldsOf(text: string): Record<string, string> {
  const fields = text.split(/\s+/).map((word) => word.split(/=(.*)/s));
  return Object.fromEntries(fields.map(([key, value = ""]) => [key, value]));
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer().once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const address = server.address();
      server.close(() => resolve(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** No accounts, no keys, no cgroups: what the script asks of Slurm depends on none of them. */
function configuration(folder: string, controllerPort: number, nodePort: number): string {
  const host = hostname().split(".")[0];
  return `ClusterName=test
SlurmctldHost=${host}(127.0.0.1)
SlurmctldPort=${controllerPort}
SlurmdPort=${nodePort}
SlurmUser=root
AuthType=auth/none
CredType=cred/none
StateSaveLocation=${folder}/state
SlurmdSpoolDir=${folder}/spool
SlurmctldPidFile=${folder}/slurmctld.pid
SlurmdPidFile=${folder}/slurmd.pid
SlurmctldLogFile=${folder}/slurmctld.log
SlurmdLogFile=${folder}/slurmd.log
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
SelectType=select/cons_tres
SelectTypeParameters=CR_Core
SchedulerParameters=sched_interval=1,sched_min_interval=0,batch_sched_delay=0
SlurmdParameters=config_overrides
ReturnToService=2
NodeName=${host} NodeAddr=127.0.0.1 CPUs=4 RealMemory=1000 State=UNKNOWN
PartitionName=test Nodes=ALL Default=YES MaxTime=INFINITE State=UP
`;
}
