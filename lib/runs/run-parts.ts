import { UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { CORPORA } from "../corpora/clip.js";
import { publishedClips } from "../corpora/registry.js";
import { protocolNamed } from "../protocols/registry.js";
import { readablePart } from "../protocols/split.js";
import { type RunRecord, runName, type StoredRun } from "./record.js";

/** How much of a corpus is in a part. */
export interface PartSize {
  speakers: number;
  clips: number;
}

/** The parts of one corpus. */
export interface CorpusParts {
  corpus: string;
  /** Absent where the record does not prove which clips trained. */
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
 * Speakers and clips of each corpus in each part of a run. Validation and test are counted in the predictions. A run does
 * not list the clips that trained: its protocol is applied to the published names of all clips, and the result counts only
 * where its digest is the one in the record. So it is absent for clips of one's own, and for corpora that were not complete.
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

/** The library's corpora first, in its own order, whatever the order in which they were found. */
function inOrder(corpora: readonly string[]): string[] {
  const known: readonly string[] = CORPORA;
  return [
    ...known.filter((name) => corpora.includes(name)),
    ...corpora.filter((name) => !known.includes(name)).sort(),
  ];
}

function trainingClips(record: RunRecord): Spoken[] | undefined {
  const { settings, split, clips: digest, broken } = record;
  // Which clips the perceived emotion leaves out is known only where the listeners' ratings are.
  if (settings.target === "perceived") return undefined;
  try {
    // Protocols that take whatever corpora there are had these.
    const clips = publishedClips()
      .filter(({ corpus }) => record.corpora.includes(corpus))
      .map((name) => ({ ...name, path: "", synthetic: record.synthetic }));
    const plan = protocolNamed(split.name).plan(clips);
    const fold = plan.folds.find(({ name }) => name === split.fold);
    if (!fold || runName(settings, fold, plan.clips).clips !== digest) return undefined;
    const left = new Set(broken.map(({ id }) => id));
    const train = new Set(readablePart(fold, { has: (id) => !left.has(id) }).train);
    return plan.clips
      .filter(({ id }) => train.has(id))
      .map(({ corpus, speaker }) => ({ corpus, speaker: `${corpus}/${speaker}` }));
  } catch (error) {
    // A protocol that is not there any more, or that knows none of these corpora.
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
