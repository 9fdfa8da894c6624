import { expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import type { Clip } from "../../lib/corpora/clip.js";
import { assertAudit, auditSplit } from "../../lib/protocols/audit.js";
import { protocolNamed } from "../../lib/protocols/registry.js";

function clip(id: string, split: Clip["split"], more: Partial<Clip> = {}): Clip {
  const own = { speaker: id, emotion: "sadness", label: "sad", path: `/${id}.wav`, synthetic: false };
  return { id: `own/${id}`, corpus: "own", ...own, ...(split && { split }), ...more };
}

const CLIPS = [clip("a", "train"), clip("b", "validation"), clip("c", "test"), clip("d", undefined)];
const samples = (clips: readonly Clip[]) => new Map(clips.map(({ id }) => [id, id]));

function auditOf(name: string, clips: readonly Clip[]) {
  const plan = protocolNamed(name).plan(clips);
  return auditSplit(plan, plan.folds[0]!, samples(plan.clips));
}

test("the parts are those of the manifest; clips without one are left out", () => {
  const plan = protocolNamed("given/own").plan(CLIPS);
  expect(plan).toMatchObject({ protocol: "given/own@1", apart: ["speaker"], leaky: false });
  expect(plan.folds).toEqual([
    {
      ...{ name: "1", description: "as the manifest gives it; clips without a split are in no part" },
      ...{ train: ["own/a"], validation: ["own/b"], test: ["own/c"] },
    },
  ]);
  expect(plan.clips).toHaveLength(3);
  expect(auditOf("given/own", CLIPS).passed).toBe(true);
});

test("a split that shares speakers fails its audit, which names them and says what to do", () => {
  const shared = CLIPS.map((one) => (one.split === "test" ? { ...one, speaker: "a" } : one));
  expect(() => assertAudit(auditOf("given/own", shared))).toThrow(
    /1 of 1 speaker of test also in train and validation: own\/a; the manifest's split has it so: .* given\/own\?apart=none/,
  );
  const leaky = auditOf("given/own?apart=none", shared);
  expect(leaky).toMatchObject({ passed: false, leaky: true });
  expect(() => assertAudit(leaky)).not.toThrow();
});

test("something else may be claimed", () => {
  const said = CLIPS.map((one) => ({ ...one, speaker: "a", sentenceId: one.id }));
  expect(auditOf("given/own?apart=sentence", said).passed).toBe(true);
  expect(protocolNamed("given/own?apart=sentence&calm=keep").name).toBe("given/own?apart=sentence&calm=keep");
  expect(protocolNamed("given/own?apart=speaker").name).toBe("given/own");
  expect(() => protocolNamed("given/own?apart=nobody")).toThrow(UsageError);
  expect(() => protocolNamed("given/")).toThrow(/is not the name of a corpus/);
});

test("parts that are not there are named", () => {
  const none = CLIPS.map((one) => clip(one.id.slice(4), undefined));
  expect(() => protocolNamed("given/own").plan(none)).toThrow(
    "given/own: no clip has a split: add the column split to the manifest",
  );
  expect(() => protocolNamed("given/own").plan(CLIPS.filter(({ split }) => split !== "validation"))).toThrow(
    "given/own: none of the 2 clips with a split is in validation: move whole speakers there",
  );
  expect(() => protocolNamed("given/lab").plan(CLIPS)).toThrow(/needs clips of lab, .*--manifest FILE/);
});
