import { methodOf } from "../analysis/entries.js";
import { sidesOf } from "../analysis/matrix.js";
import type { EntryResults, ProtocolResults } from "../analysis/protocol-results.js";
import type { Results } from "../analysis/results.js";
import { groupBy } from "../base/group.js";
import { capital, plural, thousands } from "../base/text.js";
import { withInterval } from "../evaluation/interval.js";
import type { RecordedExperiment } from "../experiments/known.js";
import { apartText } from "../protocols/groups.js";
import { augmentationText, featuresText, trainingText } from "../runs/settings-text.js";
import type { Block, TableBlock, Text } from "./document.js";
import { bestOf, bold, labelText, left, marks, nameOf, right, warning } from "./words.js";

/** The size of the experiment, warnings, and the main figures. */
export function opening(results: Results, experiment: RecordedExperiment): Block[] {
  const { description, runs, score } = results;
  const open = experiment.planned.length - runs - results.failures.length;
  const seeds = results.seeds.length === 1 ? `seed ${results.seeds[0]}` : `seeds ${results.seeds.join(", ")}`;
  const blocks: Block[] = [];
  if (description) blocks.push({ kind: "paragraph", text: description });
  blocks.push({
    kind: "paragraph",
    text: `${plural(runs, "run")} under ${plural(results.protocols.length, "protocol")}, ${seeds}. Figures are of the ${score} part. Epochs, temperatures and thresholds were chosen on validation.`,
  });
  blocks.push({ kind: "paragraph", text: readingsText(results) });
  if (results.synthetic)
    blocks.push(
      warning(
        "SYNTHETIC: runs of this experiment were made from synthetic voices. What is marked so says nothing of real ones.",
      ),
    );
  if (results.protocols.some(({ leaky }) => leaky))
    blocks.push(
      warning(
        "LEAKY protocols are part of this experiment, to show what leakage pretends. What is marked so is no result.",
      ),
    );
  const confounded = results.protocols.filter(({ text, leaky }) => text?.confounded && !leaky);
  if (confounded.length > 0)
    blocks.push(
      warning(
        "TEXT-CONFOUNDED: under protocols that are marked so, the sentence alone tells the emotion better than chance. A network that hears words may look good there without hearing any emotion.",
      ),
    );
  if (transductive(results))
    blocks.push(
      warning(
        "TRANSDUCTIVE: some networks were normalised with each speaker's own other clips, those of the test speakers too. They are marked.",
      ),
    );
  if (results.failures.length > 0)
    blocks.push(warning(`${plural(results.failures.length, "run")} failed; see Failures.`));
  if (open > 0)
    blocks.push(warning(`${plural(open, "run")} of the grid ${open === 1 ? "is" : "are"} yet to be done.`));
  const headline = headlineTable(results);
  return headline ? [...blocks, headline] : blocks;
}

/** How often test parts were read, and how that was counted. */
function readingsText({ readings }: Results): string {
  const { total, shown, notShown, beforeLedger, byHand, synthetic, leaky } = readings;
  if (total + synthetic + leaky === 0) return "No test part was read.";
  const times = (count: number) => (count === 1 ? "once" : plural(count, "time"));
  const by =
    notShown === 0
      ? ", by the runs shown here."
      : `: ${times(shown)} by the runs shown here, ${times(notShown)} by runs that are not shown (any more).`;
  const counted = beforeLedger - byHand;
  const sources = [
    ...(total > beforeLedger ? [`${total - beforeLedger} are in the ledger`] : []),
    ...(counted > 0 ? [`${counted} were counted before there was a ledger`] : []),
    ...(byHand > 0 ? [`${byHand} are written down by hand`] : []),
  ];
  const apart = [
    ...(leaky > 0 ? [`${times(leaky)} under leaky protocols`] : []),
    ...(synthetic > 0 ? [`${times(synthetic)} on synthetic voices`] : []),
  ];
  return [
    `Test parts were read ${times(total)}${total > 0 ? by : "."}`,
    ...(beforeLedger > 0 ? [`Of these readings ${sources.join(", ")}.`] : []),
    ...(apart.length > 0 ? [`Counted apart: ${apart.join(", ")}.`] : []),
  ].join(" ");
}

function transductive(results: Results): boolean {
  return results.protocols.some(({ entries }) => entries.some((entry) => entry.transductive));
}

/** UAR of every model under every protocol. */
function headlineTable(results: Results): TableBlock | undefined {
  const within = results.protocols.filter(({ protocol }) => !sidesOf(protocol));
  const labels = [...new Set(within.flatMap(({ entries }) => entries.map(({ label }) => label)))];
  if (within.length === 0 || labels.length > 8) return undefined;
  return {
    kind: "table",
    caption: `UAR in % on the ${results.score} part, with 95 % intervals over speakers where there are enough${marks({ leaky: false, synthetic: results.synthetic })}`,
    columns: [left("protocol"), right("classes"), right("speakers"), ...labels.map(right)],
    rows: within.map((protocol) => {
      const scored = protocol.entries.map((entry) => ({ label: entry.label, scores: entry[results.score] }));
      const some = scored.find(({ scores }) => scores)?.scores;
      const best = bestOf(scored.map(({ scores }) => scores?.uar.estimate));
      return [
        nameOf(protocol),
        String(some?.classesInTruth.length ?? ""),
        String(some?.speakers ?? ""),
        ...labels.map((label): Text => {
          const at = scored.findIndex((one) => one.label === label);
          const uar = scored[at]?.scores?.uar;
          return uar ? bold(withInterval(uar), at === best) : "–";
        }),
      ];
    }),
  };
}

/** Protocols, models with their settings, engines. */
export function whatWasRun(results: Results): Block[] {
  const networks = new Map<string, Network>();
  for (const { protocol, entries } of results.protocols) {
    for (const entry of entries) {
      const method = methodOf(entry.settings);
      const network = networks.get(method) ?? { entry, protocols: [] };
      network.protocols.push(protocol);
      networks.set(method, network);
    }
  }
  return [
    { kind: "heading", level: 2, text: "What was run" },
    {
      kind: "table",
      caption: "Protocols",
      columns: [
        left("protocol"),
        left("source"),
        left("apart in test"),
        left("validation apart from training"),
        left("classes"),
        left("clips: train / validation / test, a fold"),
      ],
      rows: results.protocols.map((protocol) => [
        nameOf(protocol),
        protocol.source,
        protocol.leaky ? { strong: "nothing (leaky)" } : apartText(protocol.apart),
        protocol.leaky
          ? { strong: "nothing (leaky)" }
          : apartText(protocol.validationApart, protocol.validationApartIn),
        `${protocol.classes.length}: ${protocol.classes.join(", ")}`,
        foldSizes(protocol),
      ]),
    },
    ...networkBlocks(results, [...networks.values()]),
  ];
}

interface Network {
  entry: EntryResults;
  /** Protocols under which it was trained in this way. */
  protocols: string[];
}

/**
 * Settings that all models share are listed once; the table has those that differ, with the protocols if a model was trained
 * differently under several.
 */
function networkBlocks(results: Results, networks: readonly Network[]): Block[] {
  const columns = [
    { title: "features", of: ({ features }: EntryResults["settings"]) => featuresText(features) },
    { title: "training", of: trainingText },
    {
      title: "augmentation",
      of: ({ training }: EntryResults["settings"]) => augmentationText(training.augmentation),
    },
  ].map((column) => ({ ...column, texts: networks.map(({ entry }) => column.of(entry.settings)) }));
  const [same, differing] = [true, false].map((common) =>
    columns.filter(({ texts }) => (new Set(texts).size === 1) === common),
  ) as [typeof columns, typeof columns];
  const labels = networks.map(({ entry }) => labelText(entry));
  const ambiguous = new Set(labels).size < labels.length;
  const table: Block = {
    kind: "table",
    caption: "Networks",
    columns: [
      left("network"),
      right("parameters"),
      ...differing.map(({ title }) => left(title)),
      ...(ambiguous ? [left("under")] : []),
    ],
    rows: networks.map(({ entry, protocols }, i) => [
      labels[i]!,
      parametersText(results, entry),
      ...differing.map(({ texts }) => texts[i]!),
      ...(ambiguous ? [familiesOf(protocols).join(", ")] : []),
    ]),
  };
  const items = [
    ...same.map(({ title, texts }): Text => [{ strong: capital(title) }, `: ${texts[0]}.`]),
    ...(results.encoders ?? []).map(
      ({ name, digest, parameters, licence, source }): Text => [
        { strong: "Encoder" },
        `: ${name}, ${thousands(parameters)} parameters, licence ${licence}, ${source}; SHA-256 of its tensors `,
        { code: digest },
        ".",
      ],
    ),
    ...results.engines.map(
      ({ engine, runs }): Text => [{ strong: "Engine" }, `: ${engine}, ${plural(runs, "run")}.`],
    ),
    ...results.environments.map(
      ({ environment, runs }): Text => [{ strong: "Machine" }, `: ${environment}, ${plural(runs, "run")}.`],
    ),
  ];
  return [table, { kind: "list", items }];
}

/** The number of parameters depends on the number of classes. */
function parametersText({ protocols }: Results, entry: EntryResults): string {
  const all = protocols
    .flatMap(({ entries }) => entries)
    .filter((other) => methodOf(other.settings) === methodOf(entry.settings))
    .map(({ parameters }) => parameters);
  const [least, most] = [Math.min(...all), Math.max(...all)];
  return least === most ? thousands(least) : `${thousands(least)} to ${thousands(most)}`;
}

/** "cross-corpus/..." for a family of protocols. */
function familiesOf(protocols: readonly string[]): string[] {
  const families = groupBy(protocols, (protocol) => protocol.slice(0, protocol.indexOf("/")));
  return [...families].flatMap(([family, own]) => (own.length > 4 ? [`${family}/...`] : own));
}

function foldSizes({ folds }: ProtocolResults): string {
  const texts = folds.map(({ train, validation, test }) => `${train} / ${validation} / ${test}`);
  return [...new Set(texts)].length === 1 && texts.length > 1
    ? `${texts.length} × ${texts[0]}`
    : texts.join("; ");
}

/** Explains the measures and intervals. */
export function howToRead(results: Results): Block[] {
  const entries = results.protocols.flatMap((protocol) => protocol.entries);
  const items: Text[] = [
    [
      { strong: "UAR" },
      ", unweighted average recall: the mean recall over the classes that occur in the truth. Their number is stated; chance is 1 over it. Accuracy, macro F1 (over all classes of the protocol), Cohen's kappa, AUC (one class against the rest, mean), ECE (10 bins) and Brier score (summed over classes, 0 to 2), both before → after temperature scaling fitted on validation, stand beside it.",
    ],
    "Folds are pooled into one set of predictions a seed; a figure is the mean over seeds. Seeds together: the UAR of the mean of their calibrated probabilities.",
    "Intervals are 95 %, by BCa bootstrap over speakers: they say how much the figure may differ for other speakers of the same kind. With fewer than 8 speakers there is none, and each speaker's own value is given.",
    ...(entries.some(({ label }) => label.includes(","))
      ? [
          "A network's name is followed by the settings that set it apart. What more than half of its kind have is not said, and plain is one that has nothing else; the table of networks has everything.",
        ]
      : []),
    ...(entries.some(({ settings }) => settings.training.refit)
      ? [
          "Refit: once validation had chosen, the network was trained once more from the start, on the training and the validation part, for all epochs; that is what was tested. Validation figures and temperatures are those of the first training.",
        ]
      : []),
    "Pairs are tested by a permutation test clustered by speaker, corrected by Holm over all pairs of the table. McNemar's p takes clips as independent, which they are not: it is only descriptive.",
    ...(results.protocols.some(({ text }) => text)
      ? [
          "Sentence alone: of each test clip the label that its sentence has among the fold's other clips, counts weighted by the inverse of each class's share; a sentence that was never heard has the most frequent class. It needs no sound, so no test part is read. Where it is more than five points above chance, and labels shuffled among each speaker's clips are told so well in less than one of twenty cases, the protocol is marked TEXT-CONFOUNDED.",
        ]
      : []),
    "Bold is the best of its column. Whether that is more than chance, the pairs say, not the bold type.",
  ];
  if (results.protocols.some(({ listeners }) => listeners))
    items.push(
      "Listeners: what people reached on the same speakers' clips by voice alone, from CREMA-D's published ratings, by two measures that must not be mixed: every single rating as an answer, and the vote of all listeners of a clip (a tie of k emotions counts 1/k).",
    );
  return [
    { kind: "heading", level: 2, text: "How to read the figures" },
    { kind: "list", items },
  ];
}
