import type { CrossCorpus } from "../analysis/matrix.js";
import type { ProtocolResults } from "../analysis/protocol-results.js";
import type { Results } from "../analysis/results.js";
import { capital, points, sentence, slug } from "../base/text.js";
import { estimateOf, withInterval } from "../evaluation/interval.js";
import { crossCorpusMatrix } from "../figures/cross-corpus-matrix.js";
import type { Block, Text } from "./document.js";
import { pairTable } from "./pairs.js";
import { confusionBlocks, missingBlocks, scoreTable, speakerValues } from "./protocol.js";
import { left, marks, right, warning } from "./words.js";

/** The cross-corpus matrices, and a table of all cells with their figures. */
export function crossCorpusBlocks(results: Results, across: readonly ProtocolResults[]): Block[] {
  if (across.length === 0) return [];
  const blocks: Block[] = [
    { kind: "heading", level: 2, text: "Across corpora" },
    {
      kind: "paragraph",
      text: "A network is trained and validated on one corpus, or on the three others together, and tested on another. Both sides are restricted to the classes they share before training, so that cells of different class sets are not to be compared with each other; each states its own, and chance with it.",
    },
  ];
  if (results.crossCorpus.length === 0)
    return [
      ...blocks,
      warning(
        "This experiment was scored on validation, which lies within the training corpora: there is no matrix.",
      ),
    ];
  for (const matrix of results.crossCorpus) blocks.push(...matrixBlocks(matrix, results));
  const details = across.flatMap((protocol): Block[] => [
    { kind: "heading", level: 3, text: `${protocol.protocol}${marks(protocol)}` },
    ...scoreTable(protocol, results.score),
    ...speakerValues(protocol, results.score),
    ...pairTable(protocol),
    ...missingBlocks(protocol),
    ...confusionBlocks(protocol, results),
  ]);
  return [...blocks, { kind: "fold", summary: "Every cell with all figures", blocks: details }];
}

function matrixBlocks(matrix: CrossCorpus, results: Results): Block[] {
  const marked = `${results.synthetic ? " (SYNTHETIC)" : ""}${matrix.transductive ? " (TRANSDUCTIVE)" : ""}`;
  const at = (train: string, test: string) =>
    matrix.cells.find((cell) => cell.train === train && cell.test === test);
  return [
    {
      kind: "table",
      caption: `${matrix.label}: UAR in %, trained on (rows), tested on (columns)${marked}`,
      columns: [left("trained on"), ...matrix.test.map(right)],
      rows: matrix.train.map((train) => [
        train,
        ...matrix.test.map((test): Text => {
          const cell = at(train, test);
          return cell ? `${withInterval(cell.uar)}, ${cell.classes.length} classes, n ${cell.n}` : "–";
        }),
      ]),
    },
    {
      kind: "figure",
      name: `cross-corpus-${slug(matrix.label)}`,
      figure: crossCorpusMatrix({
        train: matrix.train,
        test: matrix.test,
        cells: matrix.train.map((train) =>
          matrix.test.map((test) => {
            const cell = at(train, test);
            return cell ? { ...estimateOf(cell.uar), classes: cell.classes.length } : null;
          }),
        ),
        subtitle: matrix.label,
        synthetic: results.synthetic,
      }),
      caption: `UAR of ${matrix.label} across corpora${marked}. Framed cells are trained and tested on different speakers of one corpus.`,
    },
    {
      kind: "fold",
      summary: "Class sets of the cells",
      blocks: [
        {
          kind: "table",
          columns: [
            left("trained on"),
            left("tested on"),
            left("protocol"),
            right("clips"),
            right("speakers"),
            left("classes"),
          ],
          rows: matrix.cells.map(({ train, test, protocol, n, uar, classes }) => [
            train,
            test,
            protocol,
            String(n),
            String(uar.speakers),
            `${classes.length}: ${classes.join(", ")}`,
          ]),
        },
      ],
    },
  ];
}

/** Leaky protocols compared with speaker-independent ones. */
export function leakageBlocks({ leakage, score, protocols }: Results): Block[] {
  if (!protocols.some(({ leaky }) => leaky)) return [];
  const blocks: Block[] = [
    { kind: "heading", level: 2, text: "What leakage pretends (LEAKY)" },
    {
      kind: "paragraph",
      text: "The same networks with the same settings under a split drawn at random, where speakers are on both sides, and under one that keeps speakers apart, with as many clips of each class in each part. The difference is what a careless split adds without any gain for new speakers.",
    },
  ];
  if (leakage.length === 0)
    return [
      ...blocks,
      warning(
        "No network was run under a leaky protocol and under an honest one of the same corpora and classes: there is nothing to compare.",
      ),
    ];
  const notes = [
    ...new Set(leakage.flatMap(({ difference }) => ("reason" in difference ? [difference.reason] : []))),
  ];
  return [
    ...blocks,
    {
      kind: "table",
      caption: `UAR in %, ${score} part${marks({ leaky: true, synthetic: leakage.some(({ synthetic }) => synthetic) })}`,
      columns: [
        left("corpus"),
        left("network"),
        right("classes"),
        right("random (LEAKY)"),
        right("clips"),
        right("speakers apart"),
        right("clips"),
        right("difference, points"),
        left("protocols"),
      ],
      rows: leakage.map(
        ({
          corpora,
          label,
          classes,
          leaky,
          honest,
          difference,
          leakyProtocol,
          honestProtocol,
          synthetic,
        }) => [
          `${corpora.join(" + ")}${synthetic ? " (SYNTHETIC)" : ""}`,
          label,
          String(classes.length),
          withInterval(leaky),
          String(leaky.n),
          withInterval(honest),
          String(honest.n),
          { strong: withInterval(difference, points) },
          `${leakyProtocol}, ${honestProtocol}`,
        ],
      ),
    },
    ...notes.map((note): Block => ({ kind: "paragraph", text: capital(sentence(note)) })),
  ];
}
