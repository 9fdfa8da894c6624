import { cp, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { publishedClips } from "../../lib/corpora/registry.js";
import type { Origin } from "../../lib/inference/card.js";
import { readCard, weightsDigest } from "../../lib/inference/model.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import type { Plan } from "../../lib/protocols/types.js";
import { auditBeginning, readBeginning } from "../../lib/runs/beginning.js";
import { runName } from "../../lib/runs/record.js";
import { TRAINING } from "../../lib/training/settings.js";
import { SETTINGS } from "./examples.js";

const CLIPS: Clip[] = publishedClips().map((name) => ({ ...name, path: "", synthetic: false }));

const plans = new Map<string, Plan>();
const planOf = (protocol: string) => {
  const plan = plans.get(protocol) ?? protocolNamed(protocol).plan(CLIPS);
  plans.set(protocol, plan);
  return plan;
};
const digestOf = (plan: Plan, fold: number) => runName(SETTINGS, plan.folds[fold]!, plan.clips).clips;

/** A model of a fold of a protocol, as its card tells it, and with its record the digest of its parts. */
function originOf(protocol: string, fold: number, more: Partial<Origin> = {}, recorded = true): Origin {
  const plan = planOf(protocol);
  return {
    sha256: "0123456789abcdef".repeat(4),
    run: "a-run",
    corpora: [...new Set(plan.clips.map(({ corpus }) => corpus))],
    ...{ protocol: plan.protocol, fold: String(fold + 1) },
    ...(recorded && { clips: digestOf(plan, fold) }),
    ...more,
  };
}

function audited(protocol: string, fold: number, ...origins: Origin[]) {
  const plan = planOf(protocol);
  return auditBeginning(plan, plan.folds[fold]!, digestOf(plan, fold), origins);
}

test("weights of other corpora heard nothing of these", () => {
  const check = audited("savee/loso", 0, originOf("ravdess/emobox", 2));
  expect(check.passed).toBe(true);
  expect(check.detail).toBe("began with a-run (0123456789ab), trained under ravdess/emobox@1, fold 3");
});

test.each([true, false])("the same fold is gone on with (its record there: %s)", (recorded) => {
  for (const name of ["ravdess/emobox", "savee/loso", "tess/cross-speaker", "combined/speaker-independent"])
    expect([name, audited(name, 0, originOf(name, 0, {}, recorded)).detail]).toEqual([
      name,
      expect.stringMatching(/^began with/),
    ]);
});

test("another fold's weights heard the test speakers, and these clips are named", () => {
  const check = audited("savee/loso", 0, originOf("savee/loso", 1));
  expect(check.passed).toBe(false);
  expect(check.detail).toMatch(/heard 120 of the 120 test clips/);
  expect(check.clips).toHaveLength(20);
  expect(check.clips![0]).toMatch(/^savee\/JE_/);
});

test("after a refit the same fold's validation part was trained on", () => {
  const check = audited("savee/loso", 0, originOf("savee/loso", 0, { refit: true }));
  expect(check.detail).toMatch(/heard 120 of the 120 validation clips/);
});

test("another protocol passes where it keeps the same speakers out", () => {
  // Its test and validation actors are those of the same fold of ravdess/emobox.
  expect(audited("ravdess/emobox", 1, originOf("ravdess/7", 1)).passed).toBe(true);
  expect(audited("ravdess/emobox", 1, originOf("ravdess/7", 2)).passed).toBe(false);
  // Other sentences of the speakers who are tested.
  const check = audited("savee/loso", 0, originOf("sentence-independent/savee", 0));
  expect(check.detail).toMatch(
    /test clips.*, or others of their speaker: begin with a model of the same fold/,
  );
});

test("what the weights were trained from counts too", () => {
  const first = originOf("savee/loso", 1);
  const check = audited("savee/loso", 0, originOf("ravdess/emobox", 0), first);
  expect(check.passed).toBe(false);
  expect(check.detail).toContain("savee/loso@1, fold 2, heard");
});

test("where it cannot be known what was heard, it is not begun with", () => {
  const unknown = [
    originOf("savee/loso", 0, { fold: "9" }, false),
    originOf("savee/loso", 0, { protocol: "savee/gone@1" }, false),
    originOf("random/savee", 0, {}, false),
    originOf("savee/loso", 0, { protocol: undefined }, false),
  ];
  for (const origin of unknown) {
    const check = audited("savee/loso", 0, origin);
    expect(check.passed).toBe(false);
    expect(check.detail).toContain("heard clips of savee, which is tested here");
  }
});

test("clips of one's own: only those of the very same parts", () => {
  const own = (speakers: number): Clip[] =>
    Array.from({ length: 60 }, (_, i) => ({
      ...{
        id: `own/${i}`,
        corpus: "own",
        speaker: `s${i % speakers}`,
        label: "",
        path: "",
        synthetic: false,
      },
      emotion: (["anger", "neutral"] as const)[i % 2]!,
    }));
  const [plan, other] = [6, 5].map((speakers) => protocolNamed("held-out").plan(own(speakers)));
  const origin = originOf("savee/loso", 0, {
    ...{ corpora: ["own"], protocol: "held-out@1", fold: "1", clips: digestOf(plan!, 0) },
  });
  const check = (one: Plan) => auditBeginning(one, one.folds[0]!, digestOf(one, 0), [origin]);
  expect(check(plan!).passed).toBe(true);
  expect(check(other!).passed).toBe(false);
  expect(check(other!).detail).toContain("which of them is not known");
});

test("the released model is read, and refused for other features or another network", async () => {
  const folder = join("results", "model");
  const [card, from] = [await readCard(folder), await weightsDigest(folder)];
  const training = { ...TRAINING, model: card.model, frames: card.frames, from };
  const found = await readBeginning({ training, features: card.features }, folder);
  expect(found.classes).toEqual(card.classes);
  expect(found.weights).toHaveLength(card.parameters);
  expect(found.origins).toEqual([
    {
      ...{
        sha256: from,
        run: card.run,
        corpora: card.corpora,
        protocol: card.protocol,
        fold: card.fold,
        refit: card.refit,
      },
    },
  ]);
  expect((await readBeginning({ training, features: card.features })).sha256).toBe(from);
  const wrong = { training: { ...training, model: "lstm" as const, frames: 7 }, features: SETTINGS.features };
  await expect(readBeginning(wrong, folder)).rejects.toThrow(UserError);
  await expect(readBeginning(wrong, folder)).rejects.toThrow(
    "differs from this run's settings in network, number of frames, features",
  );
  const none = { training: { ...training, from: "f".repeat(64) }, features: card.features };
  await expect(readBeginning(none, folder)).rejects.toThrow("no model here has the weights ffffffffffff");
});

test("a model that was moved is read as well", async () => {
  const root = await mkdtemp(join(tmpdir(), "ser-moved-"));
  try {
    await cp(join("results", "model"), join(root, "else"), { recursive: true });
    const { features, model, frames } = await readCard(join(root, "else"));
    const training = { ...TRAINING, model, frames, from: await weightsDigest(join(root, "else")) };
    expect((await readBeginning({ training, features }, join(root, "else"))).origins).toHaveLength(1);
  } finally {
    await rm(root, { recursive: true });
  }
});
