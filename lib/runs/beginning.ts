import { dirname, resolve } from "node:path";
import { UserError } from "../base/errors.js";
import { canonicalJson } from "../base/hash.js";
import type { Clip } from "../corpora/clip.js";
import { publishedClips } from "../corpora/registry.js";
import type { ModelCard, Origin } from "../inference/card.js";
import { findWeights } from "../inference/find.js";
import { readCard, readWeights, weightsDigest } from "../inference/model.js";
import type { AuditCheck } from "../protocols/audit.js";
import { groupOf } from "../protocols/groups.js";
import { protocolNamed } from "../protocols/registry.js";
import { GROUPS, type Group, type Place, type Plan, type Split } from "../protocols/types.js";
import type { Beginning } from "../training/beginning.js";
import { type RunSettings, readRecord } from "./record.js";
import { originText } from "./settings-text.js";

/** Initial weights and their origins. */
export interface KnownBeginning extends Beginning {
  /** The weights, then those that they were trained from, and so on. */
  origins: Origin[];
}

/**
 * Reads the initial weights of a run.
 *
 * @param settings whose `training.from` is their SHA-256
 * @param folder of the model; default: the folders of trained models are searched
 * @throws {UserError} if no such model is found, or its features or network differ from the settings
 */
export async function readBeginning(
  settings: Pick<RunSettings, "training" | "features">,
  folder?: string,
): Promise<KnownBeginning> {
  const { from = "" } = settings.training;
  const place =
    folder !== undefined && (await weightsDigest(folder)) === from ? folder : await findWeights(from);
  const card = await readCard(place);
  const wrong = differences(card, settings);
  if (wrong.length > 0)
    throw new UserError(
      `the initial model ${from.slice(0, 12)} (${card.run}) differs from this run's settings in ${wrong.join(", ")}`,
    );
  // A model that was moved has no record beside it, or that of another run.
  const record = await readRecord(dirname(resolve(place)));
  const own: Origin = {
    ...{ sha256: from, run: card.run, corpora: card.corpora },
    ...{ protocol: card.protocol, fold: card.fold },
    ...(record?.name === card.run && { clips: record.clips }),
    ...(card.refit && { refit: true }),
  };
  const weights = await readWeights(place);
  return { sha256: from, weights, classes: card.classes, origins: [own, ...(card.from ?? [])] };
}

/** In what a model differs from the settings, in words. */
function differences(
  card: ModelCard,
  { training, features }: Pick<RunSettings, "training" | "features">,
): string[] {
  const pairs: Record<string, [unknown, unknown]> = {
    network: [card.model, training.model],
    size: [card.size, training.size],
    "number of frames": [card.frames, training.frames],
    features: [card.features, features],
  };
  return Object.entries(pairs)
    .filter(([, [one, other]]) => canonicalJson(one ?? null) !== canonicalJson(other ?? null))
    .map(([name]) => name);
}

/**
 * Checks that the initial weights of a run were not trained on its test or validation clips. Weights of other corpora pass.
 * For weights trained on a corpus of the test or validation part, the training clips must be known, and kept apart from these
 * parts as the protocol requires. They are known if they are this fold's own, or if their protocol can be planned from the
 * published file names.
 *
 * @param clips the digest of this run's parts, as `runName` gives it
 */
export function auditBeginning(
  plan: Plan,
  fold: Split,
  clips: string,
  origins: readonly Origin[],
): AuditCheck {
  const found = origins.map((origin) => ({ origin, ...heardWith(plan, fold, clips, origin) }));
  const problems = found.flatMap(({ origin, problem }) =>
    problem ? [`${originText(origin)}, ${problem}`] : [],
  );
  const offending = found.flatMap(({ ids }) => ids).slice(0, 20);
  return {
    name: "the weights it began with heard neither test nor validation",
    passed: problems.length === 0,
    detail:
      problems.length > 0
        ? problems.join("; ")
        : `began with ${origins.map(originText).join("; before that ")}`,
    ...(offending.length > 0 && { clips: offending }),
  };
}

const REMEDY = "begin with a model of the same fold, without refit, or of other corpora";

function heardWith(
  plan: Plan,
  fold: Split,
  digest: string,
  origin: Origin,
): { problem?: string; ids: string[] } {
  const clipsOf = partsIn(plan, fold);
  const judging = [...clipsOf.test, ...clipsOf.validation];
  const shared = [...new Set(judging.map(({ corpus }) => corpus))].filter((name) =>
    origin.corpora.includes(name),
  );
  if (shared.length === 0) return { ids: [] };
  const same = origin.clips === digest;
  const heard = same ? clipsOf : publishedParts(origin);
  if (!heard)
    return {
      problem: `heard clips of ${shared.join(", ")}, which is tested here, and which of them is not known: ${REMEDY}`,
      ids: [],
    };
  const own = (list: readonly Clip[]) => list.filter(({ corpus }) => shared.includes(corpus));
  const judged = own([...heard.train, ...heard.validation, ...(origin.refit ? heard.refit : [])]);
  const trained = origin.refit ? judged : own(heard.train);
  // Within one fold the protocol itself keeps the parts apart.
  const test = same ? [] : sharing(clipsOf.test, judged, () => plan.apart);
  const { validationApart, validationApartIn = {} } = plan;
  const groups = ({ corpus }: Clip) => validationApartIn[corpus] ?? validationApart;
  const validation = same && !origin.refit ? [] : sharing(clipsOf.validation, trained, groups);
  const parts = [
    ...(test.length > 0 ? [`${test.length} of the ${clipsOf.test.length} test clips`] : []),
    ...(validation.length > 0
      ? [`${validation.length} of the ${clipsOf.validation.length} validation clips`]
      : []),
  ];
  if (parts.length === 0) return { ids: [] };
  return {
    problem: `heard ${parts.join(" and ")}, or others of their ${plan.apart.join(", ") || "kind"}: ${REMEDY}`,
    ids: [...test, ...validation].map(({ id }) => id),
  };
}

type ClipParts = Record<Exclude<Place, undefined>, Clip[]>;

function partsIn(plan: Plan, fold: Split): ClipParts {
  const clipOf = new Map(plan.clips.map((clip) => [clip.id, clip]));
  const pick = (ids: readonly string[]) => ids.flatMap((id) => clipOf.get(id) ?? []);
  const { train, validation, test, refit = [] } = fold;
  return { train: pick(train), validation: pick(validation), test: pick(test), refit: pick(refit) };
}

/** The parts of a protocol, planned from the published file names; `undefined` if they are not certain. */
function publishedParts({ protocol, fold: name, corpora }: Origin): ClipParts | undefined {
  if (protocol === undefined) return undefined;
  try {
    const clips = publishedClips(corpora).map((clip) => ({ ...clip, path: "", synthetic: false }));
    const plan = protocolNamed(protocol).plan(clips);
    const there = new Set(plan.clips.map(({ corpus }) => corpus as string));
    const fold = plan.folds.find((one) => one.name === name);
    // A random split depends on which clips were available.
    if (!fold || plan.leaky || corpora.some((corpus) => !there.has(corpus))) return undefined;
    return partsIn(plan, fold);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}

/** The clips that also occur in `heard`, or share a group with a clip of it. */
function sharing(
  clips: readonly Clip[],
  heard: readonly Clip[],
  groupsFor: (clip: Clip) => readonly Group[],
): Clip[] {
  const key = (clip: Clip, group: Group) => {
    const own = groupOf(clip, group);
    return own === undefined ? [] : [`${group} ${own}`];
  };
  const there = new Set(heard.flatMap((clip) => [clip.id, ...GROUPS.flatMap((group) => key(clip, group))]));
  return clips.filter(
    (clip) =>
      there.has(clip.id) || groupsFor(clip).some((group) => key(clip, group).some((one) => there.has(one))),
  );
}
