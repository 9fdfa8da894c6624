import { UsageError, UserError } from "../base/errors.js";
import { groupBy } from "../base/group.js";
import { plural } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import { define } from "./define.js";
import { assertCorpus, calmOf, queryOf } from "./query.js";
import { GROUPS, type Group, PARTS, type Protocol } from "./types.js";

/** The setting of a split that keeps nothing apart. */
const NONE = "none";

/**
 * The split that a corpus came with: the column `split` of its manifest. It is audited like any other: its parts must not
 * share speakers, or what `apart` names instead. With `apart=none` it counts as leaky: it is used as given, and its results
 * are marked. Clips without a split are left out.
 *
 * @param corpus its name in the manifest
 * @param query `apart=speaker&calm=merge`, either of which may be left out
 * @throws {UsageError} for an invalid setting
 */
export function given(corpus: string, query?: string): Protocol {
  const path = `given/${corpus}`;
  const settings = queryOf(path, query, ["apart", "calm"]);
  const apart = settings.apart ?? "speaker";
  const calm = calmOf(path, settings.calm);
  if (apart !== NONE && !(GROUPS as readonly string[]).includes(apart))
    throw new UsageError(`${path}: apart is "${apart}": it takes ${GROUPS.join(", ")} or ${NONE}`);
  assertCorpus(corpus, "given/CORPUS?apart=speaker");
  const own = [
    ...(apart === "speaker" ? [] : [`apart=${apart}`]),
    ...(calm === "merge" ? [] : [`calm=${calm}`]),
  ];
  const leaky = apart === NONE;
  const claimed: Group = leaky ? "speaker" : (apart as Group);
  return define(
    {
      ...{ name: own.length > 0 ? `${path}?${own.join("&")}` : path, version: 1, calm, leaky },
      source: "the manifest's column split",
      description: leaky
        ? `LEAKY: ${corpus} in the parts that its manifest gives, whatever they share`
        : `${corpus} in the parts that its manifest gives, apart by ${claimed}`,
      ...{ corpora: [corpus], apart: [claimed], validationApart: [claimed] },
    },
    () => [
      {
        description: "as the manifest gives it; clips without a split are in no part",
        placeOf: ({ split }) => split,
      },
    ],
    (clips) => withPart(clips, path),
  );
}

function withPart(clips: readonly Clip[], protocol: string): Clip[] {
  const parts = groupBy(
    clips.filter(({ split }) => split !== undefined),
    ({ split }) => split!,
  );
  const absent = PARTS.filter((part) => !parts.has(part));
  if (absent.length === 0) return [...parts.values()].flat();
  const some = [...parts.values()].reduce((sum, { length }) => sum + length, 0);
  if (some === 0)
    throw new UserError(`${protocol}: no clip has a split: add the column split to the manifest`);
  throw new UserError(
    `${protocol}: none of the ${plural(some, "clip")} with a split is in ${absent.join(", ")}: ` +
      "move whole speakers there, in the column split of the manifest",
  );
}
