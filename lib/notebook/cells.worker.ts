import { runCells } from "./child.js";

// The process that runs one notebook's cells, which it is given on standard input.
runCells();
