import type { Clip } from "../corpora/clip.js";
import type { EngineName } from "../engine/trainer.js";
import type { Grid } from "./grid.js";

/** The task of a process: the first message that it gets. */
export interface Job {
  grid: Grid;
  clips: readonly Clip[];
  /** The emotions that most listeners perceived, by clip id. */
  perceived?: [string, Clip["emotion"]][];
  /** Folder of the store. */
  store: string;
  /** Names of the runs. */
  runs: string[];
  /** Where the tables of features are, by digest. */
  tables?: [string, string][];
  engine?: EngineName;
  threads: number;
  /** The user's command, for the ledger. */
  command: string;
}

/** The message that a process stops at, after its checkpoint. */
export const STOP = "stop";
