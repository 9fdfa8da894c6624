import { Session } from "node:inspector";
import { Socket } from "node:net";
import { parentPort, workerData } from "node:worker_threads";
import { HEARD, type InterruptMessage, PRESSES_FD, STATE, State } from "./interrupts.js";

/** How long the main thread may take to hear of an interrupt by itself. */
const PATIENCE_MS = 500;

const shared: Int32Array = workerData;
let watching: NodeJS.Timeout | undefined;
/** Messages to the main thread, which counts those that it hears. */
let told = 0;

new Socket({ fd: PRESSES_FD, readable: true })
  .on("data", press)
  // Whoever started the kernel is gone: so is this process, even one that computes and hears nothing.
  .on("close", () => process.kill(process.pid, "SIGKILL"))
  .on("error", () => {});

function press(): void {
  tell("press");
  // Each press has its own patience: one that comes soon after another may meet a thread that no longer hears.
  clearInterval(watching);
  watching = setInterval(() => {
    const heard = Atomics.load(shared, HEARD) >= told;
    const deaf = !heard && Atomics.compareExchange(shared, STATE, State.Open, State.Ending) === State.Open;
    if (!heard && !deaf) return;
    clearInterval(watching);
    if (deaf) endComputing();
  }, PATIENCE_MS);
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

function tell(message: InterruptMessage): void {
  told++;
  parentPort!.postMessage(message);
}
