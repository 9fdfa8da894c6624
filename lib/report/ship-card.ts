import { entriesOf, type Pooled, pooled } from "../analysis/entries.js";
import { type PartScores, scoresOf } from "../analysis/scores.js";
import { groupBy } from "../base/group.js";
import { capital, decimal, megabytes, percent, plural, sentence, thousands } from "../base/text.js";
import type { CorpusName } from "../corpora/clip.js";
import { corpora } from "../corpora/registry.js";
import { type Abstention, abstentionAt } from "../evaluation/abstention.js";
import { breakdown, type Group } from "../evaluation/breakdown.js";
import { type BootstrapOptions, FEWEST_SPEAKERS, type Interval } from "../evaluation/interval.js";
import { fixedRows, timingOf } from "../features/settings.js";
import { isBaseline } from "../models/names.js";
import { textAloneText } from "../protocols/sentence-baseline.js";
import { auditLine } from "../runs/describe.js";
import type { RunRecord, StoredRun } from "../runs/record.js";
import { type CorpusParts, type PartSize, partsOfRun } from "../runs/run-parts.js";
import { augmentationText, featuresText, originText, trainingText } from "../runs/settings-text.js";
import { textUnder } from "../runs/text-alone.js";
import { triedText } from "../training/history.js";
import type { Block, Column, Text } from "./document.js";
import { INTENDED_USES, limitsOf, SHIPPED_FOLDER, UNFIT_USES, UNFIT_WARNING } from "./ship-texts.js";
import { left, right, warning } from "./words.js";

/** Facts for a model card that are not in the run. */
export interface CardFacts {
  /** Of all files of the model, and of its weights alone. */
  bytes: number;
  weights: { bytes: number; sha256: string };
  /** About the clips, beside every table: "the clips were copies re-encoded with Opus at 32 kbit/s". */
  note?: string;
  /** The commands that make the model from the corpora. */
  commands: readonly string[];
}

/** Low before high, not in alphabetical order. */
const INTENSITIES = ["low", "medium", "high", "normal", "strong"];

/**
 * The model card of a run: the model, its intended and unsuitable uses, the data, the test figures with their intervals, the
 * limits, and how to use and reproduce it. The sections follow Mitchell et al. 2019, "Model Cards for Model Reporting", FAT*,
 * 220-229.
 *
 * @param run scored on test, trained only on the library's corpora
 * @example toMarkdown(cardBlocks(await readRun("results/runs/a"), facts), () => "")
 */
export function cardBlocks(run: StoredRun, facts: CardFacts, options: BootstrapOptions = {}): Block[] {
  const { record } = run;
  const parts = partsOfRun(run);
  const names = parts.map(({ corpus }) => corpus as CorpusName);
  return [
    heading(1, "Model card: emotion in acted English speech"),
    paragraph(
      `A network of ${thousands(record.parameters)} parameters that says which of ${record.classes.length} emotions an actor meant, from the voice alone. For research only: its terms are in `,
      { code: "LICENSE" },
      ", and they are not those of the code.",
    ),
    warning([
      { strong: "Do not use it to judge people." },
      ` ${UNFIT_WARNING} Of the test clips${unheard(record) ? ", of speakers it had never heard," : ""} it got ${percent(1 - record.test!.accuracy)} % wrong.`,
    ]),
    heading(2, "Model details"),
    { kind: "list", items: details(record, facts) },
    {
      kind: "fold",
      summary: "All settings",
      blocks: [{ kind: "code", text: JSON.stringify(record.settings, null, 2) }],
    },
    {
      kind: "fold",
      summary: "What the audit looked at",
      blocks: [{ kind: "list", items: record.audit.checks.map(({ name, detail }) => `${name}: ${detail}`) }],
    },
    heading(2, "Intended use"),
    { kind: "list", items: INTENDED_USES },
    paragraph("It is ", { strong: "not fit for" }, ":"),
    { kind: "list", items: UNFIT_USES },
    ...dataBlocks(run, parts, facts),
    ...figureBlocks(run, facts, options),
    heading(2, "Limits"),
    { kind: "list", items: limitsOf(names, record.classes.length, record.split.apart) },
    ...useBlocks(facts),
    heading(2, "Sources"),
    paragraph(
      "The sections follow M. Mitchell et al., “Model Cards for Model Reporting”, FAT* 2019, 220–229, doi:10.1145/3287560.3287596. Those who publish work made with the model cite the corpora:",
    ),
    { kind: "code", text: names.map((name) => corpora[name].citation).join("\n") },
  ];
}

function details(record: RunRecord, { bytes, weights }: CardFacts): Text[] {
  const { settings, split, parameters, classes, engine, from = [] } = record;
  const { training } = settings;
  const meant = settings.target === "perceived" ? "most listeners heard" : "the actor meant";
  return [
    [
      "Network: ",
      { code: training.model },
      " (",
      { code: `lib/models/${training.model}.ts` },
      `), ${thousands(parameters)} parameters, ${megabytes(bytes)} in all.`,
    ],
    `Input: ${inputText(settings)}`,
    ...encoderBlocks(record),
    `Output: a probability for each of ${classes.join(", ")}: what ${meant}.`,
    `Protocol ${split.name}, fold ${split.fold}: test shares no ${split.apart.join(" and no ") || "clip"} with training and validation. ${auditLine(record.audit)}`,
    `Training: ${trainingText(settings)}; augmentation: ${augmentationText(training.augmentation)}; seed ${training.seed}; engine ${engine}.`,
    ...from.map(
      (origin, i) => `${i === 0 ? "It began" : "Which began"} with the weights of ${originText(origin)}.`,
    ),
    epochText(record),
    ["Run: ", { code: record.name }, "."],
    [`Weights: ${megabytes(weights.bytes)}, SHA-256 `, { code: weights.sha256 }, "."],
  ];
}

/** The encoder is not in the folder, since its weights belong to others. */
function encoderBlocks({ encoder }: RunRecord): Text[] {
  if (!encoder) return [];
  const { name, parameters, licence, source, digest } = encoder;
  return [
    [
      `Encoder, which is not part of this folder: ${name}, ${thousands(parameters)} parameters, licence ${licence}, from ${source}; SHA-256 of its tensors `,
      { code: digest },
      "; to be had with ",
      { code: `ser encoder get ${name}` },
      ".",
    ],
  ];
}

function epochText({ settings, bestEpoch, history, validation, together }: RunRecord): string {
  const whose = together ? ` by the mean over ${together.folds} folds` : "";
  const best = `the best on validation${whose}: UAR ${percent(validation.uar)} % on ${plural(validation.count, "clip")}`;
  if (isBaseline(settings.training.model)) {
    const penalty = `${capital(triedText(history[bestEpoch - 1]!))} of ${history.length} that were tried was ${best}`;
    return settings.training.refit
      ? `${penalty}; the model was then fitted once more with it.`
      : `${penalty}.`;
  }
  const epoch = `Epoch ${bestEpoch} of ${history.length} was`;
  return settings.training.refit
    ? `${epoch} ${best}, before the second training, whose last epoch was kept.`
    : `${epoch} kept, ${best}.`;
}

const NORMALISED: Record<RunRecord["settings"]["training"]["normalisation"], string> = {
  global: "each column normalised by its mean and deviation over the training clips",
  speaker: "each column normalised by its mean and deviation over the speaker's clips",
  clip: "each column normalised by its mean and deviation over the clip",
  none: "not normalised",
};

function inputText({ features, training: { frames, normalisation } }: RunRecord["settings"]): string {
  if (features.kind === "table") return `${featuresText(features)}; ${NORMALISED[normalisation]}.`;
  const { sampleRate, hopLength } = timingOf(features);
  const seconds = ((frames * hopLength) / sampleRate).toFixed(1);
  const length =
    fixedRows(features) === undefined
      ? `; ${frames} frames, which are ${seconds} s, of a longer clip its middle`
      : "";
  return `mono sound as ${featuresText(features)}; ${NORMALISED[normalisation]}${length}.`;
}

function dataBlocks(run: StoredRun, parts: readonly CorpusParts[], facts: CardFacts): Block[] {
  const { split, broken } = run.record;
  const proven = parts.every(({ train }) => train);
  const size = (part: PartSize | undefined): string[] =>
    part ? [thousands(part.speakers), thousands(part.clips)] : ["", ""];
  const total = (of: (own: CorpusParts) => PartSize | undefined): string[] =>
    size({
      speakers: sum(parts.map((own) => of(own)?.speakers ?? 0)),
      clips: sum(parts.map((own) => of(own)?.clips ?? 0)),
    });
  const kinds = ["train", "validation", "test"] as const;
  const shown = kinds.filter((kind) => proven || kind !== "train");
  const title = { train: "training", validation: "validation", test: "test" };
  const rows = parts.map((own) => [
    corpora[own.corpus as CorpusName].title,
    ...shown.flatMap((kind) => size(own[kind])),
  ]);
  if (parts.length > 1) rows.push(["together", ...shown.flatMap((kind) => total((own) => own[kind]))]);
  return [
    heading(2, "Data"),
    ...tableBlocks(
      "Speakers and clips",
      `${capital(split.description)}. Epoch, temperature and threshold were chosen on validation`,
      facts,
      [
        left("corpus"),
        ...shown.flatMap((kind) => [right(`${title[kind]}: speakers`), right(`${title[kind]}: clips`)]),
      ],
      rows,
    ),
    ...leaningBlocks(run),
    ...(proven
      ? []
      : [paragraph(`${plural(split.train, "clip")} trained; the run does not list them by corpus.`)]),
    ...(broken.length > 0 ? [paragraph(`${plural(broken.length, "clip")} could not be read.`)] : []),
    {
      kind: "list",
      items: parts.map(({ corpus }): Text => {
        const { title, description, licence, homepage } = corpora[corpus as CorpusName];
        return [{ strong: title }, `. ${sentence(description)} Licence: ${licence}. ${homepage}`];
      }),
    },
  ];
}

/** A speaker with this share of the test clips is mentioned. */
const LEANING = 0.2;

/** A note if many of the test clips of several corpora are of one speaker. */
function leaningBlocks({ predictions }: StoredRun): Block[] {
  const test = predictions.filter(({ part }) => part === "test");
  const speakers = groupBy(test, ({ speaker }) => speaker);
  const [name, clips] = [...speakers].reduce((a, b) => (b[1].length > a[1].length ? b : a));
  const share = clips.length / test.length;
  if (share < LEANING || test.every(({ corpus }) => corpus === clips[0]!.corpus)) return [];
  const title = corpora[clips[0]!.corpus as CorpusName].title;
  return [
    paragraph(
      `${percent(share)} % of the test clips are of one speaker (${name.replace(/^.*\//, "")} of ${title}): figures over all clips lean on that voice, so look at the corpora one by one.`,
    ),
  ];
}

function figureBlocks(run: StoredRun, facts: CardFacts, options: BootstrapOptions): Block[] {
  const [entry] = entriesOf([run]);
  const scores = scoresOf(entry!, "test", options)!;
  const [test] = pooled(entry!, "test") as [Pooled];
  const { record } = run;
  const by = (groupOf: (clip: Pooled["clips"][number]) => string) =>
    breakdown([test], [test.clips.map(groupOf)], options);
  const title = (corpus: string) => corpora[corpus as CorpusName].title;
  const corpusGroups = by(({ corpus }) => title(corpus));
  const place = ({ group }: Group) => INTENSITIES.indexOf(group.replace(/^.*, /, ""));
  const intensities = by(({ corpus, intensity }) => intensity && `${title(corpus)}, ${intensity}`).sort(
    (a, b) => place(a) - place(b),
  );
  return [
    heading(2, "Figures"),
    paragraph(
      `On the test part: ${plural(scores.n, "clip")} of ${plural(scores.speakers, "speaker")}${unheard(record) ? " whom the model never heard" : ""}. UAR is the mean recall of the classes that occur; ECE the expected calibration error, 10 bins; the Brier score is between 0 and 2. ${intervalsText(scores.uar)}`,
    ),
    ...confoundedBlocks(record, options),
    ...tableBlocks(
      "All test clips",
      `UAR by chance: ${percent(1 / scores.classesInTruth.length)} %`,
      facts,
      [left("figure"), right("value"), left("95 % interval")],
      overall(scores),
    ),
    ...(corpusGroups.length > 1 ? factor("By corpus", "corpus", corpusGroups, facts) : []),
    ...factor(
      "By sex",
      "sex",
      by(({ sex }) => sex),
      facts,
    ),
    ...factor("By intensity, where the corpus has it", "intensity", intensities, facts),
    ...emotionBlocks(scores, facts),
    ...confusionBlocks(scores, facts),
    ...abstentionBlocks(
      record,
      abstentionAt(
        test.calibrated,
        test.truth,
        test.speakers,
        test.classes.length,
        record.threshold,
        options,
      ),
      scores,
      facts,
    ),
  ];
}

/** A note if the text predicts the emotion. */
function confoundedBlocks(record: RunRecord, options: BootstrapOptions): Block[] {
  const text = textUnder(record, options);
  if (!text?.confounded) return [];
  const alone = textAloneText({ uar: text.uar.estimate, chance: text.chance });
  return [
    warning(
      `TEXT-CONFOUNDED: ${alone}, since some sentences are said in one emotion more than in others. So a part of these figures may be of what is said, not of how it is said.`,
    ),
  ];
}

function intervalsText(uar: Interval): string {
  if ("low" in uar)
    return `Intervals say how far a figure may be off for other speakers of the same kind: ${uar.method}; fewer than ${FEWEST_SPEAKERS} speakers have none, and each one's own figure is given instead.`;
  return `There are no intervals: fewer than ${FEWEST_SPEAKERS} speakers say too little about others.`;
}

function overall(scores: PartScores): Text[][] {
  const points = (value: number) => decimal(value, 3);
  const rows: [string, Interval | undefined, (value: number) => string][] = [
    ["UAR %", scores.uar, percent],
    ["accuracy %", scores.accuracy, percent],
    ["macro F1 %", scores.macroF1, percent],
    ["ROC-AUC, macro", scores.rocAuc, points],
    ["ECE %", scores.ece, percent],
    ["ECE %, calibrated", scores.eceCalibrated, percent],
    ["Brier score", scores.brier, points],
    ["Brier score, calibrated", scores.brierCalibrated, points],
  ];
  return rows.flatMap(([name, figure, format]) =>
    figure ? [[name, format(figure.estimate), spread(figure, format)]] : [],
  );
}

function factor(title: string, column: string, groups: readonly Group[], facts: CardFacts): Block[] {
  if (groups.length === 0) return [];
  return tableBlocks(
    title,
    "UAR is over the classes that occur there",
    facts,
    [
      left(column),
      right("clips"),
      right("speakers"),
      right("classes"),
      right("accuracy %"),
      right("UAR %"),
      left("95 % interval of UAR"),
    ],
    groups.map(({ group, n, speakers, classesInTruth, uar, accuracy }) => [
      ...[group, thousands(n), thousands(speakers), thousands(classesInTruth.length)],
      ...[percent(accuracy.estimate), percent(uar.estimate), spread(uar, percent)],
    ]),
  );
}

function emotionBlocks({ classes, recall, confusion }: PartScores, facts: CardFacts): Block[] {
  const rows = classes.flatMap((name, truth) => {
    const figure = recall[name];
    if (!figure) return [];
    const row = confusion[truth]!;
    const clips = sum(row);
    const wrong = row.map((counts, c) => (c === truth ? -1 : counts));
    const most = wrong.indexOf(Math.max(...wrong));
    const taken = wrong[most]! > 0 ? `${classes[most]} (${percent(wrong[most]! / clips)} %)` : "";
    return [[name, thousands(clips), percent(figure.estimate), spread(figure, percent), taken]];
  });
  return tableBlocks(
    "By emotion",
    "",
    facts,
    [
      left("emotion"),
      right("clips"),
      right("recall %"),
      left("95 % interval"),
      left("most often mistaken for"),
    ],
    rows,
  );
}

function confusionBlocks({ classes, confusion }: PartScores, facts: CardFacts): Block[] {
  return tableBlocks(
    "Confusion matrix",
    "Clips; a row for what was meant, a column for what was answered",
    facts,
    [left("meant"), ...classes.map(right)],
    classes.map((name, truth) => [
      name,
      ...confusion[truth]!.map(
        (clips, c): Text => (c === truth ? { strong: thousands(clips) } : thousands(clips)),
      ),
    ]),
  );
}

function abstentionBlocks(
  { temperature, threshold }: RunRecord,
  { coverage, accuracy }: Abstention,
  scores: PartScores,
  facts: CardFacts,
): Block[] {
  const row = (name: string, answered: Interval | undefined, right: Interval | undefined): Text[] => [
    name,
    ...(answered ? [percent(answered.estimate), spread(answered, percent)] : ["100.0", ""]),
    ...(right ? [percent(right.estimate), spread(right, percent)] : ["", ""]),
  ];
  const rows = [row("always", undefined, scores.accuracy)];
  if (threshold > 0) rows.push(row(`from ${percent(threshold)} % on`, coverage, accuracy));
  return [
    heading(2, "Calibration and abstention"),
    paragraph(
      `Probabilities are calibrated by the temperature ${decimal(temperature)}, fitted on validation. ` +
        (threshold > 0
          ? `Below a calibrated probability of ${percent(threshold)} %, chosen on validation, it does not answer (“unsure”).`
          : "On validation it was right often enough to answer always."),
    ),
    ...tableBlocks(
      "On test",
      "",
      facts,
      [
        left("answers"),
        right("answered %"),
        left("95 % interval"),
        right("right of these %"),
        left("95 % interval"),
      ],
      rows,
    ),
  ];
}

function useBlocks({ commands }: CardFacts): Block[] {
  return [
    heading(2, "How to use it"),
    paragraph(
      { code: "ser predict" },
      " takes the model in ",
      { code: SHIPPED_FOLDER },
      " where no other is named:",
    ),
    { kind: "code", text: "npx --no ser predict recording.wav\nnpx --no ser predict interviews/ --json" },
    paragraph("In TypeScript, at the root of the repository:"),
    {
      kind: "code",
      text: `import { loadModel } from "./lib/index.ts";

const model = await loadModel("${SHIPPED_FOLDER}");
const { emotion, confidence, abstained, probabilities } = await model.predict("recording.wav");
console.log(abstained ? "no answer" : emotion, confidence, probabilities);`,
    },
    paragraph(
      { code: "model.json" },
      " and ",
      { code: "weights.bin" },
      " are plain TensorFlow.js; how the input is made is in ",
      { code: "card.json" },
      ".",
    ),
    heading(2, "How it was made"),
    paragraph("With the corpora under ", { code: "data/" }, " (or ", { code: "SER_DATA" }, "):"),
    { kind: "code", text: commands.join("\n") },
    paragraph("The second command writes this folder from the first one's run, the same to the byte."),
  ];
}

/** A table with its title, remarks, and the note about its clips. */
function tableBlocks(
  title: string,
  text: string,
  { note }: CardFacts,
  columns: readonly Column[],
  rows: readonly (readonly Text[])[],
): Block[] {
  const said = [text, note && capital(note)].flatMap((part) => (part ? ` ${sentence(part)}` : []));
  return [paragraph({ strong: sentence(title) }, ...said), { kind: "table", columns, rows }];
}

/** "[45.4, 57.8]", or for few speakers the value of each. */
function spread(figure: Interval, format: (value: number) => string): string {
  if ("low" in figure) return `[${format(figure.low)}, ${format(figure.high)}]`;
  const names = Object.keys(figure.perSpeaker);
  if (figure.speakers === 1) return "one speaker";
  if (figure.speakers >= FEWEST_SPEAKERS) return "none: all resamples agree";
  const corpus = names[0]?.replace(/\/.*/, "/") ?? "";
  const bare = names.every((name) => name.startsWith(corpus));
  const each = names.map(
    (name) => `${bare ? name.slice(corpus.length) : name} ${format(figure.perSpeaker[name]!)}`,
  );
  return `too few speakers: ${each.join(", ")}`;
}

/** Whether the protocol keeps the test speakers out of training. */
function unheard({ split }: RunRecord): boolean {
  return split.apart.includes("speaker");
}

function sum(values: readonly number[]): number {
  return values.reduce((a, b) => a + b, 0);
}

function heading(level: 1 | 2 | 3, text: string): Block {
  return { kind: "heading", level, text };
}

function paragraph(...text: readonly (string | { strong: string } | { code: string })[]): Block {
  return { kind: "paragraph", text };
}
