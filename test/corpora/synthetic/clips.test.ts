import { describe, expect, test } from "vitest";
import { CORPORA } from "../../../lib/corpora/clip.js";
import { corpora, parseName } from "../../../lib/corpora/registry.js";
import { planClips } from "../../../lib/corpora/synthetic/clips.js";

describe("planClips", () => {
  const clips = planClips();

  test("has at most 3,000 clips, all under published names", () => {
    expect(clips.length).toBeLessThanOrEqual(3000);
    const published = new Set(CORPORA.flatMap((name) => corpora[name].expectedIds()));
    for (const clip of clips) {
      expect(published.has(clip.id)).toBe(true);
      expect(parseName(clip.file)).toMatchObject({ id: clip.id, emotion: clip.emotion });
    }
  });

  test.each(CORPORA)("has every speaker of %s in every emotion, and the published rate", (name) => {
    const mine = clips.filter(({ corpus }) => corpus === name);
    const emotions = new Set(corpora[name].expectedIds().map((id) => parseName(`${id}.wav`)!.emotion));
    const pairs = new Set(mine.map(({ speaker, emotion }) => `${speaker} ${emotion}`));
    expect(pairs.size).toBe(corpora[name].speakers.length * emotions.size);
    expect(new Set(mine.map(({ sampleRate }) => sampleRate))).toEqual(new Set([corpora[name].sampleRate]));
  });

  test("a speaker of CREMA-D says the same sentences in every emotion", () => {
    const said = new Map<string, Set<string>>();
    for (const { corpus, speaker, emotion, sentenceId } of clips) {
      if (corpus !== "cremad" || /^(1002|1076)$/.test(speaker)) continue;
      const key = `${speaker} ${emotion}`;
      said.set(key, (said.get(key) ?? new Set()).add(sentenceId!));
    }
    for (const [key, sentences] of said) {
      expect([key, ...sentences]).toEqual([key, ...said.get(`${key.slice(0, 4)} neutral`)!]);
    }
  });
});
