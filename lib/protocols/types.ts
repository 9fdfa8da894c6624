import type { Calm, Clip } from "../corpora/clip.js";
import type { Normaliser } from "../features/normalise.js";

/** What clips can be kept apart by. */
export const GROUPS = ["speaker", "sentence", "sex", "age", "intensity", "repetition"] as const;

export type Group = (typeof GROUPS)[number];

export const PARTS = ["train", "validation", "test"] as const;
export type PartName = (typeof PARTS)[number];

/** All lists of a fold: its parts, and the clips that only a refit trains on. */
export const LISTS = [...PARTS, "refit"] as const;
type ListName = (typeof LISTS)[number];

/** Where a clip is in a fold: in one of its lists, or nowhere, since it shares something with the test part. */
export type Place = ListName | undefined;

/** One fold: where a clip is. */
export interface Fold {
  description: string;
  placeOf(clip: Clip): Place;
}

/** Which clips train, which choose the epoch, and which are looked at once, at the end. Clip ids. */
export interface Split {
  name: string;
  /** How the parts were made, in words. */
  description: string;
  train: string[];
  validation: string[];
  test: string[];
  /**
   * Clips that share nothing with the test part but something with the validation part: they are in no part while settings
   * are chosen, and a refit trains on them as well. Absent where there are none.
   */
  refit?: string[];
}

/** A named way to split corpora, so that figures of different people can be compared. */
export interface Protocol {
  /** `ravdess/emobox`, `cross-corpus/ravdess-tess`, `grouped/savee?group=speaker&folds=4`. */
  name: string;
  /** Raised when the parts change. */
  version: number;
  /** A citation, or "fixed here" for what no one published. */
  source: string;
  description: string;
  /** The corpora it needs; empty for whatever there is. */
  corpora: readonly string[];
  calm: Calm;
  /** What test shares with neither train nor validation. */
  apart: readonly Group[];
  /** What validation does not share with train. */
  validationApart: readonly Group[];
  /** The corpora in which validation and train are apart by something else. */
  validationApartIn?: Readonly<Record<string, readonly Group[]>>;
  /** Only to show what leakage pretends: what `apart` claims is what an honest split would hold, and does not hold. */
  leaky: boolean;
  /**
   * One fold's validation part is too small to choose by: the epoch and the penalty of all folds are those with the best
   * mean validation UAR over the folds.
   */
  together?: boolean;
  /**
   * Splits clips. The result does not depend on their order.
   *
   * @param clips as `loadClips(root, { calm: "keep" })` gives them; those of other corpora are left out
   * @throws {UserError} when a corpus, a speaker or whatever else it needs is not there
   */
  plan(clips: readonly Clip[]): Plan;
}

/** A protocol applied to clips. */
export interface Plan {
  /** `name@version`. */
  protocol: string;
  leaky: boolean;
  /** As in {@link Protocol}. */
  together?: boolean;
  description: string;
  apart: readonly Group[];
  validationApart: readonly Group[];
  validationApartIn?: Readonly<Record<string, readonly Group[]>>;
  /** All clips of the folds, sorted by id; calm is what the protocol makes of it, other classes are left out. */
  clips: Clip[];
  /** In the order of the model's outputs. */
  classes: string[];
  /** Named "1", "2", ...; ids are sorted. */
  folds: Split[];
}

/** Which clips something was done with: how many, and {@link setDigest} of their ids. */
export interface ClipSet {
  clips: number;
  digest: string;
}

/** The epoch with the best mean validation UAR over the folds of a protocol; of a baseline, what is tried at that place. */
export interface ChosenTogether {
  epoch: number;
  /** The mean. */
  validationUar: number;
  folds: number;
}

/** What a training leaves behind of which the audit can tell whether it heard what it should not have. */
export interface TrainingTrace {
  /** How a clip's features become the network's input. */
  input: { normaliser: Normaliser };
  /** The clips that variants were made from and trained on, sorted ids. */
  augmented: readonly string[];
  /** After a refit, the clips that the network was trained on in the end. */
  refitted?: ClipSet;
  /** The clips whose UAR is in the history. */
  judgedOn: ClipSet;
  history: readonly { epoch: number; validationUar: number }[];
  /** The epoch whose weights were kept. */
  bestEpoch: number;
  /** Where the folds of the protocol choose together, what they chose. */
  together?: ChosenTogether;
  /** What the kept weights reach on validation. */
  validation: { truth: readonly number[]; metrics: { uar: number } };
}
