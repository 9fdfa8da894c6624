// The messages between the threads and processes that pass an interrupt on to a cell.

/** The file descriptor of the kernel's process on which a byte arrives for each interrupt. */
export const PRESSES_FD = 3;

/** Index in the memory shared by the main thread and the interrupt thread: the {@link State} of the main thread. */
export const STATE = 0;
/** Index of the number of the last message that the main thread has received or may ignore. */
export const HEARD = 1;
/** Index of the number of the last message sent to it. */
export const TOLD = 2;

/** Whether the main thread may be terminated, may not, or is being terminated. */
export const State = { Open: 0, Shielded: 1, Ending: 2 } as const;

/** Sent by the supervising process for each interrupt. */
export const PRESS = "i";
/** Asks the supervising process whether all earlier interrupts are sent. */
export const ASK = "?";
/** Its answer once they are. */
export const ANSWER = "!";

/** `press`: an interrupt arrived. `ended`: a computation that did not react was terminated. `answer`: a question was answered. */
export interface InterruptMessage {
  kind: "press" | "ended" | "answer";
  /** From 1. */
  number: number;
  /** Number of questions answered so far: a message may be lost in a termination, and the next one makes up for it. */
  answers: number;
}
