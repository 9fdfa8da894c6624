/**
 * Corpora: finding and checking them, their clips and labels, and the ratings of CREMA-D's listeners.
 *
 * @module corpora
 */

export { type CheckOptions, type CorpusNote, type CorpusReport, checkCorpora } from "./check.js";
export type { MetadataNote } from "./check-metadata.js";
export {
  type Calm,
  type Clip,
  type ClipName,
  CORPORA,
  type CorpusName,
  EMOTIONS,
  type Emotion,
  KNOWN_CORPORA,
  type KnownCorpus,
} from "./clip.js";
export type { CorpusDefinition } from "./corpus.js";
export { type CorporaDownload, downloadCorpora } from "./download.js";
export { type Labels, labelsFrom } from "./labels.js";
export { readManifest } from "./manifest.js";
export { type ClipRatings, findRatings, perceivedEmotions, RATED_EMOTIONS, readRatings } from "./ratings.js";
export {
  applyCalm,
  type CorpusSummary,
  classesOf,
  corpora,
  type FindOptions,
  type FoundCorpus,
  findCorpora,
  type LoadOptions,
  loadClips,
} from "./registry.js";
export { type FindClipsOptions, findClips } from "./synthetic/stand-in.js";
export { type SynthesisOptions, synthesizeCorpora } from "./synthetic/synthetic.js";
export type { Unpacked } from "./unpack.js";
