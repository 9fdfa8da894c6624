import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { ASK, HEARD, type InterruptMessage, STATE, State, TOLD } from "./presses.js";

/**
 * Interrupts that no cell can miss or refuse. Signals will not do: Node hears of them between two turns of its event loop
 * only, so not in `await step(); for (;;) {}`; its own `breakOnSigint` covers a script up to its first await and drops a
 * signal that comes as that ends. So a second thread hears of interrupts (from the process that {@link superviseKernel}
 * describes) and passes them on. A cell that waits ends at once. One that computes, in its own code or the library's, is
 * ended by the inspector when half a second later nothing was heard; a call into native code once it returns.
 *
 * Interrupts and cells come by different ways, and either may be late. So the process that hears the signals is asked before
 * each cell: it answers when it has passed on all that came before, which are of no cell or of one that has ended.
 *
 * The inspector unwinds the stack without `catch` and `finally`, and Node's bookkeeping of asynchronous calls does not
 * foresee that. With `--no-force-async-hooks-checks` it goes on; where a cell has used AsyncLocalStorage or async_hooks it
 * ends the process, and Jupyter starts the kernel anew.
 */
export class Interrupts {
  readonly #shared = new Int32Array(new SharedArrayBuffer(12));
  readonly #worker: Worker;
  readonly #asking: (() => void)[] = [];
  #answers = 0;

  /** @param onInterrupt ends the cell; `ended`: what it computed is gone already, with all that waited for it */
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

  /** Waits until every interrupt asked for before this call has been heard. */
  caughtUp(): Promise<void> {
    return new Promise((resolve) => {
      this.#asking.push(resolve);
      this.#worker.postMessage(ASK);
    });
  }

  /** Does something that must not be ended: what the compiler knows would be lost with it. */
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

  /** A cell is over: the interrupts until now were its own, and none of them may end what comes next, its answer for one. */
  absorb(): void {
    this.#heard(Atomics.load(this.#shared, TOLD));
  }

  /** Where an end is under way already, it hits this. */
  #heard(number: number): void {
    // First: what is ended here has heard nevertheless, and no further end begins.
    if (number > Atomics.load(this.#shared, HEARD)) Atomics.store(this.#shared, HEARD, number);
    while (Atomics.load(this.#shared, STATE) === State.Ending) {
      // The inspector ends this loop, or the other thread sees that there is nothing to end.
    }
  }
}
