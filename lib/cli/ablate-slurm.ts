import { type Command, InvalidArgumentError, Option } from "commander";
import { UsageError, UserError } from "../base/errors.js";
import { plural, shellWord } from "../base/text.js";
import { limitFor, secondsOf, slurmScript, slurmTime, tasksFor } from "../experiments/slurm.js";
import { numberIn } from "./common.js";

/** The options of `--slurm`, and those of `ser ablate` that it heeds. */
export interface SlurmFlags {
  slurm?: boolean;
  tasks?: number;
  cores?: number;
  /** Seconds. */
  time?: number;
  partition?: string;
  jobs?: number;
  only?: string[];
  quiet?: boolean;
  threads?: number;
  out: string;
}

const CORES = 4;
/** What Slurm takes by default (MaxArraySize 1001). */
const MOST_TASKS = 1000;

/** Adds `--slurm` and the options that only it takes. */
export function addSlurmOptions(command: Command): Command {
  return command
    .addOption(
      new Option(
        "--slurm",
        "train nothing; print a script for Slurm's sbatch: an array of jobs that share the runs, are stopped before their time is up, queued again, and resume",
      ).conflicts(["plan", "shard", "force", "json"]),
    )
    .option(
      "--tasks <n>",
      "with --slurm: jobs of the array (default: by the plan's estimate)",
      numberIn(1, MOST_TASKS, true),
    )
    .option("--cores <n>", `with --slurm: cores of each job (default: ${CORES})`, numberIn(1, 1024, true))
    .option(
      "--time <limit>",
      "with --slurm: time limit of each job, as sbatch takes it (default: by the plan's estimate)",
      timeLimit,
    )
    .option("--partition <name>", "with --slurm: partition (default: the cluster's)", partitionName);
}

function timeLimit(text: string): number {
  const seconds = secondsOf(text);
  if (seconds !== undefined) return seconds;
  throw new InvalidArgumentError("It takes minutes, H:M:S or D-H:M:S, such as 04:00:00.");
}

function partitionName(text: string): string {
  if (/^[\w.,+-]+$/.test(text)) return text;
  throw new InvalidArgumentError("It takes the name of a partition, as sinfo lists them.");
}

/** @throws {UsageError} for options of `--slurm` without it, which would be ignored silently */
export function assertSlurm({ slurm, tasks, cores, time, partition }: SlurmFlags): void {
  const given = Object.entries({ tasks, cores, time, partition }).filter(([, value]) => value !== undefined);
  if (slurm || given.length === 0) return;
  throw new UsageError(
    `${given.map(([name]) => `--${name}`).join(", ")} is for --slurm only: give that as well`,
  );
}

/** The work of an experiment, and its name. */
interface Planned {
  experiment: string;
  /** Number of unfinished runs. */
  runs: number;
  /** On one core. */
  seconds: number;
  /** What is done and what is left, for a person. */
  line: string;
}

/**
 * Prints the script on standard output, and on standard error what to do with it.
 *
 * @param command the bundle, and `ablate GRID` with the options that every process of the experiment needs
 * @throws {UserError} when all runs are finished: a script that does nothing would wait in a queue
 */
export function printSlurm(
  planned: Planned,
  [bin, ...args]: readonly [string, ...string[]],
  flags: SlurmFlags,
): void {
  const { experiment: name, runs, line } = planned;
  const next = ["npx --no ser summarize", ...[name, "--from", flags.out].map(shellWord)].join(" ");
  if (runs === 0)
    throw new UserError(`all runs of ${name} are finished, there is nothing to submit: ${next}`);
  const cores = flags.cores ?? CORES;
  const tasks = flags.tasks ?? tasksFor(planned, cores);
  const limit = flags.time ?? limitFor(planned, { tasks, cores });
  const { partition } = flags;
  const program = [process.execPath, bin] as const;
  const about = { name, runs, tasks, cores, limit, partition, folder: process.cwd(), program, next };
  process.stdout.write(
    slurmScript({ ...about, args: [...args, ...processesOf(planned, { ...flags, tasks, cores })] }),
  );
  process.stderr.write(`${line}
${plural(tasks, "task")} of ${plural(cores, "core")}, ${slurmTime(limit)} each; one that needs more is queued again and resumes
next: sbatch the script, and when squeue --me shows none of its tasks: ${next}
`);
}

/** One process a core, but not more than a task has runs: Slurm does not always hide a node's other cores. */
function processesOf({ runs }: Planned, flags: SlurmFlags & { tasks: number; cores: number }): string[] {
  const { tasks, cores, threads, only, quiet } = flags;
  const most = Math.max(1, Math.floor(cores / (threads ?? 1)));
  const jobs = flags.jobs ?? Math.min(most, Math.ceil(runs / tasks));
  return [
    ...(only ? ["--only", ...only] : []),
    ...(quiet ? ["--quiet"] : []),
    ...["--jobs", String(jobs)],
    ...(threads ? [] : ["--threads", String(Math.max(1, Math.floor(cores / jobs)))]),
  ];
}
