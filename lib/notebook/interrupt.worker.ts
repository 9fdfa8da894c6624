import { Session } from "node:inspector";
import { Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import {
  ANSWER,
  ASK,
  HEARD,
  type InterruptMessage,
  PRESS,
  PRESSES_FD,
  STATE,
  State,
  TOLD,
} from "./presses.js";

/** How long the main thread may take to hear of an interrupt by itself. */
const PATIENCE_MS = 500;
/** What it computes in that time at least when it does not hear. One that waits for its turn on a busy machine computes less. */
const COMPUTED_MS = 400;
/** It may also be deaf and compute nothing, as in `Atomics.wait`. */
const LAST_PATIENCE_MS = 5000;

const shared: Int32Array = workerData;
let watching: NodeJS.Timeout | undefined;
let answers = 0;

const presses = new Socket({ fd: PRESSES_FD, readable: true, writable: true })
  .on("data", hear)
  // Whoever started the kernel is gone: so is this process, even one that computes and hears nothing.
  .on("close", () => process.kill(process.pid, "SIGKILL"))
  .on("error", () => {});
parentPort!.on("message", () => presses.write(ASK));

function hear(bytes: Buffer): void {
  for (const byte of bytes.toString()) {
    if (byte === PRESS) press();
    if (byte !== ANSWER) continue;
    answers++;
    tell("answer");
  }
}

function press(): void {
  tell("press");
  const number = Atomics.load(shared, TOLD);
  const start = performance.now();
  const before = process.cpuUsage();
  // Each press has its own patience: one that comes soon after another may meet a thread that no longer hears.
  clearInterval(watching);
  watching = setInterval(() => {
    const heard = () => Atomics.load(shared, HEARD) >= number;
    if (!heard()) {
      if (!patienceEnds(start, before)) return;
      if (Atomics.compareExchange(shared, STATE, State.Open, State.Ending) !== State.Open) return;
    }
    clearInterval(watching);
    // Again: from here on a thread that hears waits for what happens to it.
    if (heard()) Atomics.compareExchange(shared, STATE, State.Ending, State.Open);
    else endComputing();
  }, PATIENCE_MS);
}

function patienceEnds(start: number, before: NodeJS.CpuUsage): boolean {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 >= COMPUTED_MS || performance.now() - start >= LAST_PATIENCE_MS;
}

/** Ends what the main thread's stack holds, by the inspector: it alone reaches a thread that does not let go. */
function endComputing(): void {
  const inspector = new Session();
  inspector.connectToMainThread();
  inspector.post("Runtime.terminateExecution", () => {
    inspector.disconnect();
    Atomics.store(shared, STATE, State.Open);
    tell("ended");
  });
}

function tell(kind: InterruptMessage["kind"]): void {
  const number = Atomics.add(shared, TOLD, 1) + 1;
  const message: InterruptMessage = { kind, number, answers };
  parentPort!.postMessage(message);
}
