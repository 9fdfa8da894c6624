import { ravdess } from "../corpora/ravdess.js";
import { assertSpeakers, define, parts, saidBy } from "./define.js";
import type { Fold, Protocol } from "./types.js";

/**
 * The test speakers of EmoBox's six folds of RAVDESS (Ma et al., "EmoBox: Multilingual Multi-corpus Speech Emotion
 * Recognition Toolkit and Benchmark", Interspeech 2024; https://github.com/emo-box/EmoBox).
 */
export const EMOBOX_FOLDS: readonly (readonly string[])[] = [
  ["01", "11", "20", "21"],
  ["04", "10", "12", "14"],
  ["08", "09", "19", "23"],
  ["03", "05", "07", "24"],
  ["02", "15", "16", "18"],
  ["06", "13", "17", "22"],
];

const SOURCE =
  "Ma et al., EmoBox, Interspeech 2024 (https://github.com/emo-box/EmoBox): test parts; validation fixed here";

/** EmoBox's folds with all eight classes. */
export const emobox = sixFolds("ravdess/emobox", {
  calm: "keep",
  description: "RAVDESS's 24 actors in six folds of four; calm is the eighth class",
});

/** EmoBox's folds with calm merged into neutral. */
export const ravdess7 = sixFolds("ravdess/7", {
  calm: "merge",
  description:
    "RAVDESS's 24 actors in EmoBox's six folds of four; calm is merged into neutral: seven classes",
});

function sixFolds(name: string, facts: Pick<Protocol, "calm" | "description">): Protocol {
  const rest = {
    version: 1,
    source: SOURCE,
    corpora: ["ravdess"],
    apart: ["speaker"],
    validationApart: ["speaker"],
    leaky: false,
  } as const;
  return define({ name, ...rest, ...facts }, (clips) => {
    assertSpeakers(name, "ravdess", clips, ravdess.speakers);
    return EMOBOX_FOLDS.map((_, i) => foldOf(i));
  });
}

/** EmoBox does not define validation parts: here the test speakers of the next fold validate. */
function foldOf(i: number): Fold {
  const test = EMOBOX_FOLDS[i]!;
  const validation = EMOBOX_FOLDS[(i + 1) % EMOBOX_FOLDS.length]!;
  return {
    description: `test actors ${test.join(" ")}, validation ${validation.join(" ")}`,
    placeOf: parts(saidBy(test), saidBy(validation)),
  };
}
