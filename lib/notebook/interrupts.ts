import { join } from "node:path";
import { Worker } from "node:worker_threads";

/** The file descriptor of the kernel's process on which a byte arrives for each interrupt. */
export const PRESSES_FD = 3;

/** Places in the memory that the kernel's thread and the one that hears interrupts share: what may be done to the former ... */
export const STATE = 0;
/** ... and how many interrupts it has heard of. */
export const HEARD = 1;

export const State = { Open: 0, Shielded: 1, Ending: 2 } as const;

/** An interrupt was asked for; the computing that did not hear of it was ended. */
export type InterruptMessage = "press" | "ended";

/**
 * Interrupts that no cell can miss or refuse. Signals will not do: Node hears of them between two turns of its event loop
 * only, so not in `await step(); for (;;) {}`; its own `breakOnSigint` covers a script up to its first await and drops a
 * signal that comes as that ends. So a second thread hears of interrupts (from the process that {@link superviseKernel}
 * describes) and passes them on. A cell that waits ends at once. One that computes, in its own code or the library's, is
 * ended by the inspector when half a second later nothing was heard; a call into native code once it returns.
 *
 * The inspector unwinds the stack without `catch` and `finally`, and Node's bookkeeping of asynchronous calls does not
 * foresee that. With `--no-force-async-hooks-checks` it goes on; where a cell has used AsyncLocalStorage or async_hooks it
 * ends the process, and Jupyter starts the kernel anew.
 */
export class Interrupts {
  readonly #shared = new Int32Array(new SharedArrayBuffer(8));

  /** @param onInterrupt ends the cell; `ended`: what it computed is gone already, with all that waited for it */
  constructor(root: string, onInterrupt: (ended: boolean) => void) {
    const file = join(root, "dist", "notebook-interrupt.worker.cjs");
    const worker = new Worker(file, { workerData: this.#shared });
    worker.on("message", (message: InterruptMessage) => {
      this.absorb();
      Atomics.add(this.#shared, HEARD, 1);
      onInterrupt(message === "ended");
    });
    worker.unref();
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

  /** Where an end is under way already, it must hit this and not what comes next: a cell's answer, for one. */
  absorb(): void {
    while (Atomics.load(this.#shared, STATE) === State.Ending) {
      // The inspector ends this loop.
    }
  }
}
