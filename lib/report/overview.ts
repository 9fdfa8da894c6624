import type { Results } from "../analysis/results.js";
import { plural } from "../base/text.js";
import type { RecordedExperiment } from "../experiments/known.js";
import type { Block } from "./document.js";
import { namesIn, paragraph, warning } from "./words.js";

/** The size of the experiment, and what must be known of its figures. */
export function notesOf(results: Results, experiment: RecordedExperiment): Block[] {
  const { runs, score, failures } = results;
  const open = experiment.planned.length - runs - failures.length;
  const seeds = results.seeds.length === 1 ? `seed ${results.seeds[0]}` : `seeds ${results.seeds.join(", ")}`;
  const incomplete = results.protocols.flatMap((protocol) =>
    protocol.entries.flatMap(({ label, missing }) =>
      missing ? [`${namesIn(protocol).get(label)} under ${protocol.protocol} (${missing})`] : [],
    ),
  );
  return [
    paragraph(
      `${plural(runs, "run")} under ${plural(results.protocols.length, "protocol")}, ${seeds}. Figures are of the ${score} part. Epochs, temperatures and thresholds were chosen on validation. Methods, at the end, has the protocols, all settings and what the figures mean.`,
    ),
    ...markNotes(results),
    ...(failures.length > 0 ? [warning(`${plural(failures.length, "run")} failed; see Failures.`)] : []),
    ...(open > 0
      ? [warning(`${plural(open, "run")} of the grid ${open === 1 ? "is" : "are"} yet to be done.`)]
      : []),
    ...(incomplete.length > 0 ? [warning(`Incomplete: ${incomplete.join("; ")}.`)] : []),
  ];
}

/** What the marks mean that occur. */
function markNotes(results: Results): Block[] {
  const { protocols, synthetic } = results;
  const notes: [boolean, string][] = [
    [
      synthetic,
      "SYNTHETIC: runs of this experiment were made from synthetic voices. What is marked so says nothing of real ones.",
    ],
    [
      protocols.some(({ leaky }) => leaky),
      "LEAKY protocols are part of this experiment, to show what leakage pretends. What is marked so is no result.",
    ],
    [
      protocols.some(({ text, leaky }) => text?.confounded && !leaky),
      "TEXT-CONFOUNDED: under protocols that are marked so, the sentence alone tells the emotion better than chance. A network that hears words may look good there without hearing any emotion.",
    ],
    [
      protocols.some(({ entries }) => entries.some((entry) => entry.transductive)),
      "TRANSDUCTIVE: some networks were normalised with each speaker's own other clips, those of the test speakers too. They are marked.",
    ],
  ];
  return notes.flatMap(([is, text]) => (is ? [warning(text)] : []));
}
