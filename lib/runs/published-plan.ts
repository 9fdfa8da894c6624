import { UserError } from "../base/errors.js";
import { publishedClips } from "../corpora/registry.js";
import { protocolNamed } from "../protocols/registry.js";
import type { Plan, Split } from "../protocols/types.js";
import { type RunRecord, runName } from "./record.js";

/**
 * Reconstructs the plan and fold of a run from the published file names of its corpora. A run does not list its training
 * clips; the reconstruction is accepted only if its digest is the one in the record.
 *
 * @returns `undefined` for your own clips, for incomplete corpora, and for the perceived emotion, which needs the listeners'
 *   ratings
 * @example publishedPlan(record)?.fold.train.length
 */
export function publishedPlan(
  record: Pick<RunRecord, "settings" | "split" | "clips" | "corpora" | "synthetic">,
): { plan: Plan; fold: Split } | undefined {
  const { settings, split, clips: digest, corpora, synthetic } = record;
  if (settings.target === "perceived") return undefined;
  try {
    // For protocols that take any corpora, these are the run's.
    const clips = publishedClips(corpora).map((name) => ({ ...name, path: "", synthetic }));
    const plan = protocolNamed(split.name).plan(clips);
    const fold = plan.folds.find(({ name }) => name === split.fold);
    if (!fold || runName(settings, fold, plan.clips).clips !== digest) return undefined;
    return { plan, fold };
  } catch (error) {
    // The protocol no longer exists, or has none of these corpora.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
