import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { MimeBundle } from "../../lib/base/notebook.js";
import { createSession, localSpecifier, type Session } from "../../lib/notebook/session.js";

const root = join(import.meta.dirname, "../..");

test("relative imports of a cell are resolved from the notebook's folder, with lib/ found by name elsewhere", () => {
  const from = (folder: string, specifier: string) => localSpecifier(specifier, { root, folder });
  const notebooks = join(root, "notebooks");
  expect(from(notebooks, "../lib/index.ts")).toBe(".//lib/index.js");
  expect(from(notebooks, "../lib/base/random.js")).toBe(".//lib/base/random.js");
  expect(from(root, "./lib/index.ts")).toBe(".//lib/index.js");
  expect(from("/tmp", "../lib/index.ts")).toBe(".//lib/index.js");
  expect(from(notebooks, "./helper.ts")).toBe("./notebooks/helper.js");
  expect(from(notebooks, "danfojs-node")).toBe("danfojs-node");
  expect(from(notebooks, "node:fs")).toBe("node:fs");
});

test("where the notebook is in notebooks/ the specifier keeps its length, so that columns stay right", () => {
  const specifier = "../lib/index.ts";
  expect(localSpecifier(specifier, { root, folder: join(root, "notebooks") })).toHaveLength(specifier.length);
});

describe("a session in a project of its own", () => {
  let project: string;
  let session: Session;
  const results: MimeBundle[] = [];
  /** What happens between the request of a cell and its beginning. */
  let meanwhile = () => {};
  const before = process.cwd();
  const lib = (name: string, text: string) => writeFile(join(project, "lib", name), text);
  const importing = 'import { answer } from "../lib/index.ts";';

  beforeAll(async () => {
    project = await mkdtemp(join(tmpdir(), "session-"));
    for (const folder of ["lib", "notebooks"]) await mkdir(join(project, folder));
    await writeFile(join(project, "package.json"), "{}");
    await symlink(join(root, "node_modules"), join(project, "node_modules"), "junction");
    await lib("shims.d.ts", "");
    await lib("answer.ts", "export const answer: number = 42;\n");
    await lib("index.ts", 'export { answer } from "./answer.js";\n');
    const result = (data: MimeBundle) => void results.push(data);
    const caughtUp = async () => meanwhile();
    const interrupts = { shield: <T>(action: () => T) => action(), absorb: () => {}, caughtUp };
    session = createSession({ root: project, interrupts, events: { display: () => {}, result } });
  });
  afterAll(async () => {
    session.close();
    process.chdir(before);
    await rm(project, { recursive: true });
  });

  let cells = 0;
  async function value(source: string): Promise<unknown> {
    const failure = await session.run(source, ++cells);
    return failure ? failure.traceback : results.at(-1)!["text/plain"];
  }

  test("an interrupt that comes where no cell runs hits none; one of a cell that runs ends it", async () => {
    const yielding = "await new Promise(setImmediate);\n6 * 7";
    session.interrupt();
    expect(await value(yielding)).toBe("42");
    meanwhile = () => session.interrupt();
    expect(await value(yielding)).toBe("42");
    meanwhile = () => session.interrupt(true);
    expect(await value(yielding)).toBe("42");
    meanwhile = () => setImmediate(() => session.interrupt());
    expect(await value("await new Promise(() => {});")).toEqual(["Interrupted: stopped"]);
    meanwhile = () => {};
    expect(await value(yielding)).toBe("42");
  });

  test("an edit of lib/ is seen by the next cell, through the files that import it too; variables stay", async () => {
    expect(await value(`${importing}\nconst kept = answer;\nkept`)).toBe("42");
    await lib("answer.ts", "export const answer: string = 'edited';\nexport const more = 1;\n");
    expect(await value("[answer, kept].join()")).toBe("'edited,42'");
  });

  test("a file made in lib/ meanwhile can be imported, and its type errors name it", async () => {
    await lib("made.ts", "export const made: number = 7;\n");
    expect(await value('import { made } from "../lib/made.ts";\nmade')).toBe("7");
    await lib("made.ts", "export const made: number = 'seven and a half';\n");
    expect(await value('import { made as again } from "../lib/made.ts";\nagain')).toEqual([
      "lib/made.ts:1:14 - TS2322: Type 'string' is not assignable to type 'number'.",
    ]);
  });

  test("a file that goes spoils only the cells that import it", async () => {
    await rm(join(project, "lib/made.ts"));
    expect(await value("answer")).toBe("'edited'");
    expect(await value('import { made as third } from "../lib/made.ts";')).toEqual([
      expect.stringMatching(/TS2307: Cannot find module '\.\.\/lib\/made\.ts'/),
      '  import { made as third } from "../lib/made.ts";',
      expect.stringMatching(/^ {32}\^+$/),
    ]);
  });
});
