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

/** How long the main thread may take to notice an interrupt by itself. */
const PATIENCE_MS = 500;
/** CPU time that a thread stuck in a computation uses at least in that time. On a busy machine a waiting thread uses less. */
const COMPUTED_MS = 400;
/** Limit for a thread that neither reacts nor computes, as in `Atomics.wait`. */
const LAST_PATIENCE_MS = 5000;

const shared: Int32Array = workerData;
let watching: NodeJS.Timeout | undefined;
let answers = 0;

const presses = new Socket({ fd: PRESSES_FD, readable: true, writable: true })
  .on("data", hear)
  // The supervisor is gone: end this process, even if it is stuck in a computation.
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
  // Each interrupt starts its own wait: the thread may have become stuck since the previous one.
  clearInterval(watching);
  watching = setInterval(() => {
    const heard = () => Atomics.load(shared, HEARD) >= number;
    if (!heard()) {
      if (!patienceEnds(start, before)) return;
      if (Atomics.compareExchange(shared, STATE, State.Open, State.Ending) !== State.Open) return;
    }
    clearInterval(watching);
    // Checked again: in state Ending, a thread that notices the interrupt waits for the outcome.
    if (heard()) Atomics.compareExchange(shared, STATE, State.Ending, State.Open);
    else endComputing();
  }, PATIENCE_MS);
}

function patienceEnds(start: number, before: NodeJS.CpuUsage): boolean {
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000 >= COMPUTED_MS || performance.now() - start >= LAST_PATIENCE_MS;
}

/** Terminates the main thread's current execution through the inspector: nothing else reaches a thread that is stuck. */
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
