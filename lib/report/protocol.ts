import type { Entry } from "../analysis/entries.js";
import { BREAKDOWNS, type ProtocolResults } from "../analysis/protocol-results.js";
import type { Results } from "../analysis/results.js";
import type { PartScores } from "../analysis/scores.js";
import { capital, decimal, percent, plural, pValue, sentence } from "../base/text.js";
import { FEWEST_SPEAKERS, type Interval, withInterval } from "../evaluation/interval.js";
import type { Block, Text } from "./document.js";
import { picturesOf } from "./pictures.js";
import { bestOf, bold, left, marks, namesIn, partName, right, warning } from "./words.js";

/** The section of a protocol: scores on the scored part, figures, breakdowns, the other part. */
export function protocolBlocks(
  protocol: ProtocolResults,
  entries: readonly Entry[],
  results: Results,
  featured?: string,
): Block[] {
  return [
    { kind: "heading", level: 2, text: `Protocol ${protocol.protocol}${marks(protocol)}` },
    {
      kind: "paragraph",
      text: `${capital(sentence(protocol.description))} Source: ${sentence(protocol.source)}`,
    },
    ...figureBlocks(protocol, entries, results, featured),
  ];
}

/**
 * The same without its heading.
 *
 * @param featured label of the model whose confusion matrix, speakers and confidence are drawn; default: the best on validation
 */
export function figureBlocks(
  protocol: ProtocolResults,
  entries: readonly Entry[],
  results: Results,
  featured?: string,
): Block[] {
  const { score } = results;
  const other = score === "test" ? "validation" : "test";
  const scored = protocol.entries.filter((entry) => entry[score]);
  return [
    ...markWarnings(protocol),
    ...textBlocks(protocol),
    ...scoreTable(protocol, score),
    ...speakerValues(protocol, score),
    ...missingBlocks(protocol),
    ...picturesOf(protocol, entries, scored, results, featured),
    ...breakdownBlocks(protocol, results),
    ...confusionBlocks(protocol, results),
    ...(protocol.entries.some((entry) => entry[other])
      ? [
          {
            kind: "fold" as const,
            summary: `${capital(other)} part`,
            blocks: [...scoreTable(protocol, other), ...speakerValues(protocol, other)],
          },
        ]
      : []),
  ];
}

function markWarnings(protocol: ProtocolResults): Block[] {
  return [
    ...(protocol.leaky
      ? [
          warning(
            "LEAKY: speakers are on both sides of this split. These figures show what leakage pretends; they are no results.",
          ),
        ]
      : []),
    ...(protocol.synthetic ? [warning("SYNTHETIC voices: these figures say nothing of real ones.")] : []),
  ];
}

/** UAR of the sentences alone, and whether it matters. */
function textBlocks({ text, leaky }: ProtocolResults): Block[] {
  if (!text) return [];
  const { uar, chance } = text;
  const none = "reason" in uar ? ` (${uar.reason})` : "";
  const alone = `The sentence alone, without any sound, has a UAR of ${withInterval(uar)} %${none}, where chance is ${percent(chance)} %.`;
  if (!text.confounded || leaky) return [{ kind: "paragraph", text: alone }];
  return [
    warning(
      `TEXT-CONFOUNDED: ${alone} Labels that have nothing to do with the sentences would be told as well with p = ${pValue(text.p!)}. So a figure of this protocol may be of what is said, not of how; a protocol that keeps sentences apart as well, such as speaker-sentence, tells.`,
    ),
  ];
}

interface ScoreColumn {
  title: string;
  text: (scores: PartScores) => string | undefined;
  /** The value by which the best of the column is chosen: the largest is best. */
  worth: (scores: PartScores) => number | undefined;
  /** The listeners' figure, if they have one. */
  people?: (measure: Record<"uar" | "accuracy", Interval>) => Interval;
  /** The sentence baseline's. */
  alone?: (text: { uar: Interval }) => Interval;
}

/** The values before and after calibration; only one if there was no calibration. */
function fromTo(before: number, after: number, format: (value: number) => string): string {
  return before === after ? format(before) : `${format(before)} → ${format(after)}`;
}

const SCORE_COLUMNS: readonly ScoreColumn[] = [
  {
    title: "UAR %",
    text: ({ uar }) => withInterval(uar),
    worth: ({ uar }) => uar.estimate,
    people: ({ uar }) => uar,
    alone: ({ uar }) => uar,
  },
  {
    title: "seeds together, UAR %",
    text: ({ ensembleUar }) => ensembleUar && withInterval(ensembleUar),
    worth: ({ ensembleUar }) => ensembleUar?.estimate,
  },
  {
    title: "accuracy %",
    text: ({ accuracy }) => withInterval(accuracy),
    worth: ({ accuracy }) => accuracy.estimate,
    people: ({ accuracy }) => accuracy,
  },
  {
    title: "macro F1 %",
    text: ({ macroF1 }) => withInterval(macroF1),
    worth: ({ macroF1 }) => macroF1.estimate,
  },
  { title: "kappa", text: ({ kappa }) => decimal(kappa.estimate), worth: ({ kappa }) => kappa.estimate },
  {
    title: "AUC",
    text: ({ rocAuc }) => rocAuc && decimal(rocAuc.estimate, 3),
    worth: ({ rocAuc }) => rocAuc?.estimate,
  },
  {
    title: "ECE %",
    text: ({ ece, eceCalibrated }) => fromTo(ece.estimate, eceCalibrated.estimate, percent),
    worth: ({ eceCalibrated }) => -eceCalibrated.estimate,
  },
  {
    title: "Brier",
    text: ({ brier, brierCalibrated }) =>
      fromTo(brier.estimate, brierCalibrated.estimate, (value) => decimal(value, 3)),
    worth: ({ brierCalibrated }) => -brierCalibrated.estimate,
  },
];

/** All figures of all models on one part, with the listeners' if known. */
export function scoreTable(protocol: ProtocolResults, part: "validation" | "test"): Block[] {
  const rows = protocol.entries.flatMap((entry) => {
    const scores = entry[part];
    return scores ? [{ entry, scores }] : [];
  });
  if (rows.length === 0) return [];
  const { n, speakers, classesInTruth } = rows[0]!.scores;
  const seeds = [...new Set(rows.map(({ scores }) => scores.seeds.length))];
  const listeners = part === protocol.listeners?.part ? protocol.listeners : undefined;
  const columns = SCORE_COLUMNS.filter((column) => rows.some(({ scores }) => column.text(scores)));
  const best = columns.map(({ worth }) => bestOf(rows.map(({ scores }) => worth(scores))));
  const names = namesIn(protocol);
  return [
    {
      kind: "table",
      caption: `${capital(partName(protocol, part))}: ${plural(n, "clip")} of ${plural(speakers, "speaker")}, ${classesInTruth.length} classes (chance ${percent(1 / classesInTruth.length)} %)${seeds.length === 1 ? `, ${plural(seeds[0]!, "seed")}` : ""}${marks(protocol)}`,
      columns: [left("network"), ...columns.map(({ title }) => right(title)), right("UAR % by seed")],
      rows: [
        ...rows.map(({ entry, scores }, row) => [
          names.get(entry.label)!,
          ...columns.map(({ text }, col): Text => {
            const figure = text(scores);
            return figure === undefined ? "–" : bold(figure, best[col] === row);
          }),
          scores.uarBySeed.map((uar) => percent(uar)).join(", "),
        ]),
        ...(part === "test" && protocol.text
          ? [
              [
                "sentence alone",
                ...columns.map(({ alone }) => (alone ? withInterval(alone(protocol.text!)) : "")),
                "",
              ],
            ]
          : []),
        ...(listeners?.measures ?? []).map((measure) => [
          `people: ${measure.name}`,
          ...columns.map(({ people }) => (people ? withInterval(people(measure)) : "")),
          "",
        ]),
      ],
    },
    ...(listeners ? [{ kind: "paragraph" as const, text: listeners.note }] : []),
  ];
}

/** UAR of each speaker, if there are too few for an interval. */
export function speakerValues(protocol: ProtocolResults, part: "validation" | "test"): Block[] {
  const rows = protocol.entries.flatMap((entry) => {
    const uar = entry[part]?.uar;
    return uar && "perSpeaker" in uar && uar.speakers < FEWEST_SPEAKERS ? [{ entry, uar }] : [];
  });
  const first = rows[0];
  if (!first) return [];
  const speakers = Object.keys(first.uar.perSpeaker);
  const alone = part === "test" ? protocol.text?.uar : undefined;
  const names = namesIn(protocol);
  const own = [
    ...rows.map(({ entry, uar }) => ({ name: names.get(entry.label)!, uar })),
    ...(alone && "perSpeaker" in alone ? [{ name: "sentence alone", uar: alone }] : []),
  ];
  return [
    {
      kind: "table",
      caption: `UAR in % of each speaker, ${partName(protocol, part)} (${first.uar.reason})${marks(protocol)}`,
      columns: [left("network"), ...speakers.map((speaker) => right(speaker))],
      rows: own.map(({ name, uar }) => [
        name,
        ...speakers.map((speaker) => {
          const value = uar.perSpeaker[speaker];
          return value === undefined ? "–" : percent(value);
        }),
      ]),
    },
  ];
}

/** Which figures lack planned folds or seeds. */
export function missingBlocks(protocol: ProtocolResults): Block[] {
  const names = namesIn(protocol);
  return protocol.entries.flatMap(({ label, missing }) =>
    missing ? [warning(`${names.get(label)}: ${missing}.`)] : [],
  );
}

function breakdownBlocks(protocol: ProtocolResults, { score }: Results): Block[] {
  const scored = protocol.entries.filter((entry) => entry[score]);
  const names = namesIn(protocol);
  const tables = BREAKDOWNS.flatMap((name): Block[] => {
    const groups = scored[0]?.breakdowns[name];
    if (!groups) return [];
    return [
      {
        kind: "table",
        caption: `UAR in % by ${name}, ${partName(protocol, score)}${marks(protocol)}`,
        columns: [
          left(name),
          right("clips"),
          right("speakers"),
          right("classes"),
          ...scored.map((entry) => right(names.get(entry.label)!)),
        ],
        rows: groups.map(({ group, n, speakers, classesInTruth }) => [
          group,
          String(n),
          String(speakers),
          String(classesInTruth.length),
          ...scored.map((entry) => {
            const own = entry.breakdowns[name]?.find((one) => one.group === group);
            return own ? withInterval(own.uar) : "–";
          }),
        ]),
      },
    ];
  });
  if (tables.length === 0) return [];
  return [
    {
      kind: "fold",
      summary: `By ${BREAKDOWNS.filter((name) => scored[0]!.breakdowns[name]).join(", ")}`,
      blocks: tables,
    },
  ];
}

/** The confusion matrices of all models as tables. */
export function confusionBlocks(protocol: ProtocolResults, { score }: Results): Block[] {
  const names = namesIn(protocol);
  const tables = protocol.entries.flatMap((entry): Block[] => {
    const scores = entry[score];
    if (!scores) return [];
    const { classes, confusion, seeds } = scores;
    const summed = seeds.length > 1 ? `, summed over ${plural(seeds.length, "seed")}` : "";
    return [
      {
        kind: "table",
        caption: `${names.get(entry.label)}: clips${summed} (% of the row), ${partName(protocol, score)}${marks(protocol)}`,
        columns: [left("true \\ predicted"), ...classes.map(right), right("recall %")],
        rows: classes.map((name, t) => {
          const row = confusion[t]!;
          const total = row.reduce((a, b) => a + b, 0);
          const recall = scores.recall[name];
          return [
            name,
            ...row.map(
              (count, p): Text => (total === 0 ? "–" : bold(`${count} (${percent(count / total)})`, t === p)),
            ),
            recall ? withInterval(recall) : "–",
          ];
        }),
      },
    ];
  });
  return tables.length > 0 ? [{ kind: "fold", summary: "Confusion matrices", blocks: tables }] : [];
}
