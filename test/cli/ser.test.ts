import { execFileSync } from "node:child_process";
import { describe, expect, test } from "vitest";
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

test("a mistake of the user exits with 1, in one line", async () => {
  const { code, stderr } = await ser(["train", "--data", "/nonexistent"]);
  expect(code).toBe(1);
  expect(stderr).toMatch(/^ser: .*\/nonexistent.*\n$/);
});

test.skipIf(process.platform === "win32")("what was built can be run as it lies there, as npx does", () => {
  expect(execFileSync("dist/ser.cjs", ["--help"], { encoding: "utf8" })).toContain("Usage: ser ");
});
