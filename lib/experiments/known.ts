import type { StoredRun } from "../runs/record.js";
import type { Grid } from "./grid.js";
import type { Readings } from "./readings.js";

/** A run that ended with an error. */
export interface Failure {
  name: string;
  protocol: string;
  fold: string;
  model: string;
  seed: number;
  error: string;
}

/** All that is known of an experiment. */
export interface RecordedExperiment {
  name: string;
  grid: Grid;
  /** The names of all runs of the grid, sorted; those that are neither in `runs` nor in `failures` are yet to be done. */
  planned: string[];
  /** Sorted by name. */
  runs: StoredRun[];
  failures: Failure[];
  /** Of test parts. */
  readings: Readings;
}
