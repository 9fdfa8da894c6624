import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { ASK, HEARD, type InterruptMessage, STATE, State, TOLD } from "./presses.js";

/**
 * Interrupts that no cell can miss or block. Signals are not enough: Node handles them only between two turns of its event
 * loop, so not in `await step(); for (;;) {}`; its `breakOnSigint` covers a script up to its first await and drops a signal
 * that arrives as that ends. So a second thread receives interrupts (from the process of {@link superviseKernel}) and passes
 * them on. A waiting cell ends at once. A computing cell, in its own code or the library's, is ended by the inspector if it
 * has not reacted after half a second; a call into native code ends once it returns.
 *
 * Interrupts and cells arrive on different channels, and either may be late. So the process that receives the signals is asked
 * before each cell: it answers once it has passed on all earlier ones, which belong to no cell or to one that has ended.
 *
 * The inspector unwinds the stack without `catch` and `finally`, which breaks Node's tracking of asynchronous calls. With
 * `--no-force-async-hooks-checks` Node continues; if a cell has used AsyncLocalStorage or async_hooks, the process ends and
 * Jupyter restarts the kernel.
 */
export class Interrupts {
  readonly #shared = new Int32Array(new SharedArrayBuffer(12));
  readonly #worker: Worker;
  readonly #asking: (() => void)[] = [];
  #answers = 0;

  /** @param onInterrupt ends the cell; `ended`: its computation was terminated already, with everything awaiting it */
  constructor(root: string, onInterrupt: (ended: boolean) => void) {
    const file = join(root, "dist", "notebook-interrupt.worker.cjs");
    this.#worker = new Worker(file, { workerData: this.#shared });
    this.#worker.on("message", ({ kind, number, answers }: InterruptMessage) => {
      this.#heard(number);
      if (kind !== "answer") onInterrupt(kind === "ended");
      for (; this.#answers < answers; this.#answers++) this.#asking.shift()?.();
    });
    this.#worker.unref();
  }

  /** Waits until every earlier interrupt has been received. */
  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      this.#asking.push(resolve);
      this.#worker.postMessage(ASK);
    });
  }

  /** Runs something that must not be interrupted, since that would corrupt the compiler's state. */
  shield<T>(action: () => T): T {
    let before: number;
    do before = Atomics.compareExchange(this.#shared, STATE, State.Open, State.Shielded);
    while (before === State.Ending);
    try {
      return action();
    } finally {
      Atomics.store(this.#shared, STATE, before);
    }
  }

  /** Called when a cell is over: earlier interrupts were meant for it and must not end what follows, such as its reply. */
  absorb(): void {
    this.#heard(Atomics.load(this.#shared, TOLD));
  }

  /** Marks a message as received. A termination that has already begun ends this call. */
  #heard(number: number): void {
    // Marked first, so that no further termination begins if this one ends here.
    if (number > Atomics.load(this.#shared, HEARD)) Atomics.store(this.#shared, HEARD, number);
    while (Atomics.load(this.#shared, STATE) === State.Ending) {
      // Ended by the inspector, or by the other thread when there is nothing to terminate.
    }
  }
}
