// What the threads and processes that pass an interrupt on to a cell say to one another.

/** The file descriptor of the kernel's process on which a byte arrives for each interrupt. */
export const PRESSES_FD = 3;

/** Places in the memory that the kernel's thread and the one that hears interrupts share: what may be done to the former ... */
export const STATE = 0;
/** ... the number of the last message from that one which the former has heard or need not hear ... */
export const HEARD = 1;
/** ... and of the last that was sent. */
export const TOLD = 2;

export const State = { Open: 0, Shielded: 1, Ending: 2 } as const;

/** What the process that passes interrupts on sends for each. */
export const PRESS = "i";
/** What it is asked, and its answer when all interrupts before the question are sent. */
export const ASK = "?";
export const ANSWER = "!";

/** An interrupt was asked for; the computing that did not hear of it was ended; a question was answered. */
export interface InterruptMessage {
  kind: "press" | "ended" | "answer";
  /** From 1. */
  number: number;
  /** How many questions were answered until now: a message may be lost with what is ended, and the next one makes up for it. */
  answers: number;
}
