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

/**
 * The names of the protocols. {@link protocolNamed} takes further names, too: those with settings, such as
 * `grouped/CORPUS?group=...&folds=...` or `.../speaker-sentence?match`, and cross-corpus protocols with a corpus that is not
 * in English, such as `cross-corpus/emodb-emovo`.
 *
 * @example PROTOCOLS.filter((name) => name.startsWith("ravdess/")).includes("ravdess/emobox"); // => true
 */
export const PROTOCOLS: readonly string[] = FIXED.map(({ name }) => name);

/** The forms of further names. */
export const WITH_SETTINGS: readonly string[] = [
  "cross-corpus/CORPUS-CORPUS",
  "CORPUS/speaker-sentence?match",
  "grouped/CORPUS?group=speaker&folds=5",
  "grouped/CORPUS?group=speaker,sentence&folds=5&match",
  "given/CORPUS?apart=speaker",
];

/**
 * The protocol with a given name:
 *
 * - one of {@link PROTOCOLS};
 * - `grouped/CORPUS?group=speaker&folds=5&calm=merge`, for any corpus and any group, or two groups (`speaker,sentence`);
 *   these are the defaults;
 * - `given/CORPUS?apart=speaker`, the column `split` of a manifest;
 * - `cross-corpus/emodb-emovo`, for any two known corpora;
 * - `held-out?calm=keep`;
 * - `savee/speaker-sentence?match`, the matched twin of a protocol that keeps speakers and sentences apart.
 *
 * A version may follow: `ravdess/7@1`.
 *
 * @throws {UsageError} for an unknown name, listing the known ones, and for a version that is not available
 * @example
 * const { plan } = protocolNamed("ravdess/emobox");
 * const { folds, classes } = plan(await loadClips("data", { names: ["ravdess"], calm: "keep" }));
 * [folds.length, classes.length]; // => [6, 8]
 */
export function protocolNamed(name: string): Protocol {
  const [, bare = name, version] = /^(.*)@(\d+)$/.exec(name) ?? [];
  const protocol = find(bare, version === "1" ? 1 : 2);
  if (version === undefined || Number(version) === protocol.version) return protocol;
  throw new UsageError(`${name} is not available: ${bare} has version ${protocol.version}, with other parts`);
}

/** @param drawn the version, for protocols that draw their parts */
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
