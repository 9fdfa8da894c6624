import { UsageError } from "../base/errors.js";
import { meant } from "../base/schema.js";
import { CORPORA } from "../corpora/clip.js";
import { combined } from "./combined.js";
import { audeering } from "./cremad.js";
import { CROSS_CORPUS, crossCorpusNamed } from "./cross-corpus.js";
import { emodbLoso } from "./emodb.js";
import { emovoLoso } from "./emovo.js";
import { given } from "./given.js";
import { grouped } from "./grouped.js";
import { heldOut } from "./held-out.js";
import { matched } from "./matched.js";
import { isSet, queryOf } from "./query.js";
import { randomly } from "./random.js";
import { emobox, ravdess7 } from "./ravdess.js";
import { loso } from "./savee.js";
import { sentenceIndependent } from "./sentence-independent.js";
import { SPEAKER_SENTENCE } from "./speaker-sentence.js";
import { crossSpeaker } from "./tess.js";
import type { Protocol } from "./types.js";
import { urduSpeakers } from "./urdu.js";
import { WITH_OTHERS } from "./with-others.js";

const FIXED: readonly Protocol[] = [
  heldOut(),
  audeering,
  emobox,
  ravdess7,
  loso,
  crossSpeaker,
  emodbLoso,
  emovoLoso,
  urduSpeakers,
  ...WITH_OTHERS,
  combined,
  ...CORPORA.map(sentenceIndependent),
  ...SPEAKER_SENTENCE,
  ...CROSS_CORPUS,
  ...CORPORA.map(randomly),
];

/** The names of all protocols but those across two corpora of which one is not in English, `cross-corpus/emodb-emovo`, and those with settings: `grouped/CORPUS?group=...&folds=...`, `.../speaker-sentence?match`. */
export const PROTOCOLS: readonly string[] = FIXED.map(({ name }) => name);

/** What further names look like. */
export const WITH_SETTINGS: readonly string[] = [
  "cross-corpus/CORPUS-CORPUS",
  "CORPUS/speaker-sentence?match",
  "grouped/CORPUS?group=speaker&folds=5",
  "grouped/CORPUS?group=speaker,sentence&folds=5&match",
  "given/CORPUS?apart=speaker",
];

/**
 * The protocol of a name: one of {@link PROTOCOLS}, `grouped/CORPUS?group=speaker&folds=5&calm=merge` (any corpus, any
 * of the groups, or two of them, as `speaker,sentence`; what is left out has these values), `given/CORPUS?apart=speaker` (the
 * column `split` of a manifest), `cross-corpus/emodb-emovo` (any two corpora), `held-out?calm=keep`, or the
 * matched twin of one that keeps speakers and sentences apart, as `savee/speaker-sentence?match`. A version may follow:
 * `ravdess/7@1`.
 *
 * @throws {UsageError} listing the names, when there is none; or when it has another version
 * @example const { folds, classes } = protocolNamed("ravdess/emobox").plan(await loadClips("data", { calm: "keep" }));
 */
export function protocolNamed(name: string): Protocol {
  const [, bare = name, version] = /^(.*)@(\d+)$/.exec(name) ?? [];
  const protocol = find(bare, version === "1" ? 1 : 2);
  if (version === undefined || Number(version) === protocol.version) return protocol;
  throw new UsageError(
    `${name} is not there any more: ${bare} has version ${protocol.version}, whose parts are others`,
  );
}

/** @param drawn the version of what draws its parts */
function find(name: string, drawn: 1 | 2): Protocol {
  const fixed = FIXED.find((protocol) => protocol.name === name);
  if (fixed && name !== "held-out") return fixed;
  const across = crossCorpusNamed(name);
  if (across) return across;
  const [path = "", query] = name.split("?");
  if (path === "held-out") return heldOut(query, drawn);
  const strict = SPEAKER_SENTENCE.find((protocol) => protocol.name === path);
  if (strict) return isSet(path, "match", queryOf(path, query, ["match"]).match) ? matched(strict) : strict;
  if (path.startsWith("given/")) return given(path.slice("given/".length), query);
  if (path.startsWith("grouped/")) return grouped(path.slice("grouped/".length), query, drawn);
  throw new UsageError(
    `there is no protocol "${name}"${meant(name, PROTOCOLS) || "."} There are:\n  ${[...PROTOCOLS, ...WITH_SETTINGS].join("\n  ")}`,
  );
}
