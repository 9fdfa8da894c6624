import type { Entry } from "../analysis/entries.js";
import { sidesOf } from "../analysis/matrix.js";
import type { ProtocolResults } from "../analysis/protocol-results.js";
import type { Results } from "../analysis/results.js";
import type { RecordedExperiment } from "../experiments/known.js";
import { crossCorpusBlocks, leakageBlocks } from "./across.js";
import { closingBlocks } from "./closing.js";
import type { Block } from "./document.js";
import { howToRead, opening, whatWasRun } from "./overview.js";
import { protocolBlocks } from "./protocol.js";
import { shortcutBlocks } from "./shortcut.js";

/**
 * A report as a document: the runs, their results with intervals, and how to reproduce them.
 *
 * @param experiment the recorded runs
 * @param entries of these runs, for the figures
 * @param results of these runs
 */
export function documentOf(
  experiment: RecordedExperiment,
  entries: readonly Entry[],
  results: Results,
): Block[] {
  const within = results.protocols.filter(({ protocol }) => !sidesOf(protocol));
  const across = results.protocols.filter(({ protocol }) => sidesOf(protocol));
  return [
    { kind: "heading", level: 1, text: `Experiment ${results.experiment}` },
    ...opening(results, experiment),
    ...whatWasRun(results),
    ...howToRead(results),
    ...shortcutBlocks(results),
    ...within.flatMap((protocol) => protocolBlocks(protocol, entriesIn(entries, protocol), results)),
    ...crossCorpusBlocks(results, across),
    ...leakageBlocks(results),
    ...closingBlocks(results, experiment),
  ];
}

function entriesIn(entries: readonly Entry[], { protocol }: ProtocolResults): Entry[] {
  return entries.filter((entry) => entry.protocol === protocol);
}
