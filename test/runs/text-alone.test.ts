import { expect, test } from "vitest";
import { protocolNamed } from "../../lib/protocols/registry.js";
import { runName } from "../../lib/runs/record.js";
import { textUnder } from "../../lib/runs/text-alone.js";
import { CLIPS } from "../protocols/published.js";
import { recordExample, SETTINGS } from "./examples.js";

const loso = protocolNamed("savee/loso").plan(CLIPS);
const settings = { ...SETTINGS, protocol: loso.protocol, fold: "1" };
const old = {
  ...recordExample(),
  ...{ settings, corpora: ["savee"], clips: runName(settings, loso.folds[0]!, loso.clips).clips },
  split: { ...recordExample().split, name: loso.protocol },
};

test("of a run from before the text was recorded, by the published names", () => {
  expect(textUnder(old)).toMatchObject({ uar: { estimate: expect.closeTo(5.4 / 7, 12) }, confounded: true });
});

test("what the run recorded comes first; of clips of one's own nothing else is known", () => {
  const text = { ...textUnder(old)!, chance: 0.5 };
  expect(textUnder({ ...old, text })).toBe(text);
  expect(textUnder(recordExample())).toBeUndefined();
});
