import { execFileSync, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { writeWav } from "../../lib/audio/write.js";
import { buzz, saveExample } from "../inference/example.js";
import { needs } from "../needs.js";
import { ser } from "./spawn.js";

const COMMANDS = [
  ["data"],
  ["data", "list"],
  ["data", "check"],
  ["data", "download"],
  ["data", "synthesize"],
  ["features"],
  ["train"],
  ["predict"],
  ["demo"],
];

describe("every command has help", () => {
  for (const command of COMMANDS) {
    test(command.join(" "), async () => {
      const { code, stdout } = await ser([...command, "--help"]);
      expect(code).toBe(0);
      expect(stdout).toContain(`Usage: ser ${command.join(" ")}`);
      if (command.join() !== "data") expect(stdout).toContain("Examples:");
    });
  }
});

test("wrong usage exits with 2 and says where help is", async () => {
  for (const args of [["nothing"], ["train", "--epochs", "0"], ["train", "--modle", "cnn"], ["predict"]]) {
    const { code, stderr } = await ser(args);
    expect(code).toBe(2);
    expect(stderr).toContain("--help");
    expect(stderr).not.toContain("    at ");
  }
});

test.each([
  ["tset --help", "tset", ""],
  ["help tset", "tset", ""],
  ["tain -h", "tain", "train"],
  ["--help predcit", "predcit", "predict"],
  ["predcit a.wav --help", "predcit", "predict"],
  ["data lst --help", "lst", "list"],
  ["help data lst", "lst", "list"],
  ["data help lst", "lst", "list"],
  ["notebook rnu --help", "rnu", "run"],
  ["encoder lst --help", "lst", "list"],
])("the help of an unknown command is an error: ser %s", async (line, name, near) => {
  const { code, stdout, stderr } = await ser(line.split(" "));
  expect([code, stdout]).toEqual([2, ""]);
  const [first, second] = stderr.split("\n");
  expect(first).toBe(`error: unknown command '${name}'`);
  if (near) expect(second).toMatch(new RegExp(`^\\(Did you mean (one of )?.*\\b${near}\\b`));
});

test.each([
  ["help", "Usage: ser [options] [command]"],
  ["help data list", "Usage: ser data list [options]"],
  ["data help", "Usage: ser data [options] [command]"],
  ["help train", "Usage: ser train"],
  ["protocols savee/loso --help", "Usage: ser protocols"],
])("the help of a command that exists: ser %s", async (line, usage) => {
  const { code, stdout } = await ser(line.split(" "));
  expect(code).toBe(0);
  expect(stdout).toContain(usage);
});

test("a mistake of the user exits with 1, in one line", async () => {
  const { code, stderr } = await ser(["train", "--data", "/nonexistent"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ser: .*\/nonexistent.*\n$/);
});

test("what was built can be run as it lies there, as npx does", needs("posix"), () => {
  expect(execFileSync("dist/ser.cjs", ["--help"], { encoding: "utf8" })).toContain("Usage: ser ");
});

/** Runs `ser` where standard output is closed from the beginning, with an error as a system says it, and where no signal may be sent. */
function withoutReader(code: string, ...args: string[]): { status: number | null; stderr: string } {
  const script = `
    const gone = Object.assign(new Error("write"), { code: ${JSON.stringify(code)} });
    process.stdout.write = () => process.stdout.emit("error", gone);
    process.kill = () => process.exit(99);`;
  const loader = `data:text/javascript,${encodeURIComponent(script)}`;
  return spawnSync(process.execPath, ["--import", loader, "dist/ser.cjs", ...args], { encoding: "utf8" });
}

test("a reader that is gone ends a command at once, and one that has work to keep as Ctrl-C does, without a signal", async () => {
  const folder = mkdtempSync(join(tmpdir(), "ser-gone-"));
  await saveExample(join(folder, "model"));
  const wav = join(folder, "a.wav");
  await writeWav(wav, buzz(1, 16_000), 16_000);
  // Windows says EOF of some pipes.
  for (const code of ["EPIPE", "EOF"]) {
    expect(withoutReader(code, "data", "list", "--help")).toMatchObject({ status: 141, stderr: "" });
    const predicting = withoutReader(code, "predict", wav, "--csv", "--model", join(folder, "model"));
    expect(predicting).toMatchObject({ status: 141, stderr: "" });
  }
  expect(withoutReader("ENOSPC", "data", "list", "--help")).toMatchObject({
    ...{ status: 1, stderr: "ser: cannot write the output: no space left on the device\n" },
  });
  rmSync(folder, { recursive: true });
});
