import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { sha256 } from "../../lib/base/hash.js";
import { random } from "../../lib/base/random.js";
import { CORPORA } from "../../lib/corpora/clip.js";
import { planClips } from "../../lib/corpora/synthetic/clips.js";
import { auditSplit } from "../../lib/protocols/audit.js";
import { PROTOCOLS, protocolNamed } from "../../lib/protocols/registry.js";
import type { Protocol } from "../../lib/protocols/types.js";
import { partsDigest } from "../../lib/runs/record.js";
import { needs } from "../needs.js";
import { ALL_CLIPS, CLIPS } from "./published.js";

const NAMED = [
  ...PROTOCOLS,
  "grouped/cremad?group=speaker&folds=5",
  "grouped/tess?group=sentence&folds=10",
  "grouped/savee?group=speaker,sentence&folds=4",
  "grouped/emovo?group=speaker,sentence&folds=3",
  "cross-corpus/urdu-emodb",
  "cross-corpus/others-emovo",
  ...PROTOCOLS.filter((name) => name.endsWith("/speaker-sentence")).map((name) => `${name}?match`),
];

/** What shares a speaker or a sentence with the test part is nowhere; and of a published split only test speakers are tested. */
const isCrossed = (name: string) => name.includes("sentence") && name.includes("speaker");

/** The clips of a protocol's corpora, or of the four. */
const clipsOf = (protocol: Protocol) => (protocol.corpora.length > 0 ? ALL_CLIPS : CLIPS);

const ofTheFour = ({ corpora }: Protocol) =>
  corpora.every((corpus) => (CORPORA as readonly string[]).includes(corpus));

/** Of EMO-DB's speakers one has no disgust. */
const LACKING: Record<string, string> = { "emodb/loso": "disgust", "emodb/loso+others": "disgust" };

const SYNTHETIC = planClips().map((clip) => ({ ...clip, path: clip.file, synthetic: true }));

/** Of the parts of all folds, by protocol and version: a change of these needs another version. */
const DIGESTS = JSON.parse(
  readFileSync(join(import.meta.dirname, "../fixtures/splits/digests.json"), "utf8"),
) as Record<string, string>;

/** Clips that all sound different. */
const different = new Map(ALL_CLIPS.map(({ id }) => [id, id]));

describe.each(NAMED)("%s", (name) => {
  const protocol = protocolNamed(name);
  const plan = protocol.plan(clipsOf(protocol));

  test("every fold has all of its clips, once", () => {
    const ids = plan.clips.map(({ id }) => id);
    expect(plan.folds.map((fold) => fold.name)).toEqual(plan.folds.map((_, i) => String(i + 1)));
    for (const { train, validation, test: held, refit = [] } of plan.folds) {
      const there = [...train, ...validation, ...held, ...refit].sort();
      expect(new Set(there).size).toBe(there.length);
      if (isCrossed(name)) expect(there.length).toBeLessThan(ids.length);
      else expect(isDeepStrictEqual(there, ids)).toBe(true);
    }
    const tested = plan.folds.flatMap((fold) => fold.test);
    expect(new Set(tested).size).toBe(tested.length);
  });

  test("keeps apart what it claims, unless it is there to show leakage", () => {
    for (const fold of plan.folds) expect(auditSplit(plan, fold, different).passed).toBe(!plan.leaky);
    expect(plan.leaky).toBe(name.startsWith("random/"));
  });

  // The validation part of a crossed fold of a drawn split is small.
  if (!name.startsWith("grouped/savee"))
    test("every class is in every part, calm where it is kept", () => {
      const emotionOf = new Map(plan.clips.map(({ id, emotion }) => [id, emotion]));
      for (const fold of plan.folds) {
        for (const part of ["train", "validation", "test"] as const) {
          const present = new Set(fold[part].map((id) => emotionOf.get(id)));
          const surprise = fold[part].every((id) => id.startsWith("cremad/")) ? ["surprise"] : [];
          if (part !== "train" && LACKING[name]) present.add(LACKING[name]);
          expect([...present, ...surprise].sort()).toEqual(expect.arrayContaining([...plan.classes].sort()));
        }
      }
      expect(plan.classes.includes("calm")).toBe(protocol.calm === "keep");
    });

  test("its parts are those that recorded runs were named by", () => {
    const digests = plan.folds.map((fold) => partsDigest(fold, plan.clips));
    expect(sha256(digests.join()).slice(0, 16)).toBe(DIGESTS[plan.protocol]);
  });

  test("does not depend on the order of the clips", () => {
    const { folds, clips, classes } = protocol.plan(random(1).shuffle(clipsOf(protocol)));
    expect(clips.map(({ id }) => id).join()).toBe(plan.clips.map(({ id }) => id).join());
    expect(isDeepStrictEqual([folds, classes], [plan.folds, plan.classes])).toBe(true);
  });

  if (ofTheFour(protocol))
    test("goes with synthetic corpora, which have a part of the clips", () => {
      const own = protocol.plan(SYNTHETIC);
      expect(own.folds.length).toBe(plan.folds.length);
      expect(own.classes).toEqual(plan.classes);
    });

  test("says its name, version and source", () => {
    expect(plan.protocol).toBe(`${name}@${protocol.version}`);
    expect(protocolNamed(plan.protocol).name).toBe(name);
    expect(protocol.source.length).toBeGreaterThan(5);
    expect(protocol.description.length).toBeGreaterThan(20);
  });
});

test("the names of the issue are all there", () => {
  expect(PROTOCOLS).toEqual(
    expect.arrayContaining([
      "held-out",
      "cremad/audeering",
      "ravdess/emobox",
      "ravdess/7",
      "savee/loso",
      "tess/cross-speaker",
      "combined/speaker-independent",
      "combined/speaker-sentence",
      ...["emodb/loso", "emovo/loso", "urdu/speakers"].flatMap((name) => [name, `${name}+others`]),
      ...CORPORA.map((corpus) => `${corpus}/speaker-sentence`),
      ...CORPORA.map((corpus) => `sentence-independent/${corpus}`),
      ...CORPORA.map((corpus) => `random/${corpus}`),
      ...CORPORA.map((corpus) => `cross-corpus/others-${corpus}`),
      ...CORPORA.flatMap((a) => CORPORA.filter((b) => b !== a).map((b) => `cross-corpus/${a}-${b}`)),
    ]),
  );
  expect(new Set(PROTOCOLS).size).toBe(PROTOCOLS.length);
});

test.each(["", "ravdess", "cross-corpus/ravdess-ravdess", "random/own"])(
  "no protocol is called %o: the names are listed",
  (name) => {
    expect(() => protocolNamed(name)).toThrow(UsageError);
    expect(() => protocolNamed(name)).toThrow(/ravdess\/emobox[\s\S]*grouped\/CORPUS/);
  },
);

test("what draws its parts is there in version 1 as well", () => {
  expect(protocolNamed("held-out").version).toBe(2);
  expect(protocolNamed("held-out@1").version).toBe(1);
  expect(protocolNamed("grouped/savee?folds=4@1").version).toBe(1);
  expect(() => protocolNamed("held-out@3")).toThrow("held-out has version 2");
});

test("another version is another protocol", () => {
  expect(() => protocolNamed("ravdess/7@99")).toThrow("ravdess/7 has version 1");
});

test("corpora that are not there are named, with what to do", () => {
  const savee = CLIPS.filter(({ corpus }) => corpus === "savee");
  expect(() => protocolNamed("cross-corpus/savee-tess").plan(savee)).toThrow(
    /clips of tess.*ser data download/,
  );
  expect(() => protocolNamed("held-out").plan([])).toThrow(/needs clips.*ser data download/);
  expect(() => protocolNamed("emodb/loso").plan(savee)).toThrow(/clips of emodb.*get EMO-DB from http/);
  expect(() => protocolNamed("cross-corpus/emodb-tess").plan(savee)).toThrow(
    /clips of emodb, tess.*"ser data download", get EMO-DB from http/,
  );
  expect(() => protocolNamed("grouped/own").plan(savee)).toThrow(/own.*manifest/);
});

const data = process.env.SER_DATA;
test(
  "every protocol passes its audit on the real corpora, duplicates and all",
  needs("corpora"),
  async () => {
    const { loadClips } = await import("../../lib/corpora/registry.js");
    const { sampleHashes } = await import("../../lib/features/corpus.js");
    const clips = await loadClips(data!, { calm: "keep" });
    expect(clips.length).toBe(12_162);
    const { samples, broken } = await sampleHashes(clips, { quiet: true });
    expect(broken).toEqual([]);
    for (const protocol of NAMED.map(protocolNamed).filter(ofTheFour)) {
      const plan = protocol.plan(clips);
      const audits = plan.folds.map((fold) => auditSplit(plan, fold, samples));
      for (const { passed } of audits) expect(passed).toBe(!plan.leaky);
    }
    const plan = protocolNamed("cremad/audeering").plan(clips);
    const { checks } = auditSplit(plan, plan.folds[0]!, samples);
    const note = checks.find(({ name }) => name.startsWith("identical samples within"))!;
    expect(note.clips!.sort()).toEqual(
      ["1006_TIE_HAP", "1006_TIE_NEU", "1013_WSI_DIS", "1013_WSI_SAD", "1017_IWW_ANG", "1017_IWW_FEA"].map(
        (clip) => `cremad/${clip}_XX`,
      ),
    );
    expect(note.detail).toContain("3 groups");
    expect(note.detail).toContain("3 of them under different emotions");
  },
);
