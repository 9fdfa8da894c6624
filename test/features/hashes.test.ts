import { mkdtemp, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test } from "vitest";
import { FileHashes, stampOf } from "../../lib/features/hashes.js";

let folder = "";
let sound = "";
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "hashes-"));
  sound = join(folder, "a.wav");
  await writeFile(sound, "one");
});
afterEach(() => rm(folder, { recursive: true }));

const fail = (text: string) => expect.unreachable(text);
const open = () => new FileHashes(folder, fail);
const stamp = async () => stampOf(await stat(sound, { bigint: true }));

test("what one remembers, the next knows, as long as the file is as it was", async () => {
  const first = open();
  first.remember(sound, await stamp(), { hash: "h", samples: "s" });
  first.remember("/gone.wav", "1-2-3-4", { hash: "g", samples: "g" });
  await first.save();
  const second = open();
  expect(second.of(sound)).toEqual({ hash: "h", samples: "s" });
  expect(second.of("/gone.wav")).toBeUndefined();
  await writeFile(sound, "other");
  expect(second.of(sound)).toBeUndefined();
});

test("a file whose times cannot be trusted is not remembered", async () => {
  const first = open();
  first.remember(sound, undefined, { hash: "h", samples: "s" });
  await first.save();
  expect(open().of(sound)).toBeUndefined();
});

test("two at once lose nothing of each other", async () => {
  const other = join(folder, "b.wav");
  await writeFile(other, "two");
  const [one, two] = [open(), open()];
  one.remember(sound, await stamp(), { hash: "1", samples: "1" });
  two.remember(other, stampOf(await stat(other, { bigint: true })), { hash: "2", samples: "2" });
  await one.save();
  await two.save();
  expect([open().of(sound)?.hash, open().of(other)?.hash]).toEqual(["1", "2"]);
});

test.each(["{", "null", "[]", '{"code":"another","files":{}}', '{"a":["1","2"]}'])(
  "a table that is damaged, or another code's, counts for nothing: %s",
  async (text) => {
    const first = open();
    first.remember(sound, await stamp(), { hash: "h", samples: "s" });
    await first.save();
    const table = await readFile(join(folder, "hashes.json"), "utf8");
    await writeFile(join(folder, "hashes.json"), text === "{" ? table.slice(0, -9) : text);
    expect(open().of(sound)).toBeUndefined();
  },
);

test("a stamp changes with the file, even when size and modification time are put back", async () => {
  await utimes(sound, 1e9, 1e9);
  const before = await stamp();
  expect(await stamp()).toBe(before);
  // The clock that files are stamped with ticks only every few milliseconds.
  await expect
    .poll(
      async () => {
        await writeFile(sound, "two");
        await utimes(sound, 1e9, 1e9);
        return stamp();
      },
      { timeout: 60_000 },
    )
    .not.toBe(before);
});
