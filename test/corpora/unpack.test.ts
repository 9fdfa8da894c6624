import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, expect, test } from "vitest";
import { UserError } from "../../lib/base/errors.js";
import { UNPACK_LIMITS, unpackClips } from "../../lib/corpora/unpack.js";
import { type ZipEntry, zip } from "./zip.js";

let folder: string;
let archive: string;
let data: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "unpack-"));
  archive = join(folder, "clips.zip");
  data = join(folder, "data");
});
afterEach(() => rm(folder, { recursive: true }));

const CLIP = Buffer.from("RIFF, as far as this test is concerned");

async function unpack(...entries: ZipEntry[]) {
  await writeFile(archive, zip(entries));
  return unpackClips(archive, data);
}

test("writes the clips in their layout and nothing else", async () => {
  const entries = [
    { name: "Crema/", data: Buffer.alloc(0) },
    { name: "Crema/1001_DFA_ANG_XX.wav", data: CLIP },
    { name: "Tess/OAF_Fear/OAF_back_fear.wav", data: Buffer.concat([CLIP, CLIP]) },
    { name: "Tess/readme.txt", data: CLIP },
    { name: "__MACOSX/Crema/._1001_DFA_ANG_XX.wav", data: CLIP },
  ];
  expect(await unpack(...entries)).toEqual({ written: 2, present: 0, differing: [] });
  expect((await readdir(data, { recursive: true })).sort()).toEqual([
    "Crema",
    "Crema/1001_DFA_ANG_XX.wav",
    "Tess",
    "Tess/OAF_Fear",
    "Tess/OAF_Fear/OAF_back_fear.wav",
  ]);
  expect(await readFile(join(data, "Crema/1001_DFA_ANG_XX.wav"))).toEqual(CLIP);
});

test("goes on where it was, and leaves other files of the same name alone", async () => {
  await mkdir(join(data, "Savee"), { recursive: true });
  await writeFile(join(data, "Savee/DC_a01.wav"), "mine");
  await writeFile(join(data, "Savee/DC_a02.wav"), CLIP);
  const names = ["Savee/DC_a01.wav", "Savee/DC_a02.wav", "Savee/DC_a03.wav"];
  const result = await unpack(...names.map((name) => ({ name, data: CLIP })));
  expect(result).toEqual({ written: 1, present: 1, differing: [join(data, "Savee/DC_a01.wav")] });
  expect(await readFile(join(data, "Savee/DC_a01.wav"), "utf8")).toBe("mine");
});

test.each([
  ["a path upwards", { name: "../evil.wav", data: CLIP }],
  ["a path upwards inside", { name: "Crema/../../evil.wav", data: CLIP }],
  ["an absolute path", { name: "/tmp/evil.wav", data: CLIP }],
  ["a drive", { name: "C:/evil.wav", data: CLIP }],
  ["backslashes", { name: "..\\evil.wav", data: CLIP }],
  ["a symbolic link", { name: "Crema", data: Buffer.from("/etc"), mode: 0o120777 }],
  ["an encrypted clip", { name: "Crema/a.wav", data: CLIP, encrypted: true }],
  ["a clip too large to be one", { name: "Crema/a.wav", data: CLIP, declaredSize: UNPACK_LIMITS.clip + 1 }],
])("refuses %s, and writes nothing", async (_, entry) => {
  await expect(unpack({ name: "Crema/good.wav", data: CLIP }, entry)).rejects.toThrow(/not safe to unpack/);
  expect(await readdir(folder)).toEqual(["clips.zip"]);
});

test("refuses more clips or bytes than the limits", async () => {
  await writeFile(archive, zip(["a.wav", "b.wav"].map((name) => ({ name, data: CLIP }))));
  const limited = (limits: object) => unpackClips(archive, data, { limits: { ...UNPACK_LIMITS, ...limits } });
  await expect(limited({ entries: 1 })).rejects.toThrow(/2 entries/);
  await expect(limited({ total: 1.5 * CLIP.length })).rejects.toThrow(/more than/);
});

test("a bomb does not grow beyond its declared size", async () => {
  const bomb = { name: "Crema/bomb.wav", data: Buffer.alloc(5_000_000), declaredSize: 100 };
  await expect(unpack(bomb)).rejects.toThrow(/damaged at Crema\/bomb.wav/);
  expect(await readdir(data, { recursive: true })).toEqual([]);
});

test("a wrong checksum is damage", async () => {
  await expect(unpack({ name: "Crema/a.wav", data: CLIP, crc: 1 })).rejects.toThrow(/checksum/);
});

test("says what is no archive, and what holds no clips", async () => {
  await writeFile(archive, "<html>Please sign in</html>");
  await expect(unpackClips(archive, data)).rejects.toThrow(/not a complete zip archive/);
  await expect(unpackClips(join(folder, "none.zip"), data)).rejects.toThrow(/no such file/);
  await expect(unpack({ name: "a.txt", data: CLIP })).rejects.toThrow(/no .wav files/);
});

test("stops when asked", async () => {
  await writeFile(archive, zip([{ name: "a.wav", data: CLIP }]));
  const stopped = unpackClips(archive, data, { signal: AbortSignal.abort() });
  await expect(stopped).rejects.toThrow(expect.objectContaining({ name: "AbortError" }));
});

test("any damage to an archive gives whole clips or a UserError, and nothing outside the folder", async () => {
  const whole = zip([
    { name: "Crema/a.wav", data: CLIP },
    { name: "Crema/b.wav", data: Buffer.alloc(3000, "speech") },
  ]);
  const damage = fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(255)), { minLength: 1, maxLength: 4 });
  await fc.assert(
    fc.asyncProperty(damage, fc.nat(whole.length), async (changes, cut) => {
      const bytes = Buffer.from(whole);
      for (const [at, value] of changes) bytes[at] = value;
      await writeFile(archive, cut % 3 === 0 ? bytes.subarray(0, cut) : bytes);
      await unpackClips(archive, data).catch((error: unknown) => expect(error).toBeInstanceOf(UserError));
      expect((await readdir(folder)).sort().join()).toMatch(/^clips.zip(,data)?$/);
      for (const name of await readdir(join(data, "Crema")).catch(() => [])) {
        const written = await readFile(join(data, "Crema", name));
        expect([CLIP.length, 3000]).toContain(written.length);
      }
      await rm(data, { recursive: true, force: true });
    }),
    { numRuns: 300, seed: 20 },
  );
});
