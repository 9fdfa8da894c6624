import { runCells } from "./child.js";

// The process that runs the cells of one notebook, read from standard input.
runCells();
