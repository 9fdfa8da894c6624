import { UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { setDigest } from "../base/hash.js";
import type { Clip } from "../corpora/clip.js";
import { groupOf } from "./groups.js";
import { sentenceAnswers, textAloneText, textConfounded } from "./sentence-baseline.js";
import {
  type ClipSet,
  type Group,
  LISTS,
  PARTS,
  type Place,
  type Plan,
  type Split,
  type TrainingTrace,
} from "./types.js";

/** One check of an {@link Audit}. */
export interface AuditCheck {
  /** What was checked. */
  name: string;
  passed: boolean;
  /** What was found, in words. */
  detail: string;
  /** The ids of the clips concerned, at most 20. */
  clips?: string[];
}

/** The result of checking a split, or a training, for leakage. */
export interface Audit {
  /** All checks passed. */
  passed: boolean;
  /** The protocol is declared leaky: failed checks are recorded but do not stop a run. */
  leaky: boolean;
  checks: AuditCheck[];
}

const LISTED = 20;

/** A clip and its part. */
interface Placed {
  clip: Clip;
  part: Exclude<Place, undefined>;
}

/**
 * Checks a fold for leakage, before anything is trained. Every clip is in one part. Test shares no speaker (or whatever
 * the protocol claims) with train and validation, nor validation with train; clips that only a refit trains on share
 * nothing with test either. No two clips with identical samples, no copy and its original, and no overlapping segments of
 * one file are in two parts. Notes, which never fail: identical samples within one part and whether their emotions differ,
 * classes that are tested but not trained on, and whether the sentence gives the label away.
 *
 * @param plan the protocol's plan
 * @param fold one of its folds, without the clips that could not be read
 * @param samples SHA-256 of each clip's decoded samples, by id (`sampleHashes`)
 * @example
 * const plan = protocolNamed("savee/loso").plan(await loadClips("data", { names: ["savee"] }));
 * const { samples } = await sampleHashes(plan.clips);
 * const audit = auditSplit(plan, plan.folds[0], samples);
 * audit.passed; // => true
 * audit.checks[1].name; // => "test apart by speaker"
 */
export function auditSplit(plan: Plan, fold: Split, samples: ReadonlyMap<string, string>): Audit {
  const { clipOf, placed } = placedIn(plan, fold);
  const checks = [
    ...apartChecks(plan, fold, clipOf, placed),
    samplesKnown(placed, samples),
    ...identicalSamples(placed, samples),
    ...copyChecks(placed),
    ...unheardClasses(plan, placed),
    ...textRemark(plan),
  ];
  return auditOf(checks, plan.leaky);
}

/**
 * The checks of {@link auditSplit} that can fail and need no samples, so that a run can be refused before its features are made.
 *
 * @example auditPlaces(plan, plan.folds[0]).every(({ passed }) => passed)
 */
export function auditPlaces(plan: Plan, fold: Split): AuditCheck[] {
  const { clipOf, placed } = placedIn(plan, fold);
  return [...apartChecks(plan, fold, clipOf, placed), ...copyChecks(placed)];
}

function placedIn(plan: Plan, fold: Split): { clipOf: Map<string, Clip>; placed: Placed[] } {
  const clipOf = new Map(plan.clips.map((clip) => [clip.id, clip]));
  const placed = LISTS.flatMap((part) =>
    (fold[part] ?? []).flatMap((id): Placed[] => (clipOf.has(id) ? [{ clip: clipOf.get(id)!, part }] : [])),
  );
  return { clipOf, placed };
}

function apartChecks(
  plan: Plan,
  fold: Split,
  clipOf: ReadonlyMap<string, Clip>,
  placed: readonly Placed[],
): AuditCheck[] {
  return [
    onePartEach(fold, clipOf),
    ...plan.apart.map((group) => hinted(testApart(group, placed), plan)),
    ...validationGroups(plan).map((group) => hinted(validationApart(group, placed, plan), plan)),
  ];
}

function copyChecks(placed: readonly Placed[]): AuditCheck[] {
  return [copiesTogether(placed), ...overlappingSegments(placed)];
}

/**
 * An audit from checks, such as those of {@link auditSplit} together with those of {@link auditTraining}.
 *
 * @param leaky whether the protocol is declared leaky
 * @example
 * const check = { name: "test apart by speaker", passed: false, detail: "1 of 4 speakers of test also in train: savee/DC" };
 * auditOf([check], false).passed; // => false
 */
export function auditOf(checks: readonly AuditCheck[], leaky: boolean): Audit {
  return { passed: checks.every(({ passed }) => passed), leaky, checks: [...checks] };
}

/**
 * Checks a finished training for leakage. The normaliser was fitted on the training part; every augmented clip was made
 * from a training clip; the UARs of the history are those of the validation part; the kept epoch is the best of them (or the
 * one that all folds chose together), and the kept weights reach its UAR. After a refit the training part is the training
 * and validation parts together with the clips that only a refit trains on.
 *
 * @param fold the split that was trained on
 * @param trained the result of the training; best checked before the test part is read
 * @returns the checks; {@link auditOf} makes an audit of them
 * @example
 * const clips = await loadClips("data", { names: ["savee"] });
 * const plan = protocolNamed("savee/loso").plan(clips.filter((_, i) => i % 4 === 0)); // few clips, to be quick
 * const features = await extractClips(plan.clips, RUN_FEATURES.mfcc);
 * const trained = await trainFold(features, plan.folds[0], plan.classes, { ...TRAINING, model: "linear" });
 * auditTraining(plan.folds[0], trained).every(({ passed }) => passed); // => true
 */
export function auditTraining(fold: Split, trained: TrainingTrace): AuditCheck[] {
  const { refitted } = trained;
  const all = [...fold.train, ...fold.validation, ...(fold.refit ?? [])];
  const heard = refitted ? { ...fold, train: all, validation: [], refit: [] } : fold;
  const what = refitted ? "training and validation clips" : "training clips";
  return [
    ...(refitted ? [refittedOnBoth(heard, refitted)] : []),
    normalisationFitted(heard, what, trained),
    variantsOfTraining(heard, what, trained),
    judgedOnValidation(fold, trained),
    bestEpochKept(trained),
  ];
}

/**
 * Stops a run whose audit failed, unless its protocol is declared leaky.
 *
 * @throws {UserError} naming every failed check and the ids of its clips
 * @example
 * const check = { name: "test apart by speaker", passed: false, detail: "1 of 4 speakers of test also in train: savee/DC" };
 * assertAudit(auditOf([check], true)); // a leaky protocol only records it
 * try {
 *   assertAudit(auditOf([check], false));
 * } catch (error) {
 *   error instanceof UserError; // => true
 * }
 */
export function assertAudit(audit: Audit): void {
  const failed = audit.checks.filter(({ passed }) => !passed);
  if (failed.length === 0 || audit.leaky) return;
  const lines = failed.map(({ name, detail, clips }) => {
    const ids = clips && clips.length > 0 ? `\n    ${clips.join(" ")}` : "";
    return `  ${name}: ${detail}${ids}`;
  });
  throw new UserError(
    `the audit found leakage, so the results would be too optimistic:\n${lines.join("\n")}\n` +
      "Put these clips into one part, or leave them out.",
  );
}

function onePartEach(fold: Split, clipOf: ReadonlyMap<string, Clip>): AuditCheck {
  const ids = LISTS.flatMap((list) => fold[list] ?? []);
  const times = groupBy(ids, (id) => id);
  const twice = [...times].filter(([, all]) => all.length > 1).map(([id]) => id);
  const unknown = ids.filter((id) => !clipOf.has(id));
  const empty = PARTS.filter((part) => fold[part].length === 0);
  const problems = [
    ...(twice.length > 0 ? [`${count(twice, "clip")} more than once`] : []),
    ...(unknown.length > 0 ? [`${count(unknown, "clip")} not in the plan`] : []),
    ...(empty.length > 0 ? [`no clips in ${empty.join(", ")}`] : []),
  ];
  const parts = PARTS.map((part) => `${fold[part].length} ${part}`).join(", ");
  const sizes = fold.refit ? `${parts}; ${fold.refit.length} more for a refit` : parts;
  return check("every clip in one part", problems, sizes, [...twice, ...unknown]);
}

function testApart(group: Group, placed: readonly Placed[]): AuditCheck {
  const [test, others] = split(placed, ({ part }) => part === "test");
  const waiting = others.some(({ part }) => part === "refit");
  const name = waiting ? "train, validation and refit" : "train and validation";
  return apart(`test apart by ${group}`, group, ["test", test], [name, others]);
}

function validationGroups({ validationApart, validationApartIn = {} }: Plan): Group[] {
  return [...new Set([validationApart, ...Object.values(validationApartIn)].flat())];
}

function validationApart(group: Group, placed: readonly Placed[], plan: Plan): AuditCheck {
  const { validationApart, validationApartIn = {} } = plan;
  const claimed = ({ clip }: Placed) => (validationApartIn[clip.corpus] ?? validationApart).includes(group);
  const heard = placed.filter(({ part }) => part === "train" || part === "validation");
  const [own, shared] = split(heard, claimed);
  const [validation, train] = split(own, ({ part }) => part === "validation");
  const result = apart(`validation apart by ${group}`, group, ["validation", validation], ["train", train]);
  const without = [...new Set(shared.map(({ clip }) => clip.corpus))].sort();
  const note = without.length > 0 ? `; not claimed in ${without.join(", ")}` : "";
  return { ...result, detail: result.detail + note };
}

type Side = [name: string, clips: readonly Placed[]];

function apart(name: string, group: Group, [oneName, one]: Side, [otherName, other]: Side): AuditCheck {
  const unknown = [...one, ...other].filter(({ clip }) => groupOf(clip, group) === undefined);
  const groupsOf = (side: readonly Placed[]) => new Set(side.map(({ clip }) => groupOf(clip, group)));
  const [own, heard] = [groupsOf(one), groupsOf(other)];
  const shared = [...own].filter((key) => key !== undefined && heard.has(key)).sort();
  const offending = one.filter(({ clip }) => shared.includes(groupOf(clip, group)));
  const names = shared.length > 10 ? [...shared.slice(0, 10), "..."] : shared;
  const problems = [
    ...(unknown.length > 0 ? [`the ${group} of ${count(unknown, "clip")} is not known`] : []),
    ...(shared.length > 0
      ? [
          `${shared.length} of ${count([...own], group)} of ${oneName} also in ${otherName}: ${names.join(", ")}`,
        ]
      : []),
  ];
  const fine = `${count([...own], group)} in ${oneName}, ${heard.size} in ${otherName}, none shared`;
  return check(
    name,
    problems,
    fine,
    [...unknown, ...offending].map(({ clip }) => clip.id),
  );
}

function samplesKnown(placed: readonly Placed[], samples: ReadonlyMap<string, string>): AuditCheck {
  const unknown = placed.filter(({ clip }) => !samples.has(clip.id)).map(({ clip }) => clip.id);
  const problems = unknown.length > 0 ? [`the samples of ${count(unknown, "clip")} were not hashed`] : [];
  return check("samples of every clip known", problems, `${placed.length} clips`, unknown);
}

function identicalSamples(placed: readonly Placed[], samples: ReadonlyMap<string, string>): AuditCheck[] {
  const known = placed.filter(({ clip }) => samples.has(clip.id));
  const same = [...groupBy(known, ({ clip }) => samples.get(clip.id)!).values()].filter(
    (group) => group.length > 1,
  );
  const [across, within] = split(same, onTwoSides);
  const differing = within.filter((group) => new Set(group.map(({ clip }) => clip.emotion)).size > 1);
  const found = across.length > 0 ? [listed(across)] : [];
  const contradict =
    differing.length > 0
      ? `, ${differing.length} of them under different emotions: they stay, as published`
      : "";
  const note = `${count(within, "group")} of identical samples within one part${contradict}`;
  return [
    check("no identical samples on two sides", found, "none", idsOf(across)),
    { ...check("identical samples within a part (a note)", [], note, idsOf(within)) },
  ];
}

function copiesTogether(placed: readonly Placed[]): AuditCheck {
  const clipOf = new Map(placed.map(({ clip }) => [clip.id, clip]));
  const families = groupBy(placed, ({ clip }) => originOf(clip, clipOf));
  const across = [...families.values()].filter(onTwoSides);
  const problems = across.length > 0 ? [listed(across)] : [];
  const copies = placed.filter(({ clip }) => clip.parent !== undefined).length;
  const fine = copies > 0 ? `${copies} copies, each with its original` : "no copies among the clips";
  return check("no copy and its original on two sides", problems, fine, idsOf(across));
}

/** Adds advice: a split that came with the corpus cannot be corrected by another protocol. */
function hinted(result: AuditCheck, { protocol, leaky }: Plan): AuditCheck {
  const [path = ""] = protocol.split(/[?@]/);
  if (result.passed || leaky || !path.startsWith("given/")) return result;
  const detail = `${result.detail}; the manifest's split has it so: change it, or take ${path}?apart=none, which is marked as leaky`;
  return { ...result, detail };
}

/** Segments of one recording share sound where their times overlap. */
function overlappingSegments(placed: readonly Placed[]): AuditCheck[] {
  if (!placed.some(({ clip }) => clip.start !== undefined || clip.end !== undefined)) return [];
  const across = [...groupBy(placed, ({ clip }) => clip.path).values()].flatMap((own) => {
    const sorted = [...own].sort((a, b) => startOf(a) - startOf(b));
    return sorted.flatMap((one, i) => {
      const later = sorted.slice(i + 1);
      const end = one.clip.end ?? Infinity;
      const past = later.findIndex((other) => startOf(other) >= end);
      const overlapping = past < 0 ? later : later.slice(0, past);
      return overlapping.map((other) => [one, other]).filter(onTwoSides);
    });
  });
  const problems = across.length > 0 ? [listed(across)] : [];
  return [check("no overlapping segments on two sides", problems, "none", [...new Set(idsOf(across))])];
}

function startOf({ clip }: Placed): number {
  return clip.start ?? 0;
}

/** A note on classes that are tested but not trained on, which cannot be recognised. */
function unheardClasses({ classes }: Plan, placed: readonly Placed[]): AuditCheck[] {
  const emotionsIn = (part: Place) =>
    new Set(placed.filter((one) => one.part === part).map(({ clip }) => clip.emotion));
  const [trained, tested] = [emotionsIn("train"), emotionsIn("test")];
  const unheard = classes.filter((name) => tested.has(name) && !trained.has(name));
  if (unheard.length === 0) return [];
  const clips = placed.filter(({ clip, part }) => part === "test" && unheard.includes(clip.emotion));
  const detail = `${unheard.join(", ")}: ${count(clips, "test clip")} that cannot be right`;
  return [
    check(
      "classes of the test part without a training clip (a note)",
      [],
      detail,
      clips.map(({ clip }) => clip.id),
    ),
  ];
}

/** A note when the sentence gives the label away: no leak, but a shortcut. */
function textRemark(plan: Plan): AuditCheck[] {
  const answers = sentenceAnswers(plan);
  const text = answers && textConfounded(answers);
  if (!text?.confounded) return [];
  return [check("the text tells the label (a note)", [], `text-confounded: ${textAloneText(text)}`)];
}

/** The original of a copy: the id at the end of the chain of parents. */
function originOf(clip: Clip, clipOf: ReadonlyMap<string, Clip>): string {
  const seen = new Set([clip.id]);
  let id = clip.id;
  let { parent } = clip;
  while (parent !== undefined && !seen.has(parent)) {
    id = parent;
    seen.add(id);
    parent = clipOf.get(id)?.parent;
  }
  return id;
}

function normalisationFitted(fold: Split, what: string, { input }: Pick<TrainingTrace, "input">): AuditCheck {
  const name = "normalisation fitted on training clips only";
  const { kind, fitted } = input.normaliser;
  if (kind === "clip" || kind === "none") return check(name, [], `nothing is fitted (${kind})`);
  if (!fitted) return check(name, ["the normaliser does not say what it was fitted to"], "");
  const all = LISTS.flatMap((list) => fold[list] ?? []);
  if (kind === "speaker") {
    const whole = fitted.digest === setDigest(all);
    const problems = whole ? [] : [`fitted to ${fitted.clips} clips, which are not those of the parts`];
    return check(name, problems, "transductive: each speaker by the mean of their own clips, in all parts");
  }
  if (fitted.digest === setDigest(fold.train)) return check(name, [], `${fitted.clips} ${what}`);
  const extra: [string, string[]][] = [
    ["train and validation", fold.validation],
    ["train and test", fold.test],
    ["all parts", [...fold.validation, ...fold.test]],
  ];
  const culprit = extra.find(([, ids]) => setDigest([...fold.train, ...ids]) === fitted.digest);
  const whose = culprit ? `those of ${culprit[0]}` : "others than the training part";
  return check(name, [`fitted to ${fitted.clips} clips, ${whose}`], "", culprit?.[1] ?? []);
}

function variantsOfTraining(
  fold: Split,
  what: string,
  { augmented }: Pick<TrainingTrace, "augmented">,
): AuditCheck {
  const train = new Set(fold.train);
  const foreign = augmented.filter((id) => !train.has(id));
  const problems =
    foreign.length > 0 ? [`trained on variants of ${count(foreign, "clip")} of other parts`] : [];
  const fine = augmented.length > 0 ? `variants of ${augmented.length} ${what}` : "no variants";
  return check("augmented from training clips only", problems, fine, foreign);
}

function refittedOnBoth({ train, test }: Split, { clips, digest }: ClipSet): AuditCheck {
  const name = "trained once more on training and validation clips only";
  if (digest === setDigest(train)) return check(name, [], `${clips} clips`);
  const all = setDigest([...train, ...test]) === digest;
  return check(
    name,
    [`on ${clips} clips, ${all ? "those of the test part too" : "which are not those of the two parts"}`],
    "",
    all ? test : [],
  );
}

function judgedOnValidation(fold: Split, { judgedOn }: Pick<TrainingTrace, "judgedOn">): AuditCheck {
  const name = "validation chose the epoch";
  if (judgedOn.digest === setDigest(fold.validation)) {
    return check(name, [], `by the UAR on ${judgedOn.clips} validation clips`);
  }
  const part = PARTS.find((own) => setDigest(fold[own]) === judgedOn.digest);
  const what = part ? `the ${part} part` : "clips that are not the validation part";
  return check(
    name,
    [`the UARs of the history are of ${what} (${judgedOn.clips} clips)`],
    "",
    part && fold[part],
  );
}

function bestEpochKept(
  trained: Pick<TrainingTrace, "history" | "bestEpoch" | "validation" | "together">,
): AuditCheck {
  const { history, bestEpoch, validation, together } = trained;
  const name = "the best epoch by validation UAR was kept";
  const best = together ?? history.reduce((a, b) => (b.validationUar > a.validationUar ? b : a));
  const kept = history.find(({ epoch }) => epoch === bestEpoch);
  const { uar } = validation.metrics;
  const shown = (value: number) => `${(100 * value).toFixed(2)} %`;
  const problems: string[] = [];
  const whose = together ? `, the mean over ${together.folds} folds` : "";
  if (best.epoch !== bestEpoch) {
    problems.push(
      `epoch ${bestEpoch} was kept, epoch ${best.epoch} was best (${shown(best.validationUar)}${whose})`,
    );
  }
  if (kept && Math.abs(kept.validationUar - uar) > fewClips(validation.truth)) {
    problems.push(
      `the kept weights reach ${shown(uar)} on validation, the history says ${shown(kept.validationUar)}`,
    );
  }
  const by = together
    ? `, best by the mean over ${together.folds} folds (${shown(together.validationUar)})`
    : "";
  return check(name, problems, `epoch ${bestEpoch} of ${history.length}, ${shown(uar)}${by}`);
}

/**
 * How much three clips can change the UAR. Sums may differ in the last bit between passes on a GPU, or between engines when
 * a training was resumed on another one, and change the prediction of a borderline clip.
 */
function fewClips(truth: readonly number[]): number {
  const sizes = [...groupBy(truth, String).values()].map((own) => own.length);
  return 3 / (sizes.length * Math.min(...sizes)) + 1e-9;
}

function check(
  name: string,
  problems: readonly string[],
  fine: string,
  clips: readonly string[] = [],
): AuditCheck {
  const passed = problems.length === 0;
  const some = clips.slice(0, LISTED);
  return {
    name,
    passed,
    detail: passed ? fine : problems.join("; "),
    ...(some.length > 0 && { clips: some }),
  };
}

function split<T>(items: readonly T[], test: (item: T) => boolean): [T[], T[]] {
  return [items.filter(test), items.filter((item) => !test(item))];
}

/** Clips for a refit are trained on after validation is done, so they must only be apart from test. */
function onTwoSides(group: readonly Placed[]): boolean {
  const parts = new Set(group.map(({ part }) => part));
  if (!parts.has("test")) parts.delete("refit");
  return parts.size > 1;
}

/** "a (train) = b (test); ...", at most five groups. */
function listed(groups: readonly (readonly Placed[])[]): string {
  const shown = groups
    .slice(0, 5)
    .map((group) => group.map(({ clip, part }) => `${clip.id} (${part})`).join(" = "));
  return [...shown, ...(groups.length > 5 ? [`and ${groups.length - 5} more`] : [])].join("; ");
}

function idsOf(groups: readonly (readonly Placed[])[]): string[] {
  return groups.flat().map(({ clip }) => clip.id);
}

/** "1 speaker", "4 speakers". */
function count(items: readonly unknown[], word: string): string {
  return `${items.length} ${word}${items.length === 1 ? "" : "s"}`;
}
