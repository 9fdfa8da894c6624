/**
 * Corpora: finding and checking them, their clips and labels, and the ratings of CREMA-D's listeners.
 *
 * @module corpora
 */

export { type CorpusNote, type CorpusReport, checkCorpora } from "./check.js";
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
export { downloadCorpora } from "./download.js";
export { labelsFrom } from "./labels.js";
export { readManifest } from "./manifest.js";
export { type ClipRatings, findRatings, perceivedEmotions, RATED_EMOTIONS, readRatings } from "./ratings.js";
export { applyCalm, classesOf, corpora, type FoundCorpus, findCorpora, loadClips } from "./registry.js";
export { findClips } from "./synthetic/stand-in.js";
export { synthesizeCorpora } from "./synthetic/synthetic.js";
