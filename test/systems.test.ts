import { execFileSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { isDevice } from "../lib/base/names.js";
import { needs } from "./needs.js";

// What other systems ask of a checkout, as far as it can be seen on any.

/** The paths that git has, each with its attribute `eol`; none where there is no git, or no checkout. */
function committed(): { path: string; eol: string; hasCr: boolean }[] {
  if (!existsSync(".git")) return [];
  const lines = execFileSync("git", ["ls-files", "-z", "--eol"], { encoding: "utf8", maxBuffer: 1e8 });
  return lines
    .split("\0")
    .filter((line) => line !== "")
    .map((line) => {
      const [about, path] = line.split("\t") as [string, string];
      return { path, eol: about, hasCr: /i\/(?:crlf|mixed)/.test(about) };
    });
}

describe("the paths of a checkout", needs("git"), () => {
  const files = committed();
  const paths = files.map(({ path }) => path);

  test("differ by more than case", () => {
    const folders = new Set(paths.flatMap((path) => foldersOf(path)));
    const all = [...paths, ...folders];
    const seen = new Map(all.map((path) => [path.normalize("NFC").toLowerCase(), path]));
    expect(all.filter((path) => seen.get(path.normalize("NFC").toLowerCase()) !== path)).toEqual([]);
  });

  test("are names on Windows, and short enough to lie in a folder there", () => {
    const isStrange = (part: string) => /[<>:"|?*\\\p{Cc}]|[. ]$/u.test(part) || isDevice(part);
    expect(paths.filter((path) => path.split("/").some(isStrange))).toEqual([]);
    expect(paths.filter((path) => path.length > 150)).toEqual([]);
  });

  test("have the same bytes everywhere: no text has CR, and git adds none", () => {
    expect(files.filter(({ hasCr }) => hasCr)).toEqual([]);
    const isText = ({ eol }: { eol: string }) => eol.startsWith("i/lf");
    expect(
      files.filter((file) => isText(file) && !/attr\/(?:text=auto eol=lf|-text)/.test(file.eol)),
    ).toEqual([]);
  });
});

function foldersOf(path: string): string[] {
  const parts = path.split("/").slice(0, -1);
  return parts.map((_, i) => parts.slice(0, i + 1).join("/"));
}

const { scripts } = JSON.parse(readFileSync("package.json", "utf8")) as { scripts: Record<string, string> };

test.each(Object.entries(scripts))("npm run %s is a command for cmd.exe, too", (_, command) => {
  expect(command).not.toMatch(/['$;`|<>]/);
  for (const part of command.split("&&")) expect(part.trim()).toMatch(/^(?:node|npm|biome|tsx|vitest) /);
});

test("the workflow runs what the README says, on each system", () => {
  const [, first] = /```sh\n(.*?)```/s.exec(readFileSync("README.md", "utf8"))!;
  const told = first!
    .trim()
    .split("\n")
    .map((line) => line.replace(/\s+#.*$/, ""));
  const workflow = readFileSync(".github/workflows/test.yml", "utf8");
  const run = Array.from(workflow.matchAll(/^ +- run: (.+)$/gm), ([, command]) => command);
  expect(run).toEqual(told);
  expect(workflow).toContain("os: [ubuntu-latest, windows-latest, macos-latest]");
  const { engines } = JSON.parse(readFileSync("package.json", "utf8")) as { engines: { node: string } };
  expect(workflow).toContain(`node: [${/\d+/.exec(engines.node)![0]}, `);
});
