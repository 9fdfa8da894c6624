import { methodOf } from "../analysis/entries.js";
import type { EntryResults, ProtocolResults } from "../analysis/protocol-results.js";
import type { Results } from "../analysis/results.js";
import { groupBy } from "../base/group.js";
import { capital, plural, thousands } from "../base/text.js";
import { apartText } from "../protocols/groups.js";
import { augmentationText, featuresText, trainingText } from "../runs/settings-text.js";
import type { Block, Text } from "./document.js";
import { heading, left, modelName, nameOf, paragraph, right } from "./words.js";

/** Protocols, models with their settings, machines, the meaning of the figures, readings of test parts. */
export function methodBlocks(results: Results): Block[] {
  return [
    heading("Methods"),
    heading("Protocols", 3),
    ...protocolTables(results),
    heading("Networks and their settings", 3),
    ...networkBlocks(results),
    heading("Machines", 3),
    machines(results),
    heading("How to read the figures", 3),
    ...howToRead(results),
    heading("Readings of test parts", 3),
    paragraph(readingsText(results)),
  ];
}

/** Where each split is from and what it keeps apart. */
function protocolTables(results: Results): Block[] {
  return [
    {
      kind: "table",
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
  ];
}

interface Network {
  entry: EntryResults;
  /** Protocols under which it was trained in this way. */
  protocols: string[];
}

/** Each way to train once, with the protocols under which it was used. */
function networksOf(results: Results): Network[] {
  const networks = new Map<string, Network>();
  for (const { protocol, entries } of results.protocols) {
    for (const entry of entries) {
      const method = methodOf(entry.settings);
      const network = networks.get(method) ?? { entry, protocols: [] };
      network.protocols.push(protocol);
      networks.set(method, network);
    }
  }
  return [...networks.values()];
}

/** What more than half of the networks have is listed once; the table has what each has beside it or instead of it. */
function networkBlocks(results: Results): Block[] {
  const networks = networksOf(results);
  const settings = networks.map(({ entry }) => settingParts(entry.settings));
  const usual = SETTINGS.map((name) => ({ name, parts: usualParts(settings.map((one) => one[name])) }));
  const cells = settings.map((one) => usual.flatMap(({ name, parts }) => differenceText(one[name], parts)));
  const differ = cells.some((texts) => texts.length > 0);
  const items = usual.flatMap(({ name, parts }): Text[] =>
    parts.length > 0 ? [[{ strong: capital(name) }, `: ${parts.join("; ")}.`]] : [],
  );
  const told = differ
    ? "The usual settings, which hold where the table does not say otherwise:"
    : "All networks have these settings:";
  const table: Block = {
    kind: "table",
    columns: [
      left("network"),
      right("parameters"),
      ...(differ ? [left("differs from the usual in")] : []),
      left("under"),
    ],
    rows: networks.map(({ entry, protocols }, i) => [
      modelName(entry),
      parametersText(results, entry),
      ...(differ ? [cells[i]!.join("; ")] : []),
      familiesOf(protocols).join(", "),
    ]),
  };
  return [...(items.length > 0 ? [paragraph(told), { kind: "list" as const, items }] : []), table];
}

const SETTINGS = ["features", "training", "augmentation"] as const;

/** The settings in words, one part each. */
function settingParts(settings: EntryResults["settings"]): Record<(typeof SETTINGS)[number], string[]> {
  return {
    features: featuresText(settings.features).split(", "),
    // What refit means is told below, once.
    training: trainingText(settings)
      .split("; ")
      .map((part) => (/^then (trained|fitted) once more/.test(part) ? "refit" : part)),
    augmentation: [augmentationText(settings.training.augmentation).replace(/^none$/, "no augmentation")],
  };
}

/** The parts that more than half of the lists have. */
function usualParts(lists: readonly (readonly string[])[]): string[] {
  const all = [...new Set(lists.flat())];
  return all.filter((part) => 2 * lists.filter((list) => list.includes(part)).length > lists.length);
}

/** "clip normalisation (not global normalisation)"; nothing where all is as usual. */
function differenceText(own: readonly string[], usual: readonly string[]): string[] {
  const more = own.filter((part) => !usual.includes(part)).join("; ");
  const less = usual.filter((part) => !own.includes(part)).join("; ");
  if (less === "") return more === "" ? [] : [more];
  return [more === "" ? `not ${less}` : `${more} (not ${less})`];
}

/** Encoders, engines and machines of the runs. */
function machines({ encoders = [], engines, environments }: Results): Block {
  const items = [
    ...encoders.map(
      ({ name, digest, parameters, licence, source }): Text => [
        { strong: "Encoder" },
        `: ${name}, ${thousands(parameters)} parameters, licence ${licence}, ${source}; SHA-256 of its tensors `,
        { code: digest },
        ".",
      ],
    ),
    ...engines.map(
      ({ engine, runs }): Text => [{ strong: "Engine" }, `: ${engine}, ${plural(runs, "run")}.`],
    ),
    ...environments.map(
      ({ environment, runs }): Text => [{ strong: "Machine" }, `: ${environment}, ${plural(runs, "run")}.`],
    ),
  ];
  return { kind: "list", items };
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
          "A network's name is followed by the settings that set it apart from others of its kind under the same protocol; plain is one that has none of them. The table of networks has everything.",
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
  return [{ kind: "list", items }];
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
