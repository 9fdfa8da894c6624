import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { readDone } from "../../lib/cli/predict-done.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-done-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const HEADER = "file,start,end\n";
async function done(text: string, header?: string) {
  const path = join(folder, "rows");
  await writeFile(path, text);
  return readDone(path, header);
}

test("nothing is done without a file, or with an empty one", async () => {
  expect(await readDone(join(folder, "none.csv"), HEADER)).toMatchObject({ begun: false });
  expect((await done("", HEADER)).files.size).toBe(0);
});

test("of CSV the recording of the last row may lack rows: their number is known", async () => {
  const { begun, files, rows } = await done(`${HEADER}a.wav,0,1\n"b\n.wav",0,1\n"b\n.wav",1,2\n`, HEADER);
  expect([begun, [...files], [...rows]]).toEqual([true, ["a.wav"], [["b\n.wav", 2]]]);
});

test("a line of JSON is a whole recording", async () => {
  const { files } = await done('{"file":"a.wav"}\n{"file":"-x.wav"}\n');
  expect([...files]).toEqual(["a.wav", "-x.wav"]);
});

test("what is not the output of this command is refused with a word on what to do", async () => {
  await expect(done(`${HEADER}a.wav,0`, HEADER)).rejects.toThrow(/middle of a row: remove its last line/);
  await expect(done("file,begin\na,0\n", HEADER)).rejects.toThrow(/columns of this call/);
  await expect(done('{"file":"a.wav"}\n{"name":1}\n')).rejects.toThrow(
    /line 2 is not an object with a "file"/,
  );
  await expect(done("no JSON\n")).rejects.toThrow(/line 1/);
});
