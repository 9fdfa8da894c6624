/** The seven emotions, in the order of every table and output; `calm` (RAVDESS only) comes after them. */
export const EMOTIONS = ["anger", "disgust", "fear", "happiness", "sadness", "surprise", "neutral"] as const;

export type Emotion = (typeof EMOTIONS)[number];

/** The four corpora in English: what `combined` and the protocols with others take, and what the stand-ins are of. */
export const CORPORA = ["ravdess", "tess", "savee", "cremad"] as const;

export type CorpusName = (typeof CORPORA)[number];

/** All corpora the library knows by name: the four, then those in other languages. */
export const KNOWN_CORPORA = [...CORPORA, "emodb", "emovo", "urdu"] as const;

export type KnownCorpus = (typeof KNOWN_CORPORA)[number];

/** What becomes of RAVDESS's calm: merged into neutral (the default), dropped, or kept as an eighth class. */
export type Calm = "merge" | "drop" | "keep";

/** What a clip's file name says of it, before anything is read from the disk. */
export interface ClipName {
  /** `corpus/name`, the same in every layout: `ravdess/03-01-06-01-02-01-12`. */
  id: string;
  /** A {@link KnownCorpus}, or the name of a researcher's own corpus. */
  corpus: string;
  speaker: string;
  sex?: "female" | "male";
  /** Years; CREMA-D and EMO-DB, where the actors' ages are published. */
  age?: number;
  /** The class: one of {@link EMOTIONS}, `calm`, or a label of a corpus's own, such as `boredom`. */
  emotion: string;
  /** The corpus's own word or code: `calm`, `ps`, `HAP`. */
  label: string;
  intensity?: "low" | "medium" | "high" | "normal" | "strong";
  /** The sentence's text, where it is known. */
  sentence?: string;
  /** The sentence's code in the corpus: `01`, `back`, `IEO`. */
  sentenceId?: string;
  repetition?: number;
  /** The id of the clip that this one is an altered copy of (augmented, transcoded, cut): both stay in one part. */
  parent?: string;
}

/** One utterance on the disk. */
export interface Clip extends ClipName {
  /** Where the file is; never stored in results. */
  path: string;
  /** Made by the library's own voice, not recorded from a person. */
  synthetic: boolean;
  /** Where the clip begins in its file, seconds; absent: where the file does. */
  start?: number;
  /** Where it ends, seconds; absent: where the file does. */
  end?: number;
  /** The part that the corpus's makers put it in; the protocols `given/CORPUS` go by it. */
  split?: "train" | "validation" | "test";
  /** How many raters heard which class, where several did. */
  votes?: Readonly<Record<string, number>>;
}
