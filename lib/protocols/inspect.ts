import { byText } from "../base/text.js";
import { type Audit, auditSplit } from "./audit.js";
import { groupOf } from "./groups.js";
import { readablePart } from "./split.js";
import type { Plan } from "./types.js";

/** Size, speakers and classes of one part of a fold. */
export interface PartSummary {
  clips: number;
  /** `corpus/speaker`, sorted. */
  speakers: string[];
  /** Number of clips of each class of the plan. */
  classes: Record<string, number>;
}

/** The parts of one fold, and its audit. */
export interface FoldSummary {
  name: string;
  description: string;
  train: PartSummary;
  validation: PartSummary;
  test: PartSummary;
  /** The clips that only a refit trains on; absent when there are none. */
  refit?: PartSummary;
  audit: Audit;
}

/**
 * Summarises the folds of a plan, each with its {@link auditSplit}.
 *
 * @param samples SHA-256 of the samples of each readable clip, by id (`sampleHashes`); other clips are left out
 * @example
 * const plan = protocolNamed("savee/loso").plan(await loadClips("data", { names: ["savee"] }));
 * const { samples } = await sampleHashes(plan.clips);
 * const [first] = inspectPlan(plan, samples);
 * first.test.speakers; // => ["savee/JE"]
 * [first.train.clips, first.validation.clips, first.test.clips]; // => [240, 120, 120]
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
