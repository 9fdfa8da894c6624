import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { encodeWav, writeWav } from "../../lib/audio/write.js";
import { concatenated } from "../../lib/base/matrix.js";
import { buzz, saveExample } from "../inference/example.js";
import { needs } from "../needs.js";
import { ser } from "./spawn.js";

const BIN = join(import.meta.dirname, "..", "..", "dist", "ser.cjs");
const RATE = 16_000;
/** The example's windows are of a second and begin every half second. */
const HOP = RATE / 2;

let folder: string;
const at = (name: string) => join(folder, name);
const model = () => ["--model", at("model")];
const predict = (...args: string[]) => ser(["predict", ...model(), ...args], folder);
const start = (...args: string[]) =>
  spawn(process.execPath, [BIN, "predict", ...model(), ...args], { cwd: folder });

/** 12 s of voice: 23 windows. */
const LONG = buzz(12, RATE);
const SHORT = buzz(5, RATE);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-output-"));
  await saveExample(at("model"));
  await writeWav(at("long.wav"), LONG, RATE);
  await writeWav(at("short.wav"), SHORT, RATE);
  await mkdir(at("many"));
  for (let i = 0; i < 6; i++)
    await writeWav(at(`many/${10 + i}.wav`), buzz(9 + (i % 3), RATE, 100 + 10 * i), RATE);
  const piece = buzz(10, RATE);
  const times = (count: number) => concatenated(Array.from({ length: count }, () => piece));
  await writeWav(at("many/12-long.wav"), times(20), RATE);
  // More rows than a pipe holds.
  await writeWav(at("longest.wav"), times(100), RATE);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** A program that is running: its lines of output one by one, and all of it at the end. */
function watch(child: ChildProcess) {
  const lines = createInterface({ input: child.stdout! })[Symbol.asyncIterator]();
  let errors = "";
  child.stderr!.on("data", (text) => {
    errors += text;
  });
  child.stdin!.on("error", () => {});
  const closed = once(child, "close");
  return {
    next: async () => (await lines.next()).value as string,
    rest: async () => {
      const out: string[] = [];
      for (let one = await lines.next(); !one.done; one = await lines.next()) out.push(one.value);
      const [code, signal] = await closed;
      return { lines: out, code, signal, errors };
    },
  };
}

/** The samples as raw bytes, each of them in every channel. */
function raw(samples: Float32Array, channels: number): Buffer {
  const mono = Buffer.from(encodeWav(samples, RATE)).subarray(44);
  const out = Buffer.alloc(channels * mono.length);
  for (let at = 0; at < out.length; at += 2)
    out.writeInt16LE(mono.readInt16LE(2 * Math.floor(at / 2 / channels)), at);
  return out;
}

/** The header of a WAV that states no length. */
function streamed(channels: number, stated: number): Buffer {
  const head = Buffer.from(encodeWav(new Float32Array(1), RATE)).subarray(0, 44);
  head.writeUInt16LE(channels, 22);
  head.writeUInt32LE(2 * channels * RATE, 28);
  head.writeUInt16LE(2 * channels, 32);
  head.writeUInt32LE(stated, 40);
  return head;
}

describe("live: window k + 2 is sent when row k has come out", () => {
  const inputs: [string, number, Buffer, string[]][] = [
    ["raw, one channel", 1, Buffer.alloc(0), ["--raw", "s16le", "--rate", "16000"]],
    ["raw, two", 2, Buffer.alloc(0), ["--raw", "s16le", "--rate", "16000", "--channels", "2"]],
    ["a WAV without a length, one channel", 1, streamed(1, 0xffffffff), []],
    ["a WAV without a length, two", 2, streamed(2, 0), []],
  ];
  test.each(inputs)("%s", async (_, channels, head, options) => {
    const running = start("-", "--csv", ...options);
    const seen = watch(running);
    const bytes = raw(LONG, channels);
    const window = (k: number) => {
      const from = k === 0 ? 0 : HOP * (k + 1);
      return bytes.subarray(2 * channels * from, 2 * channels * HOP * (k + 2));
    };
    running.stdin.write(Buffer.concat([head, window(0), window(1)]));
    const rows = [await seen.next()];
    expect(rows[0]).toMatch(/^file,start,end,/);
    const last = LONG.length / HOP - 2;
    for (let k = 0; k + 2 <= last; k++) {
      rows.push(await seen.next());
      expect(rows.at(-1)).toMatch(new RegExp(`^-,${k / 2},${k / 2 + 1},`));
      running.stdin.write(window(k + 2));
    }
    running.stdin.end();
    const { lines, code, errors } = await seen.rest();
    expect([code, errors]).toEqual([0, ""]);
    const file = await predict("long.wav", "--csv");
    expect([...rows, ...lines]).toEqual(file.stdout.replaceAll("long.wav", "-").trimEnd().split("\n"));
  });

  test.each(["--jsonl", "table"])(
    "%s: windows as they are over, then the answer of the file",
    async (form) => {
      const options = form === "table" ? [] : [form];
      const running = start("-", ...options, "--raw", "s16le", "--rate", "16000");
      const seen = watch(running);
      const bytes = raw(LONG, 1);
      running.stdin.write(bytes.subarray(0, 3 * RATE));
      const first = [await seen.next()];
      if (form === "table") first.push(await seen.next(), await seen.next());
      expect(first.at(-1)).toMatch(
        form === "table" ? /^ +0\.00 +1\.00 +\w/ : /^\{"file":"-","start":0,"end":1,"emotion"/,
      );
      running.stdin.end(bytes.subarray(3 * RATE));
      const { lines, code } = await seen.rest();
      const file = await predict("long.wav", ...options);
      expect(code).toBe(0);
      const ending = file.stdout.replaceAll("long.wav", "-");
      if (form === "table") {
        expect(first.length + lines.indexOf("")).toBe(2 + 23);
        expect(
          lines
            .slice(lines.indexOf("") + 1)
            .join("\n")
            .replace(/ +/g, " "),
        ).toContain(/- 12\.00 .*/.exec(ending.replace(/ +/g, " "))![0]);
      } else {
        expect(first.length + lines.length).toBe(23 + 1);
        expect(JSON.parse(lines.at(-1)!)).toEqual(JSON.parse(ending));
      }
    },
  );

  test("at most 8 s without a stated length: the windows, and last the utterance", async () => {
    const running = start("-", "--csv", "--raw", "s16le", "--rate", "16000");
    const seen = watch(running);
    running.stdin.end(raw(SHORT, 1));
    const { lines } = await seen.rest();
    const file = (await predict("short.wav", "--csv")).stdout
      .replaceAll("short.wav", "-")
      .trimEnd()
      .split("\n");
    expect(lines).toHaveLength(1 + 9 + 1);
    expect([lines[0], lines.at(-1)]).toEqual(file);
  });

  test("a WAV that states its length of at most 8 s has one row", async () => {
    const running = start("-", "--csv");
    const seen = watch(running);
    running.stdin.end(await readFile(at("short.wav")));
    const file = (await predict("short.wav", "--csv")).stdout
      .replaceAll("short.wav", "-")
      .trimEnd()
      .split("\n");
    expect((await seen.rest()).lines).toEqual(file);
  });

  test("the writer dies: what came is answered", async () => {
    const whole = await readFile(at("long.wav"));
    const writer = spawn(
      process.execPath,
      [
        "-e",
        `process.stdout.write(require("fs").readFileSync("long.wav").subarray(0, ${44 + 20 * RATE}), () => process.kill(process.pid, "SIGKILL"))`,
      ],
      { cwd: folder },
    );
    const running = start("-", "--json");
    const seen = watch(running);
    writer.stdout.pipe(running.stdin);
    const { lines, code, errors } = await seen.rest();
    await writeFile(at("cut.wav"), whole.subarray(0, 44 + 20 * RATE));
    const file = await predict("cut.wav", "--json");
    expect([code, errors]).toEqual([0, file.stderr.replaceAll("cut.wav", "-")]);
    expect(errors).toMatch(/truncated: 320000 of 384000 bytes/);
    expect(JSON.parse(lines.join(""))).toEqual({ ...JSON.parse(file.stdout), file: "-" });
  });
});

test.each([[["longest.wav", "--csv"]], [["-", "--csv", "--raw", "s16le", "--rate", "16000"]]])(
  "a reader that stops reading ends %s quietly, as SIGPIPE ends other programs",
  needs("posix"),
  async (args) => {
    const running = start(...args);
    running.stdout.once("data", () => running.stdout.destroy());
    let errors = "";
    running.stderr.on("data", (text) => {
      errors += text;
    });
    running.stdin.on("error", () => {});
    const bytes = raw(LONG, 1);
    const feed = () => {
      while (running.exitCode === null && running.stdin.writable && running.stdin.write(bytes));
      running.stdin.once("drain", feed);
    };
    if (args[0] === "-") feed();
    const [code] = await once(running, "exit");
    expect([code, errors]).toEqual([141, ""]);
  },
);

describe("a stop leaves whole rows, and --skip-done goes on from them", needs("posix"), () => {
  test.each(["SIGINT", "SIGTERM", "SIGKILL"] as const)("%s", async (signal) => {
    const whole = (await predict("many", "--csv")).stdout;
    const running = start("many", "--csv");
    let out = "";
    running.stdout.on("data", (text) => {
      out += text;
      if (!running.killed && out.split("\n").length > 50) running.kill(signal);
    });
    let errors = "";
    running.stderr.on("data", (text) => {
      errors += text;
    });
    const [code] = await once(running, "close");
    // On a busy machine the signal may come when all is done.
    expect([signal === "SIGKILL" ? null : 130, 0]).toContain(code);
    if (code === 130) expect(errors).toMatch(/^ser: stopped.*--skip-done.*\n$/m);
    expect(out.endsWith("\n")).toBe(true);
    expect(whole.startsWith(out)).toBe(true);
    await writeFile(at("so-far.csv"), out);
    const rest = await predict("many", "--csv", "--skip-done", "so-far.csv");
    expect(rest.code).toBe(0);
    expect(out + rest.stdout).toBe(whole);
  });

  test("--skip-done with all done, nothing done, half a row, other columns, JSON lines", async () => {
    const whole = (await predict("many", "--csv")).stdout;
    await writeFile(at("all.csv"), whole);
    const all = await predict("many", "--csv", "--skip-done", "all.csv");
    expect([all.code, all.stdout]).toEqual([0, ""]);
    expect((await predict("many", "--csv", "--skip-done", "none.csv")).stdout).toBe(whole);
    await writeFile(at("half.csv"), whole.slice(0, -5));
    const half = await predict("many", "--csv", "--skip-done", "half.csv");
    expect(half).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/half\.csv ends in the middle of a row/),
    });
    await writeFile(at("other.csv"), whole.replace("anger", "wrath"));
    const other = await predict("many", "--csv", "--skip-done", "other.csv");
    expect(other).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringMatching(/other\.csv does not begin with/),
    });
    const lines = (await predict("many", "--jsonl")).stdout;
    await writeFile(at("some.jsonl"), `${lines.split("\n").slice(0, 5).join("\n")}\n`);
    const rest = await predict("many", "--jsonl", "--skip-done", "some.jsonl");
    expect(rest.stdout).toBe(lines.split("\n").slice(5).join("\n"));
  });
});

test("JSON lines are the objects of the array", async () => {
  const lines = (await predict("many", "--jsonl")).stdout.trimEnd().split("\n");
  expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse((await predict("many", "--json")).stdout));
});

test("names with a dash, a newline, blanks, quotes and CJK", needs("posix"), async () => {
  const names = ["-x.wav", "a\nb.wav", " c .wav", 'q"t,.wav', "語音.wav"];
  await mkdir(at("odd"));
  for (const name of names) await writeFile(at(`odd/${name}`), encodeWav(buzz(1, RATE), RATE));
  const args = [...model(), "--", ...names];
  const { stdout } = await ser(["predict", "--csv", ...args], at("odd"));
  const rows = stdout.trimEnd().split(/\n(?=-x|"|語)/);
  expect(rows.slice(1).map((row) => row.slice(0, row.indexOf(",0,1,")))).toEqual([
    "-x.wav",
    '"a\nb.wav"',
    '" c .wav"',
    '"q""t,.wav"',
    "語音.wav",
  ]);
  const json = await ser(["predict", "--json", ...args], at("odd"));
  expect(JSON.parse(json.stdout).map(({ file }: { file: string }) => file)).toEqual(names);
  const table = await ser(["predict", ...args], at("odd"));
  expect(table.stdout).toContain("a\\nb.wav");
  expect(table.stdout.split("\n").filter((line) => line.includes(".wav"))).toHaveLength(names.length);
  await writeFile(at("so-far.csv"), stdout.slice(0, stdout.indexOf("語")));
  const rest = await ser(["predict", "--csv", "--skip-done", at("so-far.csv"), ...args], at("odd"));
  expect(rest.stdout.startsWith("語音.wav,")).toBe(true);
});
