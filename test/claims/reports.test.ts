import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ROOT, run } from "../package.js";

const REPORTS = join(ROOT, "results", "report");
const names = readdirSync(REPORTS).sort();
/** What `npm run reports` makes and git leaves out. */
const MADE = ["report.html", "report.json"];

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "ser-reports-"));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test("there are reports", () => {
  expect(names).toEqual(expect.arrayContaining(["best", "four-corpora", "text", "tried", "whisper"]));
});

describe.concurrent("from its summary, to the byte", () => {
  test.each(names)("%s", async (name) => {
    const args = ["dist/ser.cjs", "report", name, "--from", "results/summary", "--out", folder, "--quiet"];
    const ended = await run(process.execPath, args, { cwd: ROOT, cache: join(folder, "cache") });
    expect(ended).toMatchObject({ code: 0, stderr: "" });
    const [committed, made] = [REPORTS, folder].map((root) => filesIn(join(root, name)));
    expect([...made!.keys()]).toEqual([...committed!.keys()]);
    for (const [file, text] of committed!) {
      const line = firstDifference(text, made!.get(file)!);
      if (line) expect.fail(`results/report/${name}/${file}, ${line}`);
    }
  });
});

function filesIn(folder: string): Map<string, string> {
  const paths = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && !MADE.includes(entry.name))
    .map((entry) => join(entry.parentPath, entry.name));
  return new Map(paths.sort().map((path) => [path.slice(folder.length + 1), readFileSync(path, "utf8")]));
}

function firstDifference(committed: string, made: string): string | undefined {
  if (committed === made) return undefined;
  const [old, anew] = [committed.split("\n"), made.split("\n")];
  const at = old.findIndex((line, i) => line !== anew[i]);
  const i = at < 0 ? old.length : at;
  const shown = (line: string | undefined) => (line ?? "(nothing)").slice(0, 300);
  return `line ${i + 1}:\ncommitted: ${shown(old[i])}\nmade anew: ${shown(anew[i])}`;
}
