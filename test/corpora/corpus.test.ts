import { createHash } from "node:crypto";
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { byText } from "../../lib/base/text.js";
import { EMOTIONS, KNOWN_CORPORA, type KnownCorpus } from "../../lib/corpora/clip.js";
import { folderName, numbers, wavName } from "../../lib/corpora/corpus.js";
import { corpora, parseName } from "../../lib/corpora/registry.js";

/**
 * What is published. `ids` is the SHA-256 of the file names of the published archives, as ids (`corpus/name`, TESS's
 * OA_ written OAF_), sorted, one a line, without a last line feed.
 */
const PUBLISHED: Record<KnownCorpus, { ids: string; speakers: number; emotions: Record<string, number> }> = {
  ravdess: {
    ids: "ca99312b73b9603116b1c61eb3715c16ae109ddb86c21b2303920e4166c27f61",
    speakers: 24,
    emotions: {
      anger: 192,
      disgust: 192,
      fear: 192,
      happiness: 192,
      sadness: 192,
      surprise: 192,
      neutral: 96,
      calm: 192,
    },
  },
  tess: {
    ids: "70b37b0fa3ca240d79a8c83d93cbaab9ff832598b1873cd8c71d75852d805a5e",
    speakers: 2,
    emotions: Object.fromEntries(EMOTIONS.map((emotion) => [emotion, 400])),
  },
  savee: {
    ids: "7294a97fea06ef407c11679cf236411147b44cb30fda699f1ca3edb3ee90582b",
    speakers: 4,
    emotions: { anger: 60, disgust: 60, fear: 60, happiness: 60, sadness: 60, surprise: 60, neutral: 120 },
  },
  cremad: {
    ids: "e854658ff094953cab08af1e8d19b35ce135afd883c1bee68bcc781c2b7ba007",
    speakers: 91,
    emotions: { anger: 1271, disgust: 1271, fear: 1271, happiness: 1271, sadness: 1271, neutral: 1087 },
  },
  emodb: {
    ids: "6fd752617862d4d618e61a75a0fae3edcb0f4ca3ea896a79f70d6de8d1a7566f",
    speakers: 10,
    emotions: {
      anger: 127,
      disgust: 46,
      fear: 69,
      happiness: 71,
      sadness: 62,
      neutral: 79,
      boredom: 81,
    },
  },
  emovo: {
    ids: "d909649e2f0ff48d1646f59f4d76c308e23270524b0e75580c4d39108ec6b6d6",
    speakers: 6,
    emotions: Object.fromEntries(EMOTIONS.map((emotion) => [emotion, 84])),
  },
  urdu: {
    ids: "be5accf46357dc22fccc09547bdbce967b7337cc2557ee94b3a273609d59d822",
    speakers: 29,
    emotions: { anger: 100, happiness: 100, sadness: 100, neutral: 100 },
  },
};

/** The layouts people have: where the clip of a name lies. */
const LAYOUTS: Record<KnownCorpus, ((name: string) => string)[]> = {
  ravdess: [
    (name) => `Actor_${name.slice(-2)}/${name}.wav`,
    (name) => `Ravdess/audio_speech_actors_01-24/Actor_${name.slice(-2)}/${name}.wav`,
    (name) => `${name}.WAV`,
  ],
  tess: [
    (name) => `${name}.wav`,
    (name) => `TESS Toronto emotional speech set data/OAF_Pleasant_surprise/${name}.wav`,
    (name) => `Tess/yaf_fear/${name.replace("OAF_", "OA_")}.wav`,
    (name) => name.toLowerCase().concat(".wav"),
  ],
  savee: [
    (name) => `Savee/${name}.wav`,
    (name) => `AudioData/${name.replace("_", "/")}.wav`,
    (name) => `${name.replace("_", "/")}.wav`,
  ],
  cremad: [
    (name) => `AudioWAV/${name}.wav`,
    (name) => `Crema/${name.replace(/XX$/, "X")}.wav`,
    (name) => `a/b/c/${name}.wav`,
  ],
  emodb: [(name) => `wav/${name}.wav`, (name) => `${name}.WAV`],
  emovo: [
    (name) => `EMOVO/${name.slice(4, 6)}/${name}.wav`,
    (name) => `${name.slice(4, 6)}/${name}.wav`,
    (name) => `${name}.wav`,
  ],
  urdu: [
    (name) => `Angry/${name}.wav`,
    (name) => `URDU-Dataset-master/Sad/${name}.wav`,
    // As the corpus's own page writes them.
    (name) => `${name.replace(/_F(?=\d_)/, "_F0").replace(/0(?=\d+$)/, "")}.wav`,
  ],
};

describe.each(KNOWN_CORPORA)("%s", (corpus) => {
  const definition = corpora[corpus];
  const ids = definition.expectedIds();

  test("expects exactly the published clips", () => {
    expect(ids).toHaveLength(definition.clipCount);
    expect(createHash("sha256").update(ids.join("\n")).digest("hex")).toBe(PUBLISHED[corpus].ids);
    expect([...ids].sort(byText)).toEqual(ids);
  });

  test.each(LAYOUTS[corpus].map((layout) => [layout("NAME"), layout]))(
    "reads every clip in %s",
    (_, layout) => {
      const read = ids.map((id) => parseName(layout(id.slice(corpus.length + 1)))?.id);
      expect(read).toEqual(ids);
    },
  );

  test("has the published speakers and emotions", () => {
    const clips = ids.map((id) => definition.parse(`${id}.wav`)!);
    expect([...new Set(clips.map(({ speaker }) => speaker))].sort()).toEqual([...definition.speakers]);
    expect(definition.speakers).toHaveLength(PUBLISHED[corpus].speakers);
    const counts: Record<string, number> = {};
    for (const { emotion } of clips) counts[emotion] = (counts[emotion] ?? 0) + 1;
    expect(counts).toEqual(PUBLISHED[corpus].emotions);
    for (const clip of clips) expect(clip.corpus).toBe(corpus);
    // Of the talk shows nobody wrote down what is said.
    const spoken = clips.filter(({ sentenceId }) => sentenceId !== undefined);
    expect(spoken).toHaveLength(corpus === "urdu" ? 0 : clips.length);
  });

  test("names its licence and how to cite it", () => {
    expect(definition.name).toBe(corpus);
    expect(definition.citation).toMatch(/^@\w+\{\w+,\n(?: {2}\w+ += \{.*\},?\n)+\}$/);
    expect(definition.homepage).toMatch(/^https?:\/\//);
    expect(definition.licence).not.toBe("");
  });

  test("reads any text as a clip that reads as itself, or as nothing", () => {
    const nearly = fc
      .tuple(fc.constantFrom(...ids), fc.nat(), fc.string({ maxLength: 3 }), fc.nat({ max: 4 }))
      .map(([id, at, piece, cut]) => {
        const path = `${id}.wav`;
        const i = at % (path.length + 1);
        return path.slice(0, i) + piece + path.slice(i + cut);
      });
    fc.assert(
      fc.property(fc.oneof(fc.string(), nearly), (path) => {
        const clip = definition.parse(path);
        if (!clip) return;
        expect(definition.parse(`${clip.id}.wav`)).toEqual(clip);
        expect(definition.speakers).toContain(clip.speaker);
      }),
      { seed: 1, numRuns: 2000 },
    );
  });

  test("takes no clip of another corpus for its own", () => {
    const others = KNOWN_CORPORA.filter((name) => name !== corpus).flatMap((name) =>
      corpora[name].expectedIds(),
    );
    expect(others.filter((id) => definition.parse(`${id}.wav`))).toEqual([]);
    expect(others.filter((id) => definition.parse(`DC/${id.slice(id.indexOf("/") + 1)}.wav`))).toEqual([]);
  });
});

test("wavName leaves out folder and ending, and other kinds of file", () => {
  expect(wavName("a/b/c.wav")).toBe("c");
  expect(wavName("c.WAV")).toBe("c");
  expect(wavName("c.mp3")).toBeUndefined();
  expect(wavName(".wav")).toBe("");
});

test("folderName is the last folder", () => {
  expect(folderName("a/DC/a01.wav")).toBe("DC");
  expect(folderName("a01.wav")).toBe("");
});

test("numbers are padded", () => {
  expect(numbers(8, 11)).toEqual(["08", "09", "10", "11"]);
});

test("byText orders by code unit, whatever the machine's language", () => {
  expect(["b", "a", "B", "ä"].sort(byText)).toEqual(["B", "a", "b", "ä"]);
});
