import { UsageError } from "../base/errors.js";
import { type Calm, type Clip, CORPORA } from "../corpora/clip.js";
import type { Group } from "./groups.js";
import { combined } from "./protocols/combined.js";
import { audeering } from "./protocols/cremad.js";
import { CROSS_CORPUS } from "./protocols/cross-corpus.js";
import { grouped } from "./protocols/grouped.js";
import { heldOut } from "./protocols/held-out.js";
import { randomly } from "./protocols/random.js";
import { emobox, ravdess7 } from "./protocols/ravdess.js";
import { loso } from "./protocols/savee.js";
import { sentenceIndependent } from "./protocols/sentence-independent.js";
import { crossSpeaker } from "./protocols/tess.js";
import { WITH_OTHERS } from "./protocols/with-others.js";
import type { Split } from "./split.js";

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

const FIXED: readonly Protocol[] = [
  heldOut(),
  audeering,
  emobox,
  ravdess7,
  loso,
  crossSpeaker,
  ...WITH_OTHERS,
  combined,
  ...CORPORA.map(sentenceIndependent),
  ...CROSS_CORPUS,
  ...CORPORA.map(randomly),
];

/** The names of all protocols but those with settings: `grouped/CORPUS?group=...&folds=...`. */
export const PROTOCOLS: readonly string[] = FIXED.map(({ name }) => name);

/**
 * The protocol of a name: one of {@link PROTOCOLS}, `grouped/CORPUS?group=speaker&folds=5&calm=merge` (any corpus, any
 * of the groups; what is left out has these values), or `held-out?calm=keep`. A version may follow: `ravdess/7@1`.
 *
 * @throws {UsageError} listing the names, when there is none; or when it has another version
 * @example const { folds, classes } = protocolNamed("ravdess/emobox").plan(await loadClips("data", { calm: "keep" }));
 */
export function protocolNamed(name: string): Protocol {
  const [, bare = name, version] = /^(.*)@(\d+)$/.exec(name) ?? [];
  const protocol = find(bare);
  if (version === undefined || Number(version) === protocol.version) return protocol;
  throw new UsageError(
    `${name} is not there any more: ${bare} has version ${protocol.version}, whose parts are others`,
  );
}

function find(name: string): Protocol {
  const fixed = FIXED.find((protocol) => protocol.name === name);
  if (fixed) return fixed;
  const [path = "", query] = name.split("?");
  if (path === "held-out") return heldOut(query);
  if (path.startsWith("grouped/")) return grouped(path.slice("grouped/".length), query);
  throw new UsageError(
    `there is no protocol "${name}". There are:\n  ${[...PROTOCOLS, "grouped/CORPUS?group=speaker&folds=5"].join("\n  ")}`,
  );
}
