import type { Calm, Clip } from "../corpora/clip.js";
import type { Normaliser } from "../features/normalise.js";

/** The properties that parts can be kept apart by. */
export const GROUPS = ["speaker", "sentence", "sex", "age", "intensity", "repetition"] as const;

export type Group = (typeof GROUPS)[number];

export const PARTS = ["train", "validation", "test"] as const;
export type PartName = (typeof PARTS)[number];

/** All lists of a fold: its parts, and `refit`, the clips that only a refit trains on. */
export const LISTS = [...PARTS, "refit"] as const;
type ListName = (typeof LISTS)[number];

/** Where a clip is in a fold: in one of its lists, or in none, because it shares something with the test part. */
export type Place = ListName | undefined;

/** One fold, as a rule: where each clip is. */
export interface Fold {
  description: string;
  placeOf(clip: Clip): Place;
}

/** One fold: the ids of the clips to train on, to choose the epoch by (validation), and to test on once, at the end. */
export interface Split {
  name: string;
  /** How the parts were made, in words. */
  description: string;
  train: string[];
  validation: string[];
  test: string[];
  /**
   * Clips that share nothing with the test part but something with the validation part: they are in no part while settings
   * are chosen, and a refit trains on them as well. Absent when there are none.
   */
  refit?: string[];
}

/** A named way to split corpora into folds, so that published results can be compared. */
export interface Protocol {
  /** `ravdess/emobox`, `cross-corpus/ravdess-tess`, `grouped/savee?group=speaker&folds=4`. */
  name: string;
  /** Raised when the parts change. */
  version: number;
  /** A citation, or "fixed here" for an unpublished split. */
  source: string;
  description: string;
  /** The corpora it needs; empty for any corpora. */
  corpora: readonly string[];
  /** Whether calm is merged into neutral, dropped or kept as a class. */
  calm: Calm;
  /** What test shares with neither train nor validation. */
  apart: readonly Group[];
  /** What validation does not share with train. */
  validationApart: readonly Group[];
  /** The corpora in which validation and train are kept apart by something else. */
  validationApartIn?: Readonly<Record<string, readonly Group[]>>;
  /** The split leaks on purpose, to show the effect of leakage: `apart` says what an honest split would keep apart. */
  leaky: boolean;
  /**
   * All folds use the same epoch (or penalty): the one with the best mean validation UAR over the folds. For protocols whose
   * validation parts are too small to choose by alone.
   */
  together?: boolean;
  /**
   * Splits clips. The result does not depend on their order.
   *
   * @param clips as `loadClips(root, { calm: "keep" })` returns them; those of other corpora are left out
   * @throws {UserError} when a corpus, a speaker or anything else it needs is missing
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
  /** All clips of the folds, sorted by id, with calm treated as the protocol says; clips of other classes are left out. */
  clips: Clip[];
  /** In the order of the model's outputs. */
  classes: string[];
  /** Named "1", "2", ...; ids are sorted. */
  folds: Split[];
}

/** A set of clips: how many, and a SHA-256 of their ids that does not depend on their order. */
export interface ClipSet {
  clips: number;
  digest: string;
}

/** The epoch with the best mean validation UAR over the folds of a protocol; for a baseline, the number of the setting. */
export interface ChosenTogether {
  /** From 1. */
  epoch: number;
  /** The mean over the folds. */
  validationUar: number;
  /** Number of folds. */
  folds: number;
}

/** What a training records so that {@link auditTraining} can check which clips it used. */
export interface TrainingTrace {
  /** How a clip's features become the network's input. */
  input: { normaliser: Normaliser };
  /** The clips that variants were made from and trained on, sorted ids. */
  augmented: readonly string[];
  /** After a refit, the clips of the second training. */
  refitted?: ClipSet;
  /** The clips that the UARs of the history were measured on. */
  judgedOn: ClipSet;
  history: readonly { epoch: number; validationUar: number }[];
  /** The epoch whose weights were kept. */
  bestEpoch: number;
  /** The epoch that all folds chose together, if the protocol says so. */
  together?: ChosenTogether;
  /** The kept weights on validation. */
  validation: { truth: readonly number[]; metrics: { uar: number } };
}
