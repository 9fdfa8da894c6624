import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { UserError } from "./errors.js";
import { isBundle, projectRoot } from "./root.js";

/**
 * The return value of the function `handle(task)` that a file `NAME.worker.ts` exports: the result, and the buffers to transfer to
 * the main thread instead of copying them.
 */
export interface WorkerAnswer<Result> {
  result: Result;
  transfer?: ArrayBuffer[];
}

export interface PoolOptions {
  /** Number of threads; default: one per core, at most one per task. 1 is a worker thread, too. */
  threads?: number;
  /** Stops the pool between tasks. */
  signal?: AbortSignal;
}

/** An error loses its class between threads: `user` marks a {@link UserError}. */
type Reply<Result> = { index: number; result: Result } | { index: number; error: Error; user: boolean };

/** Threads without a task, by their worker: starting one takes as long as many a task. They do not keep the process from ending. */
const resting = new Map<string, Worker[]>();

/**
 * Runs tasks on worker threads, one task per thread at a time, and yields the results as they arrive, with the index of their
 * task. At most two results per thread wait for the reader. A task that throws ends the pool with its error. The threads of a
 * pool whose tasks are all done are used again by the next one with the same worker.
 *
 * @param worker the worker's file in lib/ without its ending, for example "features/extract.worker"
 * @example for await (const { index, result } of runPool<Task, Result>("features/extract.worker", tasks)) { ... }
 */
export async function* runPool<Task, Result>(
  worker: string,
  tasks: readonly Task[],
  options: PoolOptions = {},
): AsyncGenerator<{ index: number; result: Result }> {
  const count = Math.min(options.threads ?? availableParallelism(), tasks.length);
  const ready: Reply<Result>[] = [];
  const idle: Worker[] = [];
  let wake = () => {};
  let failure: Error | undefined;
  let next = 0;
  let done = 0;

  const feed = (thread: Worker) => {
    if (next >= tasks.length) return;
    if (ready.length >= 2 * count) {
      idle.push(thread);
      return;
    }
    thread.postMessage({ index: next, task: tasks[next] });
    next++;
  };
  const fail = (error: Error) => {
    failure ??= error;
    wake();
  };
  const abort = () => fail(new DOMException("stopped", "AbortError"));
  options.signal?.addEventListener("abort", abort);
  if (options.signal?.aborted) abort();
  const threads = Array.from({ length: count }, () => {
    const thread = resting.get(worker)?.pop() ?? new Worker(bootstrap(worker), { eval: true });
    release(thread);
    thread.ref();
    thread.on("message", (reply: Reply<Result>) => {
      ready.push(reply);
      feed(thread);
      wake();
    });
    thread.on("error", fail);
    thread.on("exit", (code) => fail(new Error(`a worker thread ended with code ${code}`)));
    feed(thread);
    return thread;
  });
  try {
    while (done < tasks.length) {
      if (failure) throw failure;
      const reply = ready.shift();
      if (!reply) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
        continue;
      }
      if ("error" in reply) throw reply.user ? new UserError(reply.error.message) : reply.error;
      const waiting = idle.pop();
      if (waiting) feed(waiting);
      done++;
      yield reply;
    }
  } finally {
    options.signal?.removeEventListener("abort", abort);
    if (done === tasks.length && !failure) for (const thread of threads) rest(worker, thread);
    else await Promise.all(threads.map((thread) => thread.terminate()));
  }
}

/** Keeps a thread for the next pool with this worker, until it ends. */
function rest(worker: string, thread: Worker): void {
  const others = resting.get(worker) ?? [];
  resting.set(worker, [...others, thread]);
  release(thread);
  const leave = () => {
    const left = resting.get(worker)!.filter((other) => other !== thread);
    resting.set(worker, left);
  };
  thread.on("error", leave).on("exit", leave);
  thread.unref();
}

/** Not all listeners at once: Node has its own, which hold the thread's channel open. */
function release(thread: Worker): void {
  for (const event of ["message", "error", "exit"]) thread.removeAllListeners(event);
}

/** The script of a thread: loads the bundle's worker, or the TypeScript source through tsx. */
function bootstrap(worker: string): string {
  const root = projectRoot();
  const file = isBundle()
    ? join(root, "dist", `${worker.replaceAll("/", "-")}.cjs`)
    : join(root, "lib", `${worker}.ts`);
  return `
    const { createRequire } = require("node:module");
    const { parentPort } = require("node:worker_threads");
    const load = createRequire(${JSON.stringify(join(root, "package.json"))});
    ${isBundle() ? "" : 'load("tsx/cjs");'}
    const { handle } = load(${JSON.stringify(file)});
    parentPort.on("message", async ({ index, task }) => {
      try {
        const { result, transfer } = await handle(task);
        parentPort.postMessage({ index, result }, transfer ?? []);
      } catch (error) {
        parentPort.postMessage({ index, error, user: typeof error?.exitCode === "number" });
      }
    });`;
}
