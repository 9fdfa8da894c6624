/**
 * The seven emotions, in the order of every table and output. `calm` (RAVDESS only) follows them where it is kept.
 *
 * @example
 * EMOTIONS.indexOf("neutral"); // => 6
 */
export const EMOTIONS = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"] as const;

/** One of {@link EMOTIONS}. */
export type Emotion = (typeof EMOTIONS)[number];

/**
 * The four English corpora: those of the protocol `combined` and of the cross-corpus protocols, and those that have synthetic
 * stand-ins.
 *
 * @example
 * CORPORA.join(", "); // => "ravdess, tess, savee, cremad"
 */
export const CORPORA = ["ravdess", "tess", "savee", "cremad"] as const;

/** One of {@link CORPORA}. */
export type CorpusName = (typeof CORPORA)[number];

/**
 * All corpora that the library knows: the four English ones, then those in other languages.
 *
 * @example
 * KNOWN_CORPORA.slice(CORPORA.length); // => ["emodb", "emovo", "urdu"]
 */
export const KNOWN_CORPORA = [...CORPORA, "emodb", "emovo", "urdu"] as const;

/** One of {@link KNOWN_CORPORA}. */
export type KnownCorpus = (typeof KNOWN_CORPORA)[number];

/** How to treat RAVDESS's calm: merge it into neutral (the default), drop its clips, or keep it as an eighth class. */
export type Calm = "merge" | "drop" | "keep";

/** What a clip's file name says about it; no file is read for this. */
export interface ClipName {
  /** `corpus/name`, the same in every layout: `ravdess/03-01-06-01-02-01-12`. */
  id: string;
  /** A {@link KnownCorpus}, or the name of your own corpus. */
  corpus: string;
  speaker: string;
  sex?: "female" | "male";
  /** Years. Known for CREMA-D and EMO-DB, which publish their actors' ages. */
  age?: number;
  /** The class: one of {@link EMOTIONS}, `calm`, or a label that only this corpus has, such as `boredom`. */
  emotion: string;
  /** The corpus's own word or code for the emotion: `calm`, `ps`, `HAP`. */
  label: string;
  intensity?: "low" | "medium" | "high" | "normal" | "strong";
  /** Text of the sentence, where it is known. */
  sentence?: string;
  /** The sentence's code in the corpus: `01`, `back`, `IEO`. */
  sentenceId?: string;
  repetition?: number;
  /** Id of the clip that this one is an altered copy of (augmented, transcoded, cut). Both go into the same part of a split. */
  parent?: string;
}

/** One utterance on disk. */
export interface Clip extends ClipName {
  /** Path of the file. Never stored in results. */
  path: string;
  /** True for speech that the library synthesized, false for recordings. */
  synthetic: boolean;
  /** Start of the clip in its file, s; default: the start of the file. */
  start?: number;
  /** End of the clip in its file, s; default: the end of the file. */
  end?: number;
  /** The part that the corpus's authors assigned; used by the protocols `given/CORPUS`. */
  split?: "train" | "validation" | "test";
  /** Number of raters who chose each class, where there were several raters. */
  votes?: Readonly<Record<string, number>>;
}
