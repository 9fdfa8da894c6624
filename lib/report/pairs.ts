import type { ProtocolResults } from "../analysis/protocol-results.js";
import type { Results } from "../analysis/results.js";
import { plural, points, pValue } from "../base/text.js";
import { withInterval } from "../evaluation/interval.js";
import type { Block, TableBlock, Text } from "./document.js";
import { bold, heading, left, marks, namesIn, paragraph, partName, right } from "./words.js";

/** A longer table of pairs is folded. */
const SHOWN = 10;

/** Which networks differ: the pairs of each protocol, empty if there are none. */
export function pairBlocks(protocols: Results["protocols"]): Block[] {
  const paired = protocols.filter(({ pairs }) => pairs.length > 0);
  if (paired.length === 0) return [];
  return [
    heading("Which networks differ"),
    paragraph(
      "The difference in UAR between every two networks under a protocol, with its 95 % interval. p is of a permutation test clustered by speaker; p, Holm is corrected for all pairs of the table, and bold where it is below 0.05.",
    ),
    ...paired.flatMap((protocol) => [
      heading(`${protocol.protocol}${marks(protocol)}`, 3),
      ...ofProtocol(protocol),
    ]),
  ];
}

function ofProtocol(protocol: ProtocolResults): Block[] {
  const { pairs } = protocol;
  const table = pairTable(protocol);
  if (pairs.length <= SHOWN) return table;
  const tested = pairs.filter(({ comparison }) => !comparison.note);
  const certain = tested.filter(({ holmP }) => holmP < 0.05).length;
  const told =
    tested.length > 0 ? `${certain} of them differ with p, Holm below 0.05` : "too few speakers to test";
  return [{ kind: "fold", summary: `${plural(pairs.length, "pair")}, ${told}`, blocks: table }];
}

/** All pairs of models of a protocol with their tests. */
export function pairTable(protocol: ProtocolResults): TableBlock[] {
  const { pairs } = protocol;
  if (pairs.length === 0) return [];
  const names = namesIn(protocol);
  const untestable = pairs.every(({ comparison }) => comparison.note);
  const rows = pairs.map(({ first, second, comparison, holmP }): Text[] => [
    `${names.get(first)} − ${names.get(second)}`,
    withInterval(comparison.difference, points),
    comparison.note ?? pValue(comparison.p),
    comparison.note ? "–" : bold(pValue(holmP), holmP < 0.05),
    `${comparison.mcnemar.onlyFirst} / ${comparison.mcnemar.onlySecond}`,
    pValue(comparison.mcnemar.exactP),
  ]);
  const { n, speakers } = pairs[0]!.comparison;
  return [
    {
      kind: "table",
      caption: `Pairs on the ${partName(protocol, pairs[0]!.part)}: difference in UAR, points (${plural(n, "clip")}, ${plural(speakers, "speaker")}${untestable ? ": too few speakers to test" : ""})${marks(protocol)}`,
      columns: [
        left("pair"),
        right("difference"),
        right("p"),
        right("p, Holm"),
        right("only first / only second right"),
        right("McNemar p (descriptive)"),
      ],
      rows,
    },
  ];
}
