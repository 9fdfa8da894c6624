import { groupBy } from "../base/group.js";
import { random } from "../base/random.js";
import type { Clip } from "../corpora/clip.js";
import { define } from "./define.js";
import { groupOf } from "./groups.js";
import type { Fold, Place, Plan, Protocol, Split } from "./types.js";

/**
 * The matched twin of a protocol that keeps speakers and sentences apart: the same test and validation clips, and as many
 * training clips of each speaker and class, but drawn over all sentences. The difference between the two is then due to the
 * sentences, not to the number of clips.
 */
export function matched(strict: Protocol): Protocol {
  const { name, validationApart } = strict;
  const spoken = validationApart.includes("speaker") ? (["speaker"] as const) : validationApart;
  return define(
    {
      ...strict,
      name: twinName(name),
      description: `${strict.description}. Matched twin: as many clips of each speaker and class train, drawn over all sentences`,
      apart: ["speaker"],
      validationApart: spoken,
    },
    (clips) => {
      const plan = strict.plan(clips);
      return plan.folds.map((fold) => drawn(plan, fold, twinName(name)));
    },
  );
}

/** `savee/speaker-sentence?match`, `grouped/own?group=speaker,sentence&folds=5&match`. */
function twinName(name: string): string {
  return `${name}${name.includes("?") ? "&" : "?"}match`;
}

function drawn(plan: Plan, fold: Split, name: string): Fold {
  const clipOf = new Map(plan.clips.map((clip) => [clip.id, clip]));
  const places = new Map<string, Place>();
  for (const part of ["test", "validation"] as const) for (const id of fold[part]) places.set(id, part);
  const kind = ({ corpus, speaker, emotion }: Clip) => `${corpus}/${speaker}/${emotion}`;
  const sharing = sharesWithValidation(plan, fold);
  const draw = (list: "train" | "refit", from: readonly Clip[]) => {
    const wanted = groupBy(fold[list] ?? [], (id) => kind(clipOf.get(id)!));
    const free = groupBy(
      from.filter(({ id }) => !places.has(id)),
      kind,
    );
    for (const [key, ids] of wanted) {
      const order = random(`${name}/${fold.name}/${list}/${key}`).shuffle(free.get(key)!);
      for (const { id } of order.slice(0, ids.length)) places.set(id, list);
    }
  };
  draw(
    "train",
    plan.clips.filter((clip) => !sharing(clip)),
  );
  draw("refit", plan.clips);
  return {
    description: `${fold.description}; as many clips train, of all sentences`,
    placeOf: ({ id }) => places.get(id),
  };
}

/** Whether a clip shares a sentence with the validation part, when sentences alone keep train and validation apart. */
function sharesWithValidation({ clips, validationApart, validationApartIn = {} }: Plan, fold: Split) {
  const validation = new Set(fold.validation);
  const said = new Set(clips.filter(({ id }) => validation.has(id)).map((clip) => groupOf(clip, "sentence")));
  return (clip: Clip) => {
    const own = validationApartIn[clip.corpus] ?? validationApart;
    return !own.includes("speaker") && said.has(groupOf(clip, "sentence"));
  };
}
