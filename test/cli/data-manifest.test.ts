import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { addManifest } from "../../lib/cli/data-manifest.js";
import { capturePrinted, printed } from "./printed.js";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-data-manifest-"));
  await mkdir(join(folder, "wav"));
  for (const name of ["03a01Wa", "03a01Fa", "08a02La", "08a02Wc", "readme"])
    await writeFile(join(folder, "wav", `${name}.wav`), "");
});
afterEach(() => rm(folder, { recursive: true, force: true }));

capturePrinted();

const PATTERN = "{speaker:2}{sentence:3}{emotion:1}{_:1}.wav";

async function ser(...args: string[]): Promise<void> {
  const program = new Command().exitOverride();
  addManifest(program);
  await program.parseAsync(["manifest", join(folder, "wav"), ...args], { from: "user" });
}

test("writes the manifest beside the sound, and says what it left out and does not know", async () => {
  const map = join(folder, "map.json");
  await ser("--pattern", PATTERN, "--write-map", map);
  expect(await readFile(join(folder, "wav", "clips.csv"), "utf8")).toBe(
    "id,path,speaker,emotion,sentenceId\n03a01Fa,03a01Fa.wav,03,F,a01\n03a01Wa,03a01Wa.wav,03,W,a01\n08a02La,08a02La.wav,08,L,a02\n08a02Wc,08a02Wc.wav,08,W,a02\n",
  );
  expect(printed.out).toContain("4 clips: ");
  expect(printed.out).toContain("left out 1 sound file that the pattern does not match: readme.wav");
  expect(printed.out).toContain("each a class of its own: W (2), F (1), L (1)");
  expect(JSON.parse(await readFile(map, "utf8"))).toEqual({ W: "w", F: "f", L: "l" });
});

test("never writes over a file unless it is told to", async () => {
  await ser("--pattern", PATTERN);
  await expect(ser("--pattern", PATTERN)).rejects.toThrow(/clips\.csv exists already: --force overwrites it/);
  const out = join(folder, "other.csv");
  await ser(
    "--pattern",
    PATTERN,
    "--out",
    out,
    "--map",
    "W=anger",
    "--map",
    "F=happiness",
    "--map",
    "L=drop",
    "--name",
    "berlin",
  );
  expect(await readFile(out, "utf8")).toMatch(
    /^id,path,corpus,speaker,emotion,label,sentenceId\n03a01Fa,wav\/03a01Fa\.wav,berlin,03,happiness,F,a01\n/,
  );
  expect(printed.err).toContain("1 clip dropped by --map");
  await ser("--pattern", PATTERN, "--force");
  await expect(
    ser("--pattern", PATTERN, "--out", join(folder, "third.csv"), "--write-map", out),
  ).rejects.toThrow(/other\.csv exists/);
});

test("JSON, and a pattern that fits nothing", async () => {
  await ser("--pattern", PATTERN, "--json", "--map", "W=anger");
  expect(JSON.parse(printed.out)).toEqual({
    ...{
      manifest: join(folder, "wav", "clips.csv"),
      clips: 4,
      unmatched: ["readme.wav"],
      unknown: { F: 1, L: 1 },
    },
  });
  const failed = ser("--pattern", "{speaker}_{emotion}.wav", "--force");
  await expect(failed).rejects.toThrow(UserError);
  await expect(failed).rejects.toThrow(
    /none of the 5 sound files .* matches the pattern \{speaker\}_\{emotion\}\.wav/,
  );
  await expect(ser("--pattern", PATTERN, "--force", "--map", "Q=anger")).rejects.toThrow(
    'no clip has the label "Q"',
  );
});
