import { join } from "node:path";
import { expect, test } from "vitest";

/** The few parts of TypeScript's own API that are used; tslab's copy of it has no types. */
interface Compiler {
  version: string;
  sys: { readFile(path: string): string | undefined };
  readConfigFile(path: string, read: (path: string) => string | undefined): { config: object };
  parseJsonConfigFileContent(
    config: object,
    system: object,
    folder: string,
  ): { options: object; errors: Diagnostic[]; fileNames: string[] };
  createProgram(files: string[], options: object): object;
  getPreEmitDiagnostics(program: object): readonly Diagnostic[];
  flattenDiagnosticMessageText(text: unknown, newLine: string): string;
}

interface Diagnostic {
  file?: { fileName: string };
  messageText: unknown;
}

test("tslab's TypeScript, which cannot be changed, compiles all of lib/ without a complaint", async () => {
  const name = "@tslab/typescript-for-tslab";
  const ts: Compiler = (await import(/* @vite-ignore */ name)).default;
  expect(ts.version).toMatch(/^5\.0\./);
  const root = join(import.meta.dirname, "..");
  const { config } = ts.readConfigFile(join(root, "tsconfig.json"), ts.sys.readFile);
  const { options, errors, fileNames } = ts.parseJsonConfigFileContent(config, ts.sys, root);
  const library = fileNames.filter((file) => file.startsWith(join(root, "lib")));
  const diagnostics = [...errors, ...ts.getPreEmitDiagnostics(ts.createProgram(library, options))];
  const messages = diagnostics.map(
    ({ file, messageText }) => `${file?.fileName}: ${ts.flattenDiagnosticMessageText(messageText, "\n")}`,
  );
  expect(messages).toEqual([]);
});
