import { plural, shellWord } from "../base/text.js";

/** An experiment as a job array of Slurm. */
export interface SlurmArray {
  /** Name of the experiment; also that of the job and of its logs. */
  name: string;
  /** Number of runs that are not finished. */
  runs: number;
  /** Number of the array's tasks; each does its share of the runs. */
  tasks: number;
  /** Cores of each task. */
  cores: number;
  /** Time limit of each task, seconds. */
  limit: number;
  partition?: string;
  /** The folder that `args` are relative to. */
  folder: string;
  /** The program and its script, as absolute paths. */
  program: readonly [string, string];
  /** What every task gives the program. */
  args: readonly string[];
  /** The command that keeps the results afterwards. */
  next: string;
}

const MINUTE = 60;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** A stop takes one training step and the writing of a checkpoint; Slurm may send the signal up to a minute early. */
const NOTICE = 2 * MINUTE;

/** A task that gets nowhere in its time would otherwise be queued again for ever. */
const MOST_RESTARTS = 50;

/**
 * The script that `sbatch` takes: a job array whose tasks are the shards of an experiment. Before the time of a task is up it is
 * stopped, which saves its checkpoints, and queued again.
 *
 * @example
 * const program = ["/usr/bin/node", "/opt/ser/dist/ser.cjs"] as const;
 * const about = { name: "mine", runs: 80, tasks: 8, cores: 4, limit: 7200, folder: "/home/me", next: "ser summarize mine" };
 * const script = slurmScript({ ...about, program, args: ["ablate", "grid.json"] });
 * script.includes("#SBATCH --time=02:00:00"); // => true
 */
export function slurmScript(array: SlurmArray): string {
  return `#!/bin/bash
${headOf(array)}
${directivesOf(array).join("\n")}

${bodyOf(array)}`;
}

function headOf({ name, runs, tasks, cores, next }: SlurmArray): string {
  return `# The experiment ${name}: ${plural(runs, "unfinished run")} in ${plural(tasks, "task")} of ${plural(cores, "core")}, which share one store.
#   sbatch FILE              submits them; again, it resumes. Options given here win: sbatch --mem=8G --array=${tasks} FILE
#   squeue --me              shows them; scancel JOB stops them, which keeps their checkpoints
# Afterwards: ${next}`;
}

function directivesOf({ name, tasks, cores, limit, partition }: SlurmArray): string[] {
  return [
    ...[`--job-name=${name}`, `--array=1-${tasks}`, "--ntasks=1", `--cpus-per-task=${cores}`],
    ...[`--time=${slurmTime(limit)}`, `--signal=B:USR1@${Math.min(NOTICE, Math.floor(limit / 4))}`],
    ...(partition ? [`--partition=${partition}`] : []),
    ...["--requeue", "--open-mode=append", `--output=${name}-%A_%a.log`],
  ].map((option) => `#SBATCH ${option}`);
}

const bodyOf = ({ name, tasks, folder, program: [program, script], args }: SlurmArray): string => `\
program=${shellWord(program)}
script=${shellWord(script)}
folder=${shellWord(folder)}
arguments=(${args.map(shellWord).join(" ")})

fail() {
  echo "${name}: $1" >&2
  exit 1
}
task="\${SLURM_ARRAY_TASK_ID:-}"
[ -n "$task" ] || fail "this script is for Slurm: submit it with sbatch"
for file in "$program" "$script"; do
  [ -e "$file" ] || fail "$file is not on $HOSTNAME: install ser where every node sees it, and write this script anew with it"
done
cd "$folder" || fail "the nodes need the folder in which this script was written"

# USR1 comes before the time is up (--signal): ser saves its checkpoints, and the task is queued again. TERM comes to every process
# of a task that a person cancels or queues again, or that makes room for another: this shell only waits for ser.
again=
trap 'signal=USR1; again=yes; kill -TERM "$ser" 2> /dev/null' USR1
trap 'signal=TERM' TERM
"$program" "$script" "\${arguments[@]}" --shard "$task/${tasks}" &
ser=$!
# A signal ends wait, but not ser.
signal=first
while [ -n "$signal" ]; do
  signal=
  wait "$ser"
  code=$?
done
[ -n "$again" ] && [ "$code" -ne 0 ] || exit "$code"

[ "\${SLURM_RESTART_COUNT:-0}" -lt ${MOST_RESTARTS} ] || fail "stopped after ${MOST_RESTARTS} restarts: look into the log, and write this script anew with more --time"
# By the number in the array: the id of one of the tasks is that of the whole array.
scontrol requeue "\${SLURM_ARRAY_JOB_ID}_$task" ||
  fail "the time is up, and the task could not be queued again: sbatch --array=$task FILE resumes"
exit "$code"
`;

/**
 * A time as Slurm writes it.
 *
 * @param seconds whole minutes and hours are best: Slurm rounds up to minutes
 * @example slurmTime(93_600) // "1-02:00:00"
 */
export function slurmTime(seconds: number): string {
  const two = (value: number) => String(Math.floor(value)).padStart(2, "0");
  const days = Math.floor(seconds / DAY);
  const time = [(seconds % DAY) / HOUR, (seconds % HOUR) / MINUTE, seconds % MINUTE].map(two).join(":");
  return days > 0 ? `${days}-${time}` : time;
}

/**
 * The seconds of a time as Slurm's `--time` takes it: minutes, `M:S`, `H:M:S`, `D-H`, `D-H:M` or `D-H:M:S`.
 *
 * @returns `undefined` for anything else, and for no time at all
 * @example secondsOf("1-12"); // => 129600
 */
export function secondsOf(time: string): number | undefined {
  const found = /^(?:(\d{1,3})-)?(\d{1,5})(?::(\d{1,2}))?(?::(\d{1,2}))?$/.exec(time);
  if (!found) return undefined;
  const [days, a, b, c] = found.slice(1).map((text) => (text === undefined ? undefined : Number(text)));
  const hasHours = days !== undefined || c !== undefined;
  const [hours, minutes, seconds] = hasHours ? [a!, b ?? 0, c ?? 0] : [0, a!, b ?? 0];
  return DAY * (days ?? 0) + HOUR * hours + MINUTE * minutes + seconds || undefined;
}

/** The work of an experiment, as far as it is known. */
interface Load {
  /** Number of runs that are not finished. */
  runs: number;
  /** Their time on one core, seconds, at most. */
  seconds: number;
}

/** What a task is meant to take: short enough to find a place between other jobs. */
const SHARE = 2 * HOUR;
const MOST_TASKS = 32;
const LONGEST = DAY;

/**
 * The number of tasks where the user gives none: as many as make shares of about two hours, at most 32.
 *
 * @example tasksFor({ runs: 80, seconds: 100_000 }, 4); // => 4
 */
export function tasksFor({ runs, seconds }: Load, cores: number): number {
  return Math.max(1, Math.min(Math.ceil(seconds / cores / SHARE), runs, MOST_TASKS));
}

/**
 * The time limit of a task where the user gives none: twice what it is meant to take, since shares differ, in whole hours, at most
 * a day. A task that needs more is queued again.
 *
 * @example limitFor({ runs: 80, seconds: 100_000 }, { tasks: 4, cores: 4 }); // => 14400
 */
export function limitFor(
  { runs, seconds }: Load,
  { tasks, cores }: Pick<SlurmArray, "tasks" | "cores">,
): number {
  const share = seconds / Math.min(tasks * cores, runs);
  return Math.min(LONGEST, HOUR * Math.max(1, Math.ceil((2 * share) / HOUR)));
}
