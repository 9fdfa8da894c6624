import { UserError } from "../base/errors.js";
import type { Clip } from "../corpora/clip.js";
import { findEncoder } from "../encoders/store.js";
import type { FeatureSettings } from "../features/settings.js";
import { openTable } from "../features/table-settings.js";
import { type AuditCheck, assertAudit, auditOf, auditPlaces } from "../protocols/audit.js";
import { PARTS, type Plan, type Split } from "../protocols/types.js";
import { checkTrainable } from "../training/train.js";
import { auditBeginning, type KnownBeginning, readBeginning } from "./beginning.js";
import { type RunSettings, runName } from "./record.js";

/** What a run is of. */
export interface Possible {
  plan: Plan;
  fold: Split;
  settings: RunSettings;
}

/**
 * Refuses a run that cannot end well, before its features are made: settings that its clips, features or model do not allow, a
 * part without clips, a split or initial weights that leak, an encoder or a table that is not there. What only the samples show
 * is audited later.
 *
 * @param from folder of the model whose weights the settings begin with; default: they are looked for
 * @returns the initial weights, if the settings name some
 * @throws {UserError} with the reason
 */
export async function assertPossible(
  { plan, fold, settings }: Possible,
  from?: string,
): Promise<KnownBeginning | undefined> {
  const { training, features } = settings;
  for (const part of PARTS)
    if (fold[part].length === 0)
      throw new UserError(`${plan.protocol}, fold ${fold.name}: there are no clips for its ${part} part`);
  checkTrainable(features, training, { train: clipsOf(plan, fold.train), test: clipsOf(plan, fold.test) });
  await assertThere(features);
  const beginning = training.from === undefined ? undefined : await readBeginning(settings, from);
  const digest = runName(settings, fold, plan.clips).clips;
  const begun = beginning ? [auditBeginning(plan, fold, digest, beginning.origins)] : [];
  assertAudit(auditOf([...placesOf(plan, fold), ...begun], plan.leaky));
  return beginning;
}

/** Runs of one fold share what depends on its clips alone. */
const audited = new WeakMap<Split, AuditCheck[]>();

function placesOf(plan: Plan, fold: Split): AuditCheck[] {
  const known = audited.get(fold) ?? auditPlaces(plan, fold);
  audited.set(fold, known);
  return known;
}

function clipsOf({ clips }: Plan, ids: readonly string[]): Clip[] {
  const wanted = new Set(ids);
  return clips.filter(({ id }) => wanted.has(id));
}

/** @throws {UserError} when the encoder or the table of the features is not on this machine */
async function assertThere(features: FeatureSettings): Promise<void> {
  if (features.kind === "encoder") await findEncoder(features.encoder);
  if (features.kind === "table") openTable(features);
}
