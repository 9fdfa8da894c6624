import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { UsageError, UserError } from "../../lib/base/errors.js";
import { random } from "../../lib/base/random.js";
import { addProtocols } from "../../lib/cli/protocols.js";
import { corpora } from "../../lib/corpora/registry.js";
import type { FoldSummary } from "../../lib/protocols/inspect.js";
import { PROTOCOLS } from "../../lib/protocols/registry.js";
import { capturePrinted, printed } from "./printed.js";

let root: string;
let manifest: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "ser-protocols-"));
  vi.stubEnv("SER_CACHE", join(root, "cache"));
  const wanted = corpora.savee.expectedIds().filter((id) => /_(a|n)0[1-3]$/.test(id));
  const write = (path: string, seed: string) => {
    const rng = random(seed);
    return writeWav(
      path,
      Float32Array.from({ length: 400 }, () => rng.uniform(-0.5, 0.5)),
      16_000,
    );
  };
  await mkdir(join(root, "Savee"));
  for (const id of wanted) await write(join(root, "Savee", `${id.slice(6)}.wav`), id);
  manifest = join(root, "clips.csv");
  const lines = ["id,path,speaker,emotion"];
  for (const name of ["a", "b", "c"]) {
    // c sounds as b.
    await write(join(root, `${name}.wav`), name === "c" ? "b" : name);
    lines.push(`${name},${name}.wav,${name},sad`);
  }
  await writeFile(manifest, lines.join("\n"));
});
afterAll(async () => {
  vi.unstubAllEnvs();
  await rm(root, { recursive: true, force: true });
});

capturePrinted();

/** Runs `ser protocols ...`; resolves to the exit code. */
async function ser(...args: string[]): Promise<number> {
  const program = new Command().exitOverride();
  addProtocols(program);
  await program.parseAsync(["protocols", ...args, "--data", root], { from: "user" });
  return Number(process.exitCode ?? 0);
}

test("lists all of them, with their sources", async () => {
  expect(await ser()).toBe(0);
  for (const name of PROTOCOLS) expect(printed.out).toContain(`${name} `);
  expect(printed.out).toContain("EmoBox");
  expect(printed.out).toMatch(/random\/tess +v1 +tess +LEAKY/);
  expect(printed.out).toMatch(
    /emodb\/loso +v1 +emodb +speaker +speaker +17\.8 +fixed here; corpus: Burkhardt/,
  );
  expect(printed.out).toMatch(/urdu\/speakers +v1 +urdu +speaker +speaker +not known +fixed here/);
  expect(printed.out).toMatch(/held-out +v2 +any /);
  expect(printed.out).toContain("\nand cross-corpus/CORPUS-CORPUS\n");
  printed.out = "";
  await ser("--json");
  const { protocols } = JSON.parse(printed.out) as { protocols: { name: string; source: string }[] };
  expect(protocols.map(({ name }) => name)).toEqual(PROTOCOLS);
  expect(protocols.every(({ source }) => source.length > 0)).toBe(true);
});

test("splits the corpora by one and audits it", async () => {
  expect(await ser("savee/loso")).toBe(0);
  expect(printed.out).toMatch(/savee\/loso@1\n/);
  expect(printed.out).toMatch(/ 1 +12 +6 +6 +2\/1\/1 +passed +test JE, validation JK/);
  expect(printed.out).toContain(
    "passed  test apart by speaker: 1 speaker in test, 3 in train and validation",
  );
  printed.out = "";
  await ser("savee/loso", "--json");
  const result = JSON.parse(printed.out) as { folds: FoldSummary[]; classes: string[]; clips: number };
  expect(result).toMatchObject({ name: "savee/loso", version: 1, classes: ["anger", "neutral"], clips: 24 });
  expect(result.folds.map(({ test: held }) => held.speakers)).toEqual(
    ["JE", "KL", "DC", "JK"].map((speaker) => [`savee/${speaker}`]),
  );
  expect(result.folds.every(({ audit }) => audit.passed)).toBe(true);
});

test("what the text alone tells: marked in the list, with its interval or the reason in one", async () => {
  await ser();
  expect(printed.out).toMatch(/savee\/loso .* text-confounded 77\.1 /);
  expect(printed.out).toMatch(/cremad\/audeering .* 18\.8 /);
  expect(printed.out).not.toMatch(/cremad\/audeering .*text-confounded/);
  expect(printed.out).toContain("and CORPUS/speaker-sentence?match");
  printed.out = "";
  // Anger and neutral say the same three sentences here.
  await ser("savee/loso");
  expect(printed.out).toMatch(/text alone: UAR 50\.0 % \(no interval: 4 speakers.*\), chance 50\.0 %\n/);
});

test("a manifest that does not say its sentences says so; one of two sentences, each in one emotion, is marked", async () => {
  await ser("grouped/own?folds=3", "--manifest", manifest);
  expect(printed.out).toContain("text alone: not known: no clip says which sentence it is: give sentence");
  printed.out = "";
  const said = join(root, "said.csv");
  const rows = ["r", "s", "t", "u"].flatMap((speaker, s) =>
    [0, 1, 2].flatMap((take) =>
      ["sad", "angry"].map((emotion, e) => {
        const clip = ["savee/DC_a0", "savee/JE_a0", "savee/JK_a0", "savee/KL_a0"][s]!.slice(6) + (take + 1);
        return `${speaker}${take}${e},Savee/${clip}.wav,${speaker},${emotion},sentence ${e}`;
      }),
    ),
  );
  await writeFile(said, ["id,path,speaker,emotion,sentence", ...rows].join("\n"));
  await ser("grouped/own?folds=4", "--manifest", said, "--json");
  expect(JSON.parse(printed.out).text).toMatchObject({ uar: { estimate: 1 }, confounded: true });
  await expect(ser("grouped/own?group=speaker,sentence&folds=3", "--manifest", said)).rejects.toThrow(
    /only 2 groups for 3 folds by sentence/,
  );
});

test("speakers and sentences apart: what only a refit trains on has its column", async () => {
  await ser("grouped/savee?group=speaker,sentence&folds=3");
  expect(printed.out).toMatch(/fold +train +validation +test +refit too +speakers/);
  expect(printed.out).toMatch(
    /passed {2}test apart by sentence: 1 sentence in test, 2 in train, validation and refit/,
  );
});

test("the folds as a table for other systems, with the recipe on standard error", async () => {
  await ser("savee/loso", "--csv");
  const [header, ...rows] = printed.out.trimEnd().split("\n");
  expect(header).toBe("id,path,speaker,emotion,fold,part");
  expect(rows.length).toBe(4 * 24);
  expect(rows.filter((row) => row.endsWith(",1,test")).every((row) => row.startsWith("savee/JE_"))).toBe(
    true,
  );
  expect(printed.err).toContain("train.split_strategy = train");
  await expect(ser("--csv")).rejects.toThrow(/--csv prints the folds of a protocol: give its name/);
});

test("a leaky protocol says so, and is no failure", async () => {
  expect(await ser("random/savee")).toBe(0);
  expect(printed.out).toContain("LEAKY");
  expect(printed.out).toMatch(/FAILED {2}test apart by speaker: .*savee\/DC/);
});

test("a split that leaks is a failure, with the clips", async () => {
  expect(await ser("grouped/own?folds=3", "--manifest", manifest)).toBe(1);
  expect(printed.out).toContain("own/b");
  expect(printed.out).toMatch(/FAILED {2}no identical samples on two sides: own\/[bc] \(\w+\) = own\/[bc]/);
});

test("a clip that cannot be read is left out and named", async () => {
  const path = join(root, "Savee", "DC_a02.wav");
  await writeFile(path, "no sound");
  expect(await ser("savee/loso", "--json")).toBe(0);
  expect(printed.err).toContain("left out savee/DC_a02");
  const { folds } = JSON.parse(printed.out) as { folds: FoldSummary[] };
  expect(folds[2]!.test.clips).toBe(5);
  await rm(path);
});

test("what is not there is named, with what to do", async () => {
  await expect(ser("ravdess/7")).rejects.toThrow(/ravdess not found under/);
  await expect(ser("ravdess/8")).rejects.toThrow(UsageError);
  await expect(ser("emodb/loso")).rejects.toThrow(/emodb not found under .*get EMO-DB from http/);
  await expect(ser("cross-corpus/savee-emodb")).rejects.toThrow(/emodb not found under/);
  await expect(ser("grouped/own")).rejects.toThrow(/--manifest/);
  await expect(ser("grouped/savee?folds=9")).rejects.toThrow(UserError);
});
