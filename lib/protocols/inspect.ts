import { byText } from "../base/text.js";
import { type Audit, auditSplit } from "./audit.js";
import { groupOf } from "./groups.js";
import { readablePart } from "./split.js";
import type { Plan } from "./types.js";

/** One part of a fold in numbers. */
export interface PartSummary {
  clips: number;
  /** `corpus/speaker`, sorted. */
  speakers: string[];
  /** Clips of each class of the plan. */
  classes: Record<string, number>;
}

/** One fold in numbers, with its audit. */
export interface FoldSummary {
  name: string;
  description: string;
  train: PartSummary;
  validation: PartSummary;
  test: PartSummary;
  /** What only a refit trains on besides; absent where there is none. */
  refit?: PartSummary;
  audit: Audit;
}

/**
 * What is in the folds of a plan, and whether they leak.
 *
 * @param samples SHA-256 of the samples of each clip that can be read, by id; the others are left out
 * @example const folds = inspectPlan(plan, (await sampleHashes(plan.clips)).samples);
 */
export function inspectPlan(plan: Plan, samples: ReadonlyMap<string, string>): FoldSummary[] {
  const clipOf = new Map(plan.clips.map((clip) => [clip.id, clip]));
  const summarize = (ids: readonly string[]): PartSummary => {
    const clips = ids.map((id) => clipOf.get(id)!);
    const speakers = [...new Set(clips.map((clip) => groupOf(clip, "speaker")!))].sort(byText);
    const counts = plan.classes.map((name) => [name, clips.filter(({ emotion }) => emotion === name).length]);
    return { clips: clips.length, speakers, classes: Object.fromEntries(counts) };
  };
  return plan.folds.map((fold) => {
    const split = readablePart(fold, samples);
    return {
      name: split.name,
      description: split.description,
      train: summarize(split.train),
      validation: summarize(split.validation),
      test: summarize(split.test),
      ...(split.refit && { refit: summarize(split.refit) }),
      audit: auditSplit(plan, split, samples),
    };
  });
}
