import type { StoredRun } from "../runs/record.js";
import type { Grid } from "./grid.js";
import type { Readings } from "./readings.js";

/** A run that ended with an error. */
export interface Failure {
  /** Name of the run. */
  name: string;
  /** `name@version`. */
  protocol: string;
  fold: string;
  model: string;
  seed: number;
  error: string;
}

/** An experiment with its finished and failed runs. */
export interface RecordedExperiment {
  name: string;
  grid: Grid;
  /** The names of all runs of the grid, sorted; those neither in `runs` nor in `failures` are still to be trained. */
  planned: string[];
  /** Sorted by name. */
  runs: StoredRun[];
  failures: Failure[];
  /** Readings of test parts. */
  readings: Readings;
}

/** An experiment whose runs are read one by one, in the order of their names, each time that they are asked for. */
export interface OpenExperiment extends Omit<RecordedExperiment, "runs"> {
  runs: Iterable<StoredRun> | AsyncIterable<StoredRun>;
}
