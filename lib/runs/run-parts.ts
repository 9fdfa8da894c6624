import { groupBy } from "../base/group.js";
import { KNOWN_CORPORA } from "../corpora/clip.js";
import { readablePart } from "../protocols/split.js";
import { publishedPlan } from "./published-plan.js";
import type { RunRecord, StoredRun } from "./record.js";

/** The size of a part within a corpus. */
export interface PartSize {
  speakers: number;
  clips: number;
}

/** The parts of one corpus. */
export interface CorpusParts {
  corpus: string;
  /** Absent if the training clips are not known. */
  train?: PartSize;
  validation: PartSize;
  test: PartSize;
}

interface Spoken {
  corpus: string;
  /** `corpus/speaker`. */
  speaker: string;
}

/**
 * Speakers and clips of each corpus in each part of a run. Validation and test are counted in the predictions; the training
 * clips are those of {@link publishedPlan}, which does not know them for your own clips.
 *
 * @example partsOfRun(await readRun("results/runs/a")).map(({ corpus, train }) => `${corpus}: ${train?.clips}`)
 */
export function partsOfRun({ record, predictions }: StoredRun): CorpusParts[] {
  const trained = trainingClips(record);
  const sizeIn = (clips: readonly Spoken[], corpus: string): PartSize => {
    const own = clips.filter((clip) => clip.corpus === corpus);
    return { speakers: new Set(own.map(({ speaker }) => speaker)).size, clips: own.length };
  };
  const parts = groupBy(predictions, ({ part }) => part);
  return inOrder(record.corpora).map((corpus) => ({
    corpus,
    ...(trained && { train: sizeIn(trained, corpus) }),
    validation: sizeIn(parts.get("validation") ?? [], corpus),
    test: sizeIn(parts.get("test") ?? [], corpus),
  }));
}

/** Known corpora first, in the library's order, then the others by name. */
function inOrder(corpora: readonly string[]): string[] {
  const known: readonly string[] = KNOWN_CORPORA;
  return [
    ...known.filter((name) => corpora.includes(name)),
    ...corpora.filter((name) => !known.includes(name)).sort(),
  ];
}

function trainingClips(record: RunRecord): Spoken[] | undefined {
  const known = publishedPlan(record);
  if (!known) return undefined;
  const { plan, fold } = known;
  const left = new Set(record.broken.map(({ id }) => id));
  const train = new Set(readablePart(fold, { has: (id) => !left.has(id) }).train);
  return plan.clips
    .filter(({ id }) => train.has(id))
    .map(({ corpus, speaker }) => ({ corpus, speaker: `${corpus}/${speaker}` }));
}
