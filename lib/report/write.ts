import type { Entry } from "../analysis/entries.js";
import { sidesOf } from "../analysis/matrix.js";
import type { ProtocolResults } from "../analysis/protocol-results.js";
import type { Results } from "../analysis/results.js";
import type { RecordedExperiment } from "../experiments/known.js";
import { crossCorpusBlocks, leakageBlocks } from "./across.js";
import { closingBlocks } from "./closing.js";
import type { Block } from "./document.js";
import { methodBlocks } from "./methods.js";
import { notesOf } from "./overview.js";
import { pairBlocks } from "./pairs.js";
import { protocolBlocks } from "./protocol.js";
import { resultBlocks } from "./results.js";
import { shortcutBlocks } from "./shortcut.js";
import { paragraph } from "./words.js";

/**
 * A report as a document: what came out, then comparisons, then each protocol, then how it was made and how to make it again.
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
    ...(results.description ? [paragraph(results.description)] : []),
    ...resultBlocks(results),
    ...notesOf(results, experiment),
    ...shortcutBlocks(results),
    ...leakageBlocks(results),
    ...crossCorpusBlocks(results, across),
    ...pairBlocks(within),
    ...within.flatMap((protocol) => protocolBlocks(protocol, entriesIn(entries, protocol), results)),
    ...methodBlocks(results),
    ...closingBlocks(results, experiment),
  ];
}

function entriesIn(entries: readonly Entry[], { protocol }: ProtocolResults): Entry[] {
  return entries.filter((entry) => entry.protocol === protocol);
}
