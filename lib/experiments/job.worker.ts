import { Interrupted, UserError } from "../base/errors.js";
import { rememberTables } from "../features/table-settings.js";
import { setCommand } from "../protocols/ledger.js";
import { type Job, STOP } from "./job-message.js";
import { firstRunsOf, planGrid } from "./plan.js";
import { doRuns, type RunEvent } from "./runner.js";
import { Store } from "./store.js";

// A process of an experiment: gets its task, does runs until none are left, and reports events to its parent.
const controller = new AbortController();
const stop = () => controller.abort();
for (const name of ["SIGINT", "SIGTERM"] as const) process.on(name, stop);
// If the parent is killed, only the channel to it closes.
process.on("disconnect", stop);

process.on("message", (message) => message === STOP && stop());
process.once("message", (job: Job) => {
  work(job)
    .catch((error: unknown) => {
      // The parent reports the interruption once.
      process.exitCode = error instanceof Interrupted ? 130 : 1;
      if (!(error instanceof Interrupted)) console.error(error instanceof UserError ? error.message : error);
    })
    .finally(() => process.connected && process.disconnect());
});

async function work(job: Job): Promise<void> {
  const { grid, clips, perceived, store, runs, tables, engine, threads, command } = job;
  setCommand(command);
  rememberTables(tables ?? []);
  const wanted = new Set(runs);
  const own = planGrid(grid, clips, perceived && new Map(perceived));
  const planned = [...firstRunsOf(own), ...own];
  const onEvent = (event: RunEvent) => process.connected && process.send?.(event);
  await doRuns(
    new Store(store),
    planned.filter(({ name }) => wanted.has(name)),
    { grid, engine, threads, signal: controller.signal, onEvent },
  );
}
