import { byText } from "../base/text.js";
import type { Clip } from "../corpora/clip.js";
import { tess } from "../corpora/tess.js";
import { assertSpeakers, define, parts, saidBy } from "./define.js";

/** Every fifth of the words of the clips, sorted; `first` (0 to 4) is the index of the first one. */
export function everyFifthWord(clips: readonly Clip[], first = 2): (clip: Clip) => boolean {
  const words = [...new Set(clips.map(({ sentenceId }) => sentenceId ?? ""))].sort(byText);
  const chosen = new Set(words.filter((_, i) => i % 5 === first));
  return ({ sentenceId }) => chosen.has(sentenceId ?? "");
}

/** TESS, trained on one speaker and tested on the other. */
export const crossSpeaker = define(
  {
    name: "tess/cross-speaker",
    version: 1,
    source: "fixed here",
    description:
      "TESS's two speakers, each the test once; one fifth of the other's words validates, so that validation shares " +
      "the speaker with train, but no word",
    corpora: ["tess"],
    calm: "merge",
    apart: ["speaker"],
    validationApart: ["sentence"],
    leaky: false,
  },
  (clips) => {
    assertSpeakers("tess/cross-speaker", "tess", clips, tess.speakers);
    return ["YAF", "OAF"].map((test) => {
      const tests = saidBy([test]);
      const words = everyFifthWord(clips.filter((clip) => !tests(clip)));
      const placeOf = parts(tests, words);
      return { description: `test ${test}, validation one word in five of the other speaker`, placeOf };
    });
  },
);
