import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { UserError } from "../../lib/base/errors.js";
import { setDigest } from "../../lib/base/hash.js";
import { random } from "../../lib/base/random.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { extractClips, sampleHashes } from "../../lib/features/corpus.js";
import { fitNormaliser } from "../../lib/features/normalise.js";
import { featureSettings } from "../../lib/features/settings.js";
import {
  type AuditCheck,
  assertAudit,
  auditOf,
  auditSplit,
  auditTraining,
} from "../../lib/protocols/audit.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { heldOutSpeakers } from "../../lib/protocols/split.js";
import type { Plan, Split } from "../../lib/protocols/types.js";
import { type Trained, trainFold } from "../../lib/training/train.js";
import { CLASSES, SETTINGS, speech } from "../training/speech.js";
import { CLIPS, ownClip } from "./published.js";

const failed = (checks: readonly AuditCheck[]) => checks.filter(({ passed }) => !passed);
const names = (checks: readonly AuditCheck[]) => failed(checks).map(({ name }) => name);
const different = (clips: readonly Clip[]) => new Map(clips.map(({ id }) => [id, `samples of ${id}`]));

/** A fold with some clips taken from one part into another. */
function moved(
  fold: Split,
  from: "train" | "validation" | "test" | "refit",
  to: "train" | "validation" | "test" | "refit",
  ids: readonly string[],
): Split {
  return {
    ...fold,
    [from]: (fold[from] ?? []).filter((id) => !ids.includes(id)),
    [to]: [...(fold[to] ?? []), ...ids],
  };
}

describe("a split", () => {
  const plan = protocolNamed("ravdess/7").plan(CLIPS);
  const fold = plan.folds[0]!;
  const samples = different(plan.clips);

  test("that leaks nothing passes, with its numbers", () => {
    const audit = auditSplit(plan, fold, samples);
    expect(audit).toMatchObject({ passed: true, leaky: false });
    const check = audit.checks.find(({ name }) => name === "test apart by speaker")!;
    expect(check.detail).toBe("4 speakers in test, 20 in train and validation, none shared");
    expect(() => assertAudit(audit)).not.toThrow();
  });

  test("a shared speaker is caught, with the clips", () => {
    const own = fold.test.filter((id) => id.endsWith("-11")).slice(0, 2);
    const audit = auditSplit(plan, moved(fold, "test", "train", own), samples);
    expect(names(audit.checks)).toEqual(["test apart by speaker"]);
    const [check] = failed(audit.checks);
    expect(check!.detail).toContain("ravdess/11");
    expect(check!.clips!.every((id) => id.endsWith("-11"))).toBe(true);
    expect(check!.clips!.length).toBe(20);
    expect(() => assertAudit(audit)).toThrow(UserError);
    expect(() => assertAudit(audit)).toThrow(check!.clips![0]!);
  });

  test("a speaker of validation in train is caught", () => {
    const own = fold.validation.slice(0, 1);
    const audit = auditSplit(plan, moved(fold, "validation", "train", own), samples);
    expect(names(audit.checks)).toEqual(["validation apart by speaker"]);
  });

  test("a shared sentence is caught where it is claimed to be apart", () => {
    const claimed = protocolNamed("sentence-independent/cremad").plan(CLIPS);
    const [id] = claimed.folds[0]!.test;
    const audit = auditSplit(
      claimed,
      moved(claimed.folds[0]!, "test", "train", [id!]),
      different(claimed.clips),
    );
    expect(names(audit.checks)).toEqual(["test apart by sentence"]);
    expect(failed(audit.checks)[0]!.detail).toContain("cremad/DFA");
  });

  test("TESS's validation may share the speaker with train, but no word", () => {
    const tess = protocolNamed("combined/speaker-independent").plan(CLIPS);
    const [whole] = tess.folds;
    const check = auditSplit(tess, whole!, different(tess.clips)).checks.find(
      ({ name }) => name === "validation apart by speaker",
    )!;
    expect(check).toMatchObject({ passed: true, detail: expect.stringContaining("not claimed in tess") });
    const word = whole!.validation.filter((id) => /^tess\/OAF_beg_/.test(id));
    expect(word.length).toBe(0);
    const [id] = whole!.validation.filter((one) => one.startsWith("tess/"));
    const leak = auditSplit(tess, moved(whole!, "validation", "train", [id!]), different(tess.clips));
    expect(names(leak.checks)).toEqual(["validation apart by sentence"]);
  });

  describe("of unseen speakers and sentences", () => {
    const both = protocolNamed("savee/speaker-sentence").plan(CLIPS);
    const [first] = both.folds as [Split];
    const checksOf = (split: Split) => auditSplit(both, split, different(both.clips)).checks;
    const free = (wanted: RegExp) => both.clips.filter(({ id }) => wanted.test(id)).map(({ id }) => id);

    test("a planted clip of a test speaker, or of a test sentence, is caught in train and in what waits", () => {
      // Fold 1 tests JE saying 01 a04 h05 and others; JE's a15 and KL's a04 are in no part.
      const [speaker] = free(/JE_a15/);
      const [sentence] = free(/KL_a04/);
      for (const list of ["train", "refit"] as const) {
        const added = (id: string) => ({ ...first, [list]: [...first[list]!, id] });
        expect(names(checksOf(added(speaker!)))).toContain("test apart by speaker");
        expect(names(checksOf(added(sentence!)))).toContain("test apart by sentence");
      }
      expect(failed(checksOf({ ...first, refit: [...first.refit!, sentence!] }))[0]!.detail).toContain(
        "also in train, validation and refit: savee/a04",
      );
    });

    test("what waits for a refit shares with validation, and may not train before", () => {
      expect(names(checksOf(first))).toEqual([]);
      const [waiting] = first.refit!.filter((id) => id.startsWith("savee/JK_"));
      expect(names(checksOf(moved(first, "refit", "train", [waiting!])))).toEqual([
        "validation apart by speaker",
      ]);
    });

    test("a clip in a part and among those that wait is caught, and identical samples only against test", () => {
      const twice = { ...first, refit: [...first.refit!, first.train[0]!] };
      expect(names(checksOf(twice))).toContain("every clip in one part");
      const alike = (one: string, other: string) =>
        auditSplit(both, first, new Map([...different(both.clips), [one, "same"], [other, "same"]])).checks;
      expect(names(alike(first.refit![0]!, first.train[0]!))).toEqual([]);
      expect(names(alike(first.refit![0]!, first.test[0]!))).toEqual(["no identical samples on two sides"]);
    });
  });

  test("where the text tells the label it is noted, and no failure", () => {
    const noted = (name: string) => {
      const own = protocolNamed(name).plan(CLIPS);
      const { checks, passed } = auditSplit(own, own.folds[0]!, different(own.clips));
      expect(passed).toBe(true);
      return checks.find((check) => check.name.startsWith("the text tells"))?.detail;
    };
    expect(noted("savee/loso")).toBe(
      "text-confounded: the sentences alone have a UAR of 77.1 %, where chance is 14.3 %",
    );
    expect(noted("savee/speaker-sentence")).toBeUndefined();
    expect(noted("cremad/audeering")).toBeUndefined();
  });

  test("a clip in two parts, one that no one knows, and an empty part are caught", () => {
    const twice = { ...fold, train: [...fold.train, fold.train[0]!, "ravdess/unknown"], validation: [] };
    const [check] = failed(auditSplit(plan, twice, samples).checks);
    expect(check!.name).toBe("every clip in one part");
    expect(check!.detail).toBe("1 clip more than once; 1 clip not in the plan; no clips in validation");
    expect(check!.clips).toEqual([fold.train[0], "ravdess/unknown"]);
  });

  test("what is claimed of metadata that are not there is not believed", () => {
    const clips = ["a", "b", "c"].map((name) => ownClip(name, name));
    const own: Plan = { ...plan, clips, apart: ["sentence"], validationApart: [], validationApartIn: {} };
    const split = { name: "1", description: "", train: ["own/a"], validation: ["own/b"], test: ["own/c"] };
    const [check] = failed(auditSplit(own, split, different(clips)).checks);
    expect(check!.detail).toBe("the sentence of 3 clips is not known");
  });

  test("a clip whose samples are not known proves nothing", () => {
    const some = new Map([...samples].slice(1));
    expect(names(auditSplit(plan, fold, some).checks)).toEqual(["samples of every clip known"]);
  });
});

describe("clips that sound the same", () => {
  let folder = "";
  let clips: Clip[] = [];
  let samples: ReadonlyMap<string, string>;
  const noise = (seed: number) => {
    const rng = random(seed);
    return Float32Array.from({ length: 3000 }, () => rng.uniform(-0.9, 0.9));
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), "audit-"));
    // b sounds as a, and d as c, which is said to be of another emotion.
    const made: [string, string, number, Partial<Clip>][] = [
      ["a", "s1", 1, {}],
      ["b", "s1", 1, {}],
      ["c", "s1", 2, {}],
      ["d", "s1", 2, { emotion: "fear" }],
      ["e", "s2", 3, {}],
      ["f", "s3", 4, {}],
    ];
    clips = await Promise.all(
      made.map(async ([name, speaker, seed, more]) => {
        const path = join(folder, `${name}.wav`);
        await writeWav(path, noise(seed), 16_000);
        return ownClip(name, speaker, { ...more, path });
      }),
    );
    ({ samples } = await sampleHashes(clips, { cache: null, quiet: true }));
  });
  afterAll(() => rm(folder, { recursive: true }));

  const own = (): Plan => ({
    ...{ protocol: "own@1", leaky: false, description: "", apart: [], validationApart: [] },
    ...{ clips, classes: ["anger", "fear"], folds: [] },
  });
  const split = (train: string, validation: string, held: string): Split => {
    const [a, b, c] = [train, validation, held].map((part) => [...part].map((name) => `own/${name}`));
    return { name: "1", description: "", train: a!, validation: b!, test: c! };
  };

  test("on one side are a note, with those whose emotions differ", () => {
    const audit = auditSplit(own(), split("abcd", "e", "f"), samples);
    expect(audit.passed).toBe(true);
    const note = audit.checks.find(({ name }) => name.startsWith("identical samples within"))!;
    expect(note.detail).toMatch(/^2 groups.*1 of them under different emotions/);
    expect(note.clips).toEqual(["own/a", "own/b", "own/c", "own/d"]);
  });

  test.each([
    ["acd", "be", "f"],
    ["acd", "e", "bf"],
    ["cd", "ae", "bf"],
  ])("on two sides are a leak: %s | %s | %s", (...parts) => {
    const audit = auditSplit(own(), split(...parts), samples);
    const [check, ...rest] = failed(audit.checks);
    expect(rest).toEqual([]);
    expect(check!.name).toBe("no identical samples on two sides");
    expect(check!.clips!.sort()).toEqual(["own/a", "own/b"]);
  });

  test("the features' own hashes tell the same", async () => {
    const features = await extractClips(clips, featureSettings(), { cache: null, quiet: true });
    expect(features.samples).toEqual(samples);
  });
});

test("RAVDESS's and CREMA-D's real duplicates on two sides would be caught", () => {
  const pairs = [
    ["ravdess/7", "ravdess/03-01-03-01-02-01-07", "ravdess/03-01-03-01-02-02-07"],
    ["cremad/audeering", "cremad/1006_TIE_HAP_XX", "cremad/1006_TIE_NEU_XX"],
  ] as const;
  for (const [name, one, other] of pairs) {
    const plan = protocolNamed(name).plan(CLIPS);
    const fold = plan.folds[0]!;
    const samples = different(plan.clips).set(one, "same").set(other, "same");
    expect(auditSplit(plan, fold, samples).passed).toBe(true);
    const leak = moved(fold, "train", "test", [other]);
    expect(names(auditSplit(plan, leak, samples).checks)).toContain("no identical samples on two sides");
  }
});

describe("copies on the disk", () => {
  const clips = [
    ownClip("a", "s1"),
    ownClip("a-noisy", "s1", { parent: "own/a" }),
    ownClip("a-noisy-slow", "s1", { parent: "own/a-noisy" }),
    ownClip("b", "s2"),
    ownClip("c", "s3"),
    ownClip("x-1", "s3", { parent: "own/x" }),
    ownClip("x-2", "s3", { parent: "own/x" }),
    ownClip("loop", "s3", { parent: "own/loop" }),
  ];
  const plan: Plan = {
    ...{ protocol: "own@1", leaky: false, description: "", apart: [], validationApart: [] },
    ...{ clips, classes: ["anger"], folds: [] },
  };
  const audit = (train: string[], validation: string[], held: string[]) => {
    const [a, b, c] = [train, validation, held].map((part) => part.map((name) => `own/${name}`));
    const split = { name: "1", description: "", train: a!, validation: b!, test: c! };
    return auditSplit(plan, split, different(clips));
  };

  test("beside their original are no leak", () => {
    const { checks, passed } = audit(["a", "a-noisy", "a-noisy-slow"], ["b"], ["c", "x-1", "x-2", "loop"]);
    expect(passed).toBe(true);
    expect(checks.at(-1)!.detail).toBe("5 copies, each with its original");
  });

  test("across the split are one, also a copy of a copy, or two of an original that is not there", () => {
    const { checks } = audit(["a", "a-noisy", "x-1"], ["b"], ["c", "a-noisy-slow", "x-2"]);
    const [check, ...rest] = failed(checks);
    expect(rest).toEqual([]);
    expect(check!.name).toBe("no copy and its original on two sides");
    expect(check!.clips!.sort()).toEqual(["own/a", "own/a-noisy", "own/a-noisy-slow", "own/x-1", "own/x-2"]);
  });
});

describe("segments of recordings", () => {
  const segment = (name: string, speaker: string, split: Clip["split"], start?: number, end?: number) =>
    ownClip(name, speaker, {
      path: "/talk.wav",
      split,
      ...(start !== undefined && { start }),
      ...(end !== undefined && { end }),
    });
  const audited = (clips: readonly Clip[]) => {
    const plan = protocolNamed("given/own").plan(clips);
    return auditSplit(plan, plan.folds[0]!, different(plan.clips)).checks;
  };
  const apart = [
    segment("a", "r", "train", 0, 2),
    segment("b", "s", "validation", 2, 4),
    segment("c", "t", "test", 4),
  ];

  test("that touch pass; those that overlap on two sides are caught", () => {
    expect(names(audited(apart))).toEqual([]);
    expect(audited(apart).map(({ name }) => name)).toContain("no overlapping segments on two sides");
    const [check, ...rest] = failed(
      audited([...apart, segment("d", "u", "train", 3.5, 5), segment("e", "r", "train", 0.5, 1)]),
    );
    expect(rest).toEqual([]);
    expect(check).toMatchObject({
      name: "no overlapping segments on two sides",
      detail: "own/b (validation) = own/d (train); own/d (train) = own/c (test)",
      clips: ["own/b", "own/d", "own/c"],
    });
  });

  test("overlap with the whole file, and with nothing in other files", () => {
    const whole = segment("w", "w", "test");
    expect(names(audited([...apart, whole]))).toEqual(["no overlapping segments on two sides"]);
    expect(names(audited([...apart, { ...whole, path: "/other.wav" }]))).toEqual([]);
  });

  test("are not looked at where there are none", () => {
    const clips = [
      ownClip("a", "r", { split: "train" }),
      ownClip("b", "s", { split: "validation" }),
      ownClip("c", "t", { split: "test" }),
    ];
    expect(audited(clips).map(({ name }) => name)).not.toContain("no overlapping segments on two sides");
  });
});

test("a class that is tested and never trained is noted", () => {
  const part = (name: string, split: Clip["split"], emotion: string) =>
    ownClip(name, name, { split, emotion });
  const clips = [
    part("a", "train", "anger"),
    part("b", "validation", "boredom"),
    part("c", "test", "anger"),
    part("d", "test", "boredom"),
  ];
  const plan = protocolNamed("given/own").plan(clips);
  const audit = auditSplit(plan, plan.folds[0]!, different(plan.clips));
  expect(audit.passed).toBe(true);
  expect(audit.checks).toContainEqual({
    name: "classes of the test part without a training clip (a note)",
    passed: true,
    detail: "boredom: 1 test clip that cannot be right",
    clips: ["own/d"],
  });
});

test("a protocol that is declared leaky is recorded as failed, and goes on", () => {
  const plan = protocolNamed("random/savee").plan(CLIPS);
  const audit = auditSplit(plan, plan.folds[0]!, different(plan.clips));
  expect(audit).toMatchObject({ passed: false, leaky: true });
  expect(names(audit.checks)).toEqual(["test apart by speaker", "validation apart by speaker"]);
  expect(() => assertAudit(audit)).not.toThrow();
  expect(() => assertAudit({ ...audit, leaky: false })).toThrow(/savee\/DC/);
});

describe("a training", () => {
  const features = speech(90);
  const split = heldOutSpeakers(features.clips);
  const settings = { ...SETTINGS, epochs: 4, learningRate: 0.01 };
  let trained: Trained;
  beforeAll(async () => {
    trained = await trainFold(features, split, CLASSES, settings, { quiet: true, engine: "wasm" });
  });
  const items = (ids: readonly string[]) =>
    features.clips.flatMap(({ id, speaker }, i) =>
      ids.includes(id) ? [{ id, speaker, matrix: features.matrix(i) }] : [],
    );
  const everything = () => [...split.train, ...split.validation, ...split.test];

  test("that went as it should passes, before the test part is read", () => {
    expect(failed(auditTraining(split, trained))).toEqual([]);
    expect(trained).not.toHaveProperty("test");
  });

  test.each(["speaker", "clip", "none"] as const)(
    "normalised by %s passes, and says what it is",
    async (kind) => {
      const own = await trainFold(
        features,
        split,
        CLASSES,
        { ...settings, epochs: 1, normalisation: kind },
        {
          ...{ quiet: true, engine: "wasm" },
        },
      );
      const [check] = auditTraining(split, own);
      expect(check!.passed).toBe(true);
      expect(check!.detail).toMatch(kind === "speaker" ? /transductive/ : /nothing is fitted/);
    },
  );

  test("a scaler fitted on everything is caught, with the clips it should not have seen", () => {
    const normaliser = fitNormaliser("global", items(everything()));
    const checks = auditTraining(split, { ...trained, input: { ...trained.input, normaliser } });
    expect(names(checks)).toEqual(["normalisation fitted on training clips only"]);
    expect(failed(checks)[0]!.detail).toBe("fitted to 90 clips, those of all parts");
    expect(failed(checks)[0]!.clips).toEqual([...split.validation, ...split.test].slice(0, 20));
    expect(() => assertAudit(auditOf(checks, false))).toThrow(/normalisation.*all parts/);
  });

  test.each([
    ["some of train", () => split.train.slice(1), "others than the training part"],
    ["train and test", () => [...split.train, ...split.test], "those of train and test"],
  ])("so is one fitted on %s", (_, ids, words) => {
    const normaliser = fitNormaliser("global", items(ids()));
    const [check] = auditTraining(split, { ...trained, input: { ...trained.input, normaliser } });
    expect(check).toMatchObject({ passed: false, detail: expect.stringContaining(words) });
  });

  test("a normaliser that does not say what it saw is not believed", () => {
    const anonymous = items(split.train).map(({ matrix, speaker }) => ({ matrix, speaker }));
    const normaliser = fitNormaliser("global", anonymous);
    const [check] = auditTraining(split, { ...trained, input: { ...trained.input, normaliser } });
    expect(check!.passed).toBe(false);
  });

  test("a second training on training and validation part passes, and one that heard more is caught", async () => {
    const refit = { ...settings, refit: true, epochs: 2 };
    const honest = await trainFold(features, split, CLASSES, refit, { quiet: true, engine: "wasm" });
    const checks = auditTraining(split, honest);
    expect(failed(checks)).toEqual([]);
    const both = split.train.length + split.validation.length;
    expect(checks[0]!.detail).toBe(`${both} clips`);
    expect(checks[1]!.detail).toBe(`${both} training and validation clips`);
    const greedy = { ...split, validation: [...split.validation, ...split.test] };
    const cheat = await trainFold(features, greedy, CLASSES, refit, { quiet: true, engine: "wasm" });
    const found = failed(auditTraining(split, { ...cheat, judgedOn: honest.judgedOn }));
    expect(found[0]!.name).toBe("trained once more on training and validation clips only");
    expect(found[0]!.detail).toBe("on 90 clips, those of the test part too");
    expect(found[0]!.clips).toEqual(split.test.slice(0, 20));
    // Without a second training the first may not have heard validation.
    const { refitted: _, ...denies } = honest;
    expect(names(auditTraining(split, denies))).toContain("normalisation fitted on training clips only");
  });

  test("a variant of a clip of another part is caught", () => {
    const augmented = [split.train[0]!, split.test[3]!];
    const checks = auditTraining(split, { ...trained, augmented });
    expect(names(checks)).toEqual(["augmented from training clips only"]);
    expect(failed(checks)[0]!.clips).toEqual([split.test[3]]);
  });

  test("a best epoch chosen on test is caught: by the clips that were judged, and by the UAR", async () => {
    const swapped = { ...split, validation: split.test, test: split.validation };
    const cheat = await trainFold(features, swapped, CLASSES, settings, { quiet: true, engine: "wasm" });
    const checks = auditTraining(split, cheat);
    expect(names(checks)).toContain("validation chose the epoch");
    expect(failed(checks)[0]!.detail).toContain("of the test part");
    expect(failed(checks)[0]!.clips).toEqual(split.test.slice(0, 20));
    // One that denies it is given away by the UAR that its weights reach on validation.
    const denies = { ...cheat, judgedOn: trained.judgedOn, validation: { ...trained.validation } };
    denies.history = cheat.history.map((log) => ({ ...log, validationUar: log.validationUar / 2 }));
    expect(names(auditTraining(split, denies))).toEqual(["the best epoch by validation UAR was kept"]);
  });

  test("an epoch that was not the best is caught", () => {
    const history = trained.history.map((log) =>
      log.epoch === trained.bestEpoch ? log : { ...log, validationUar: 1.5 },
    );
    const checks = auditTraining(split, { ...trained, history });
    expect(names(checks)).toEqual(["the best epoch by validation UAR was kept"]);
  });

  test("judged on some clips of validation only is caught", () => {
    const some = split.validation.slice(1);
    const judgedOn = { clips: some.length, digest: setDigest(some) };
    const [check] = failed(auditTraining(split, { ...trained, judgedOn }));
    expect(check!.detail).toContain("clips that are not the validation part");
  });
});
