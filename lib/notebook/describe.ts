import { basename, relative } from "node:path";
import { duration } from "../base/progress.js";
import type { NotebookReport } from "./run.js";
import type { CellFailure } from "./session.js";

/** The result of a notebook for a terminal: one line, followed by the error that stopped it. */
export function describeReport(report: NotebookReport): string {
  const { path, written, seconds, cells, bytes, failure } = report;
  const place = relative(process.cwd(), written) || written;
  const what = failure ? `FAILED in cell ${failure.cell}` : `${cells} cells`;
  const line = `${basename(path, ".ipynb")}: ${what}, ${duration(seconds)}, ${size(bytes)} -> ${place}`;
  if (!failure) return line;
  const details = OWN.includes(failure.ename) ? [failure.evalue] : tracebackOf(failure);
  return [line, ...details.slice(0, 20).map((text) => `  ${text}`)].join("\n");
}

/** Errors of the workbench whose message says what to do, so that no trace is needed. */
const OWN = ["UserError", "UsageError", "Interrupted"];

function tracebackOf({ traceback, ename, evalue }: CellFailure): readonly string[] {
  return traceback.length > 0 ? traceback : [`${ename}: ${evalue}`];
}

/** A size in bytes as text: "12 kB", "1.3 MB". */
export function size(bytes: number): string {
  return bytes < 1e6 ? `${Math.ceil(bytes / 1e3)} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}
