import { execFile } from "node:child_process";
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { afterAll, beforeAll, expect, test, vi } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { projectRoot } from "../../lib/base/root.js";
import { commandText, isDamaged, Ledger, setCommand, userLedger } from "../../lib/protocols/ledger.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-ledger-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const ABOUT = { protocol: "savee/loso@1", fold: "2", clips: 120, synthetic: false, leaky: false };

test("an entry says what was read, by which command, when, and of which grid and commit", async () => {
  const ledger = new Ledger(join(folder, "one"), "f00d");
  expect(await ledger.entries()).toEqual([]);
  await ledger.enter({ run: "savee-a", ...ABOUT });
  const [entry, ...others] = await ledger.entries();
  expect(others).toEqual([]);
  expect(entry).toMatchObject({ run: "savee-a", ...ABOUT, grid: "f00d" });
  expect(entry!.command).not.toBe("");
  expect(new Date(entry!.time).toISOString()).toBe(entry!.time);
  expect(JSON.stringify(entry)).not.toContain(projectRoot());
});

test("four processes with 200 entries each lose none", async () => {
  const place = join(folder, "four");
  const script = join(import.meta.dirname, "entering.ts");
  const tsx = join(projectRoot(), "node_modules", "tsx", "dist", "cli.mjs");
  const names = ["a", "b", "c", "d"];
  await Promise.all(
    names.map((name) => promisify(execFile)(process.execPath, [tsx, script, place, name, "200"])),
  );
  const runs = (await new Ledger(place).entries()).map(({ run }) => run);
  const wanted = names.flatMap((name) => Array.from({ length: 200 }, (_, i) => `${name}-${i}`));
  expect(runs.sort()).toEqual(wanted.sort());
}, 120_000);

test("a ledger that cannot be written says so", async () => {
  await writeFile(join(folder, "full"), "a file, not a folder");
  const refused = new Ledger(join(folder, "full")).enter(ABOUT);
  await expect(refused).rejects.toThrow(UserError);
  await expect(refused).rejects.toThrow(/cannot write .*full.*only if the reading can be recorded/);
});

test("an entry that was damaged still counts, and other files do not", async () => {
  const place = join(folder, "damaged");
  const ledger = new Ledger(place);
  await ledger.enter(ABOUT);
  const [file] = await readdir(place);
  await fc.assert(
    fc.asyncProperty(fc.nat({ max: 400 }), async (length) => {
      const text = await readFile(join(place, file!), "utf8");
      await writeFile(join(place, "20260101-half.json"), text.slice(0, Math.min(length, text.length - 2)));
      await writeFile(join(place, "notes.txt"), "");
      await mkdir(join(place, "folder.json"), { recursive: true });
      const [half, whole] = await ledger.entries();
      expect([half!.protocol, whole!.protocol]).toEqual(["unknown", ABOUT.protocol]);
    }),
    { seed: 1, numRuns: 30 },
  );
});

test("a command is told without the folders of its paths", () => {
  const argv = process.argv;
  const told = (...args: string[]) => {
    process.argv = ["/usr/bin/node", "/home/me/dist/ser.cjs", ...args];
    return commandText();
  };
  try {
    expect(told("train", "--data", "/home/me/corpora", "--out=/tmp/x/runs", "--model", "cnn")).toBe(
      "ser train --data corpora --out=runs --model cnn",
    );
    expect(told("ablate", "results/experiments/best.json", "--data", "../corpora")).toBe(
      "ser ablate results/experiments/best.json --data corpora",
    );
    setCommand("ser ablate grid.json");
    expect(told("anything")).toBe("ser ablate grid.json");
  } finally {
    process.argv = argv;
    setCommand(undefined);
  }
});

test("outside of a store readings go to the user's cache folder", async () => {
  const cache = join(folder, "cache");
  await mkdir(cache);
  vi.stubEnv("XDG_CACHE_HOME", cache);
  expect(userLedger().folder).toBe(join(cache, "speech-emotion-workbench", "readings"));
  vi.stubEnv("XDG_CACHE_HOME", "");
  expect(userLedger().folder).not.toContain(projectRoot());
  vi.unstubAllEnvs();
});

test("an entry of other types is damaged", async () => {
  const place = join(folder, "types");
  await mkdir(place);
  const ledger = new Ledger(place);
  for (const text of [
    "null",
    "[]",
    "3",
    '{"protocol": 3}',
    '{"protocol": "a", "fold": "1", "command": "", "time": "", "clips": "9"}',
  ]) {
    await writeFile(join(place, "1.json"), text);
    expect((await ledger.entries()).map(isDamaged)).toEqual([true]);
  }
});
