import type { ProtocolResults } from "../analysis/protocol-results.js";
import type { Results } from "../analysis/results.js";
import type { Shortcut } from "../analysis/shortcut.js";
import { groupBy } from "../base/group.js";
import { capital, percent, plural, points, pValue, sentence } from "../base/text.js";
import { corpora as known } from "../corpora/registry.js";
import { estimateOf, type Interval, withInterval } from "../evaluation/interval.js";
import { ablation } from "../figures/ablation.js";
import type { Block, Text } from "./document.js";
import { bold, left, marks, paragraph, right } from "./words.js";

const TITLE = "What is said and how it is said";

/** The models on unseen speakers, and with unseen sentences; empty if no protocol keeps sentences apart. */
export function shortcutBlocks(results: Results): Block[] {
  const { shortcuts } = results;
  if (shortcuts.length === 0) return [];
  return [
    { kind: "heading", level: 2, text: TITLE },
    paragraph(
      "A network that hears words can tell an emotion by the sentence, where a sentence is said in one emotion more than in others. So each network stands here three times: tested on speakers it never heard; on speakers and sentences it never heard; and beside them what the sentence alone has, without any sound. What remains on unseen sentences is of the voice.",
    ),
    ...findings(results),
    mainTable(results),
    ...twinTable(results),
    ...reasons(results),
    ...pictures(results),
  ];
}

/**
 * The same as a separate page, which can be cited.
 *
 * @returns `undefined` if no protocol keeps sentences apart
 */
export function shortcutPage(results: Results): Block[] | undefined {
  if (results.shortcuts.length === 0) return undefined;
  const protocols = new Set(
    results.shortcuts.flatMap(({ speakers, both, twin }) =>
      [speakers, both, twin].flatMap((one) => one?.protocol ?? []),
    ),
  );
  const [, ...body] = shortcutBlocks(results);
  return [
    { kind: "heading", level: 1, text: TITLE },
    ...body,
    { kind: "heading", level: 2, text: "How it was measured" },
    {
      kind: "list",
      items: results.protocols
        .filter(({ protocol }) => protocols.has(protocol))
        .map(({ protocol, description }): Text => [{ code: protocol }, `: ${sentence(description)}`]),
    },
    paragraph([
      "All figures are of the experiment ",
      { code: results.experiment },
      `, ${results.score} part, ${plural(results.runs, "run")}, and are made again from its recorded runs with `,
      { code: `npx --no -- ser report ${results.experiment}` },
      "; its report beside this page has the settings, the audits and every reading of a test part.",
    ]),
    { kind: "heading", level: 2, text: "How to cite it" },
    paragraph([
      "Cite the Speech Emotion Workbench (",
      { code: "CITATION.cff" },
      "), the experiment's name and the protocols with their versions, and the corpora. That speech encoders hear words is known: J. Wagner et al., “Dawn of the Transformer Era in Speech Emotion Recognition: Closing the Valence Gap”, IEEE Transactions on Pattern Analysis and Machine Intelligence 45 (9), 2023, 10745–10759, doi:10.1109/TPAMI.2023.3263585.",
    ]),
  ];
}

/** For each corpus the UAR of the text alone, and that of the best model without the shortcut. */
function findings(results: Results): Block[] {
  return [...byCorpora(results)].flatMap(([corpora, own]): Block[] => {
    const text = textOf(results, own[0]!);
    const rivals = own.flatMap((one) => (one.speakers ? [{ ...one, speakers: one.speakers }] : []));
    if (!text || rivals.length === 0) return [];
    const best = rivals.reduce((a, b) => (b.speakers.uar.estimate > a.speakers.uar.estimate ? b : a));
    const highest = own.reduce((a, b) => (b.both.uar.estimate > a.both.uar.estimate ? b : a));
    const shown = ({ uar }: { uar: Interval }) => `${percent(uar.estimate)} %`;
    const chance = `chance ${percent(text.chance)} %`;
    const alone = text.confounded
      ? `A table from sentence to label, without any sound, has a UAR of ${shown(text)} on unseen speakers (${chance}).`
      : `The sentence alone tells little or nothing: ${shown(text)} (${chance}).`;
    const twin = best.twin
      ? `; with as few clips to train on, but of all sentences, it has ${shown(best.twin)}`
      : "";
    const other =
      highest.label === best.label
        ? ""
        : ` The best on unseen sentences is ${highest.label} with ${shown(highest.both)}.`;
    const meaning = text.confounded
      ? " So a figure on this corpus that keeps only the speakers apart does not show that a network hears emotion."
      : "";
    return [
      paragraph([
        { strong: `${corpora}.` },
        ` ${alone} The best network there, ${best.label}, has ${shown(best.speakers)}, and ${shown(best.both)} once the sentences are unseen as well${twin}.${other}${meaning}`,
      ]),
    ];
  });
}

function mainTable(results: Results): Block {
  const { shortcuts, score } = results;
  return {
    kind: "table",
    caption: `UAR in % on the ${score} part, with 95 % intervals over speakers where there are enough${marks({ leaky: false, synthetic: results.synthetic })}`,
    columns: [
      left("corpus"),
      left("network"),
      right("chance"),
      right("speakers unseen"),
      right("speakers and sentences unseen"),
      right("text alone"),
      right("difference, points"),
    ],
    rows: shortcuts.map((one) => {
      const { label, classes, speakers, both, difference } = one;
      const text = textOf(results, one);
      const alone = text ? withInterval(text.uar) : "–";
      return [
        titleOf(one),
        label,
        percent(1 / classes.length),
        speakers ? withInterval(speakers.uar) : "–",
        { strong: withInterval(both.uar) },
        bold(text?.confounded ? `${alone} (TEXT-CONFOUNDED)` : alone, Boolean(text?.confounded)),
        difference ? withInterval(difference, points) : "–",
      ];
    }),
  };
}

/** The pairs that differ only in the sentences of the training part. */
function twinTable({ shortcuts, score }: Results): Block[] {
  const paired = shortcuts.flatMap((one) => (one.twin ? [{ one, twin: one.twin }] : []));
  if (paired.length === 0) return [];
  return [
    paragraph(
      "Where sentences are unseen, fewer clips are left to train on, and that alone costs something. The matched twin has the same test and validation clips and as many clips of each speaker and class to train on, drawn over all sentences: what it is better by is the sentences.",
    ),
    {
      kind: "table",
      caption: `Matched pairs on the ${score} part: UAR in %, difference in points; permutation test clustered by speaker, Holm over all pairs of the table`,
      columns: [
        left("corpus"),
        left("network"),
        right("as few clips, sentences heard"),
        right("sentences unseen"),
        right("difference"),
        right("p"),
        right("p, Holm"),
      ],
      rows: paired.map(({ one, twin }): Text[] => {
        const { comparison, holmP } = twin;
        return [
          titleOf(one),
          one.label,
          withInterval(twin.uar),
          withInterval(one.both.uar),
          withInterval(comparison.difference, points),
          comparison.note ?? pValue(comparison.p),
          comparison.note ? "–" : bold(pValue(holmP), holmP < 0.05),
        ];
      }),
    },
  ];
}

/** Why there is no interval, each reason once. */
function reasons(results: Results): Block[] {
  const { shortcuts } = results;
  const none = shortcuts.flatMap((one) => {
    const figures = [one.speakers?.uar, one.both.uar, one.twin?.uar, textOf(results, one)?.uar];
    return figures.flatMap((uar) => (uar && "reason" in uar ? [`${titleOf(one)}: ${uar.reason}`] : []));
  });
  return [...new Set(none)].map((reason) => paragraph(capital(sentence(reason))));
}

/** A figure for each corpus. */
function pictures(results: Results): Block[] {
  return [...byCorpora(results)].map(([title, own]): Block => {
    const text = textOf(results, own[0]!);
    return {
      kind: "figure",
      name: `text-${own[0]!.corpora.join("-")}`,
      figure: shortcutFigure(results, own),
      caption: `${title}: each network on unseen speakers, with as few clips to train on of all sentences, and on unseen sentences${text ? "; the line is what the sentence alone has on unseen speakers" : ""}${marks({ leaky: false, synthetic: results.synthetic })}.`,
    };
  });
}

/** The models of one corpus, three dots each, with the text alone and chance as lines. */
export function shortcutFigure(
  results: Pick<Results, "protocols" | "synthetic" | "score">,
  own: readonly Shortcut[],
) {
  const text = textOf(results, own[0]!);
  const { n, speakers } = own[0]!.both.uar;
  return ablation({
    title: TITLE,
    subtitle: `${titleOf(own[0]!)} · ${results.score} · ${n} clips, ${speakers} speakers`,
    rows: own.flatMap(({ label, speakers: spoken, twin, both }) => [
      ...(spoken ? [{ group: label, name: "speakers unseen", ...estimateOf(spoken.uar) }] : []),
      ...(twin ? [{ group: label, name: "with as few clips", ...estimateOf(twin.uar) }] : []),
      { group: label, name: "sentences unseen too", ...estimateOf(both.uar), baseline: true },
    ]),
    references: [
      ...(text ? [{ name: "sentence alone, speakers unseen", value: text.uar.estimate }] : []),
      { name: "chance", value: 1 / own[0]!.classes.length },
    ],
    synthetic: results.synthetic,
  });
}

/** UAR of the sentence alone where only the speakers are unseen. */
function textOf({ protocols }: Pick<Results, "protocols">, { speakers }: Shortcut): ProtocolResults["text"] {
  return protocols.find(({ protocol }) => protocol === speakers?.protocol)?.text;
}

function byCorpora({ shortcuts }: Pick<Results, "shortcuts">): Map<string, Shortcut[]> {
  return groupBy(shortcuts, titleOf);
}

function titleOf({ corpora, classes, synthetic }: Shortcut): string {
  const titles = corpora.map((name) => (name in known ? known[name as keyof typeof known].title : name));
  return `${titles.join(" + ")}, ${classes.length} classes${synthetic ? " (SYNTHETIC)" : ""}`;
}
