import { cp, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { UsageError } from "../../lib/base/errors.js";
import { sha256 } from "../../lib/base/hash.js";
import { loadModel } from "../../lib/inference/model.js";
import { shipModel } from "../../lib/report/ship.js";
import { type RunRecord, readRecord } from "../../lib/runs/record.js";
import { buzz, saveExample } from "../inference/example.js";
import { SETTINGS } from "../runs/examples.js";
import { shippableRun } from "./shippable.js";

const FAST = { resamples: 199 };
const FILES = ["LICENSE", "README.md", "card.json", "model.json", "program.json", "weights.bin"];

let root: string;
let run: string;
const at = (name: string) => join(root, name);
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-ship-"));
  run = join(at("ours"), (await shippableRun(at("ours"))).name);
});
afterAll(() => rm(root, { recursive: true, force: true }));

async function contents(folder: string): Promise<Record<string, string>> {
  const names = (await readdir(folder)).sort();
  return Object.fromEntries(
    await Promise.all(names.map(async (name) => [name, sha256(await readFile(join(folder, name)))] as const)),
  );
}

/** A copy of the run whose record differs. */
async function changed(name: string, changes: Partial<RunRecord>): Promise<string> {
  const folder = at(name);
  await cp(run, folder, { recursive: true });
  await writeFile(join(folder, "run.json"), JSON.stringify({ ...(await readRecord(run))!, ...changes }));
  return folder;
}

test("the model byte for byte, a card and a licence; it answers as in the run", async () => {
  const shipped = await shipModel(run, { out: at("model"), ...FAST });
  const files = await contents(at("model"));
  expect(Object.keys(files)).toEqual(FILES);
  expect(files).toMatchObject(await contents(join(run, "model")));
  expect(Object.fromEntries(shipped.files.map(({ name, sha256 }) => [name, sha256]))).toEqual(files);
  expect(shipped.sha256).toBe(files["weights.bin"]);
  const own = shipped.files.filter(({ name }) => !["README.md", "LICENSE"].includes(name));
  expect(shipped.bytes).toBe(own.reduce((sum, { bytes }) => sum + bytes, 0));
  const sound = { samples: buzz(2, 16_000), sampleRate: 16_000 };
  const [there, here] = await Promise.all([loadModel(join(run, "model")), loadModel(at("model"))]);
  expect(await here.judge(sound)).toEqual(await there.judge(sound));
  const licence = await readFile(join(at("model"), "LICENSE"), "utf8");
  for (const title of ["RAVDESS", "TESS", "SAVEE", "CREMA-D"]) expect(licence).toContain(title);
});

test("a card of an older run gets the digests of its files, and nothing else changes", async () => {
  const older = await changed("older", {});
  const path = join(older, "model", "card.json");
  const { sha256: digests, ...card } = JSON.parse(await readFile(path, "utf8"));
  await writeFile(path, `${JSON.stringify(card, null, 2)}\n`);
  await shipModel(older, { out: at("of-older"), ...FAST });
  const files = await contents(at("of-older"));
  expect(files).toMatchObject(await contents(join(run, "model")));
  expect(Object.keys(digests)).toEqual(["weights.bin", "model.json", "program.json"]);
  for (const [name, digest] of Object.entries(digests)) expect(files[name]).toBe(digest);
});

test("the same run gives the same bytes, wherever it lies and whatever was there", async () => {
  await mkdir(at("elsewhere"), { recursive: true });
  await cp(at("ours"), at("elsewhere/ours"), { recursive: true });
  const other = join(at("elsewhere/ours"), run.slice(at("ours").length));
  await shipModel(run, { out: at("one"), ...FAST });
  const first = await contents(at("one"));
  await writeFile(join(at("one"), "left-over.bin"), "old");
  await shipModel(other, { out: at("one"), force: true, ...FAST });
  expect(await contents(at("one"))).toEqual(first);
  const readme = await readFile(join(at("one"), "README.md"), "utf8");
  expect(readme).not.toContain(root);
  expect(readme).toMatch(
    /ser ablate results\/experiments\/ours\.json --only combined-.*\n.*ser ship ours\/combined-/,
  );
  expect(await readdir(root)).not.toContain("one.partial");
});

test("another model is replaced only with force; the same one may be made again", async () => {
  const out = at("kept");
  await shipModel(run, { out, ...FAST });
  const first = await contents(out);
  const { mtimeMs, ino } = await stat(out);
  await shipModel(run, { out, ...FAST });
  expect(await stat(out)).toMatchObject({ mtimeMs, ino });
  const noted = shipModel(run, { out, note: "other clips", ...FAST });
  await expect(noted).rejects.toThrow(/kept holds another released model: --force replaces it, --out writes/);
  await expect(noted).rejects.toThrow(UsageError);
  expect(await contents(out)).toEqual(first);
  await shipModel(run, { out, note: "other clips", force: true, ...FAST });
  expect(await contents(out)).not.toEqual(first);
});

test("a run by itself is made by ser train; the note can be pasted into a shell", async () => {
  const alone = await changed("alone/run", {});
  await shipModel(alone, { out: at("two"), note: "it's Opus", ...FAST });
  const readme = await readFile(join(at("two"), "README.md"), "utf8");
  expect(readme).toMatch(/ser train --protocol combined\/speaker-independent --fold 1 --model cnn --seed 1/);
  expect(readme).toMatch(/ser ship combined-\S+ --note 'it'\\''s Opus'/);
});

const REFUSED: [name: string, changes: Partial<RunRecord>, reason: RegExp][] = [
  ["synthetic", { synthetic: true }, /SYNTHETIC voices.*ser data download/],
  ["leaky", { leaky: true }, /LEAKY.*ser protocols/],
  ["transductive", { transductive: true }, /TRANSDUCTIVE.*--normalisation global/],
  [
    "blocks of an encoder",
    { settings: { ...SETTINGS, training: { ...SETTINGS.training, model: "top-blocks" } } },
    /its weights contain blocks of an encoder, which belong to others/,
  ],
  [
    "a table's features",
    {
      settings: {
        ...SETTINGS,
        features: { kind: "table", name: "egemaps.csv", columns: 88, digest: "0".repeat(64) },
      },
    },
    /it takes the columns of the table egemaps\.csv/,
  ],
  ["not scored on test", { test: undefined }, /not scored on test.*--score test/],
  [
    "a failed audit",
    { audit: { passed: false, leaky: false, checks: [{ name: "one side", passed: false, detail: "" }] } },
    /its audit failed \(one side\)/,
  ],
  ["clips of one's own", { corpora: ["savee", "mine"] }, /the terms of mine are not known/],
  ["another's model", { name: "other" }, /is of the run combined-.*, not of other/],
];
for (const [name, changes, reason] of REFUSED) {
  test(`refused, and nothing is written: ${name}`, async () => {
    const folder = await changed(name, changes);
    await expect(shipModel(folder, { out: at("none"), ...FAST })).rejects.toThrow(reason);
    await expect(readdir(at("none"))).rejects.toThrow("ENOENT");
  });
}

test("refused: too large, without a model, damaged, no run", async () => {
  const out = at("none");
  await expect(shipModel(run, { out, limit: 50_000 })).rejects.toThrow(
    /has 0\.10 MB, and a released model at most 0\.05 MB: train a smaller network/,
  );
  const damaged = await changed("damaged", {});
  await writeFile(join(damaged, "model", "weights.bin"), "abc");
  await expect(shipModel(damaged, { out })).rejects.toThrow(/weights\.bin is damaged: its SHA-256/);
  await rm(join(damaged, "model"), { recursive: true });
  await expect(shipModel(damaged, { out })).rejects.toThrow(/cannot read the model in .*run it again/);
  await expect(shipModel(at("nowhere"), { out })).rejects.toThrow(/nowhere has no finished run/);
  await expect(readdir(out)).rejects.toThrow("ENOENT");
});

test("a folder that holds something else is left alone", async () => {
  await mkdir(at("thesis"));
  await writeFile(at("thesis/README.md"), "mine");
  await expect(shipModel(run, { out: at("thesis"), ...FAST })).rejects.toThrow(
    /holds something other.*--out/,
  );
  await saveExample(at("trained"));
  await expect(shipModel(run, { out: at("trained"), ...FAST })).rejects.toThrow(/holds something other/);
  await expect(shipModel(run, { out: at("thesis/README.md"), ...FAST })).rejects.toThrow(/cannot write/);
  expect(await readFile(at("thesis/README.md"), "utf8")).toBe("mine");
});
