import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { Ledger, userLedger } from "../../lib/protocols/ledger.js";
import { type OpenPart, openedClips, predictPart } from "../../lib/protocols/part.js";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { CLIPS } from "./published.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-part-"));
  vi.stubEnv("XDG_CACHE_HOME", join(folder, "cache"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true, force: true });
});

const plan = protocolNamed("savee/loso").plan(CLIPS);
const fold = plan.folds[0]!;

test("a reading of the test part is on the disk before anything is predicted", async () => {
  const ledger = new Ledger(join(folder, "order"));
  const clips = await predictPart({ plan, fold, part: "test", ledger, run: "own" }, async (part) => {
    const entries = await ledger.entries();
    expect(entries).toHaveLength(1);
    expect(entries[0]).toMatchObject({
      ...{ run: "own", protocol: plan.protocol, fold: fold.name, clips: 120 },
      ...{ synthetic: false, leaky: false },
    });
    return part.clips;
  });
  expect(clips.map(({ id }) => id)).toEqual(fold.test);
});

test("validation is read as often as one likes", async () => {
  const ledger = new Ledger(join(folder, "validation"));
  const ids = await predictPart({ plan, fold, part: "validation", ledger }, ({ clips }) =>
    clips.map(({ id }) => id),
  );
  expect(ids).toEqual(fold.validation);
  expect(await ledger.entries()).toEqual([]);
});

test("where the reading cannot be written down, nothing is predicted", async () => {
  await writeFile(join(folder, "full"), "a file, not a folder");
  const predict = vi.fn();
  const ledger = new Ledger(join(folder, "full"));
  await expect(predictPart({ plan, fold, part: "test", ledger }, predict)).rejects.toThrow("cannot write");
  expect(predict).not.toHaveBeenCalled();
});

test("leaky protocols and synthetic voices are marked, and without a ledger the user's is written", async () => {
  const leaky = protocolNamed("random/savee").plan(CLIPS.map((clip) => ({ ...clip, synthetic: true })));
  await predictPart({ plan: leaky, fold: leaky.folds[0]!, part: "test" }, () => undefined);
  const [entry, ...others] = await userLedger().entries();
  expect(others).toEqual([]);
  expect([entry!.leaky, entry!.synthetic, entry!.run]).toEqual([true, true, undefined]);
});

test("no object that only looks like an opened part is one, and a part closes with its prediction", async () => {
  const forged = { part: "test", clips: plan.clips } as unknown as OpenPart;
  expect(() => openedClips(forged)).toThrow("opened by predictPart");
  const ledger = new Ledger(join(folder, "closed"));
  const question = { plan, fold, part: "test", ledger } as const;
  const kept = await predictPart(question, (part) => {
    expect(openedClips(part)).toHaveLength(120);
    return part;
  });
  expect(() => openedClips(kept)).toThrow("a prediction that is over");
  expect(await ledger.entries()).toHaveLength(1);
});

test("test clips cannot be called validation", async () => {
  const swapped = { ...fold, validation: fold.test, test: fold.validation };
  const predict = vi.fn();
  for (const part of ["validation", "test"] as const)
    await expect(predictPart({ plan, fold: swapped, part }, predict)).rejects.toThrow(
      "take a fold of the plan",
    );
  expect(predict).not.toHaveBeenCalled();
});
