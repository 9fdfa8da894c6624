import { UserError } from "../base/errors.js";
import { publishedClips } from "../corpora/registry.js";
import { protocolNamed } from "../protocols/registry.js";
import type { Plan, Split } from "../protocols/types.js";
import { type RunRecord, runName } from "./record.js";

/**
 * The plan that a run was made with, from the published names of all clips of its corpora, and the run's fold. A run does
 * not list the clips that it trained on; here they are known again, where the digest of the result is the one in the record.
 *
 * @returns `undefined` for clips of one's own, for corpora that were not complete, and for the perceived emotion, which is
 *   known only where the listeners' ratings are
 * @example publishedPlan(record)?.fold.train.length
 */
export function publishedPlan(
  record: Pick<RunRecord, "settings" | "split" | "clips" | "corpora" | "synthetic">,
): { plan: Plan; fold: Split } | undefined {
  const { settings, split, clips: digest, corpora, synthetic } = record;
  if (settings.target === "perceived") return undefined;
  try {
    // Protocols that take whatever corpora there are had these.
    const clips = publishedClips(corpora).map((name) => ({ ...name, path: "", synthetic }));
    const plan = protocolNamed(split.name).plan(clips);
    const fold = plan.folds.find(({ name }) => name === split.fold);
    if (!fold || runName(settings, fold, plan.clips).clips !== digest) return undefined;
    return { plan, fold };
  } catch (error) {
    // A protocol that is not there any more, or that knows none of these corpora.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
