import { expect, test } from "vitest";
import { metadataNotes } from "../../lib/corpora/check-metadata.js";
import type { Clip } from "../../lib/corpora/clip.js";

/** Clips of a corpus, from speaker, label and class. */
function corpus(name: string, ...rows: [speaker: string, label: string, emotion?: string][]) {
  const clips = rows.map(
    ([speaker, label, emotion = label.toLowerCase()], i): Clip => ({
      ...{ id: `${name}/${i}`, corpus: name, path: "", speaker, label, emotion, synthetic: false },
    }),
  );
  return { name, clips, synthetic: false, copies: [] };
}

const notesOf = (...found: ReturnType<typeof corpus>[]) => metadataNotes(found, (name) => name === "savee");

test("nothing is odd about a plain corpus", () => {
  expect(notesOf(corpus("own", ["a", "sad"], ["b", "fear"], ["c", "sad"]))).toEqual([[]]);
});

test("one speaker in several spellings, also in Unicode's", () => {
  const [notes] = notesOf(
    corpus("own", ["Anna B", "sad"], ["Anna B", "fear"], ["anna_b", "sad"], ["ANNA-B", "sad"]),
  );
  expect(notes).toEqual([
    {
      kind: "spelling",
      clips: ["own/2", "own/3"],
      text: 'one speaker in several spellings, "Anna B" (2), "anna_b" (1), "ANNA-B" (1): they count as different speakers',
    },
  ]);
  const [unicode] = notesOf(corpus("own", ["J\u00fcrgen", "sad"], ["Ju\u0308rgen", "fear"]));
  expect(unicode).toMatchObject([{ kind: "spelling", clips: ["own/1"] }]);
});

test("one label in several spellings, which may make several classes", () => {
  const [notes] = notesOf(
    corpus(
      "own",
      ["a", "very sad"],
      ["b", "very_sad"],
      ["a", "Happy", "happiness"],
      ["b", "happy", "happiness"],
    ),
  );
  expect(notes!.map(({ text }) => text)).toEqual([
    'one label in several spellings, "very sad" (1), "very_sad" (1): they count as different classes',
    'one label in several spellings, "Happy" (1), "happy" (1): they are one class',
  ]);
});

test("a speaker in two corpora, unless both are the library's", () => {
  const [first, second, savee] = notesOf(
    corpus("lab", ["anna", "sad"], ["ben", "fear"]),
    corpus("field", ["Anna", "sad"], ["carl", "fear"]),
    corpus("savee", ["carl", "sad"], ["ben", "fear"]),
  );
  expect(first!.map(({ kind, clips, text }) => [kind, clips, text])).toEqual([
    ["speaker", ["lab/0"], 'the speaker "anna" is also in field: protocols treat them as different people'],
    ["speaker", ["lab/1"], 'the speaker "ben" is also in savee: protocols treat them as different people'],
  ]);
  expect(second).toHaveLength(2);
  expect(savee).toEqual([]);
});

test("a corpus of one class", () => {
  expect(notesOf(corpus("own", ["a", "sad"], ["b", "sad"]))).toEqual([
    [{ kind: "classes", clips: ["own/0", "own/1"], text: "all clips are sad: there is nothing to classify" }],
  ]);
});
