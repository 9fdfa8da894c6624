import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, posix } from "node:path";
import { parseSync, transformWithOxc, Visitor } from "vite";
import { NAME, ROOT, run } from "./package.js";

/** A name that an entry of the package exports. */
export interface PublicName {
  name: string;
  /** What is imported: `speech-emotion-workbench/audio`. */
  entry: string;
  /** A function, a class or a constant: what an example can show. */
  isValue: boolean;
  /** The file that declares it, from the checkout. */
  file: string;
  line: number;
  /** The comment before it, without its stars; empty where there is none. */
  doc: string;
}

export interface Example {
  name: string;
  entry: string;
  /** Where it stands. */
  place: string;
  code: string;
}

/** What the entries export, each name once for each entry: `lib/index.ts`, and the rooms with an `index.ts`. */
export function publicNames(): PublicName[] {
  const rooms = readdirSync(join(ROOT, "lib")).filter((room) =>
    existsSync(join(ROOT, "lib", room, "index.ts")),
  );
  return ["index.ts", ...rooms.sort().map((room) => `${room}/index.ts`)].flatMap((path) => {
    const room = dirname(path);
    return exported(path).map((own) => ({ ...own, entry: room === "." ? NAME : `${NAME}/${room}` }));
  });
}

/** Each name once, in the entry of its room. */
export function distinct(names: readonly PublicName[]): PublicName[] {
  const byName = new Map<string, PublicName>();
  for (const own of names) {
    const known = byName.get(own.name);
    if (!known || known.entry === NAME) byName.set(own.name, own);
  }
  return [...byName.values()];
}

/** The examples in the comments of public names: each of a class's methods counts, too. */
export function examplesOf(names: readonly PublicName[]): Example[] {
  return distinct(names).flatMap(({ name, entry, file, line, doc }) =>
    examplesIn(doc).map((code) => ({ name, entry, code, place: `${file}:${line}` })),
  );
}

/** The code of each `@example`. */
export function examplesIn(doc: string): string[] {
  const parts = doc.split(/^@/m).filter((part) => part.startsWith("example"));
  return parts.map((part) => part.replace(/^example/, "").trim());
}

/**
 * The examples as one program, for a folder that has the package installed. A line `EXPRESSION; // => VALUE` checks that the
 * expression has the value. The program prints a line of JSON for each example: `{ place, name, error? }`.
 */
export function programOf(examples: readonly Example[], names: readonly PublicName[]): string {
  const entries = new Map(distinct(names).map((own) => [own.name, own]));
  const bodies: string[] = [];
  const used = new Map<string, Set<string>>();
  const use = (entry: string, word: string) => used.set(entry, (used.get(entry) ?? new Set()).add(word));
  for (const { name, place, code } of examples) {
    const lines = code.split("\n");
    for (const line of lines) {
      const [, words, source] = /^import \{ (.+) \} from "(.+)";$/.exec(line) ?? [];
      if (source) for (const word of words!.split(", ")) use(source, word);
    }
    const body = lines.filter((one) => !/^import .* from /.test(one)).map(checked);
    for (const word of new Set(code.match(/[A-Za-z_]\w*/g)))
      if (entries.has(word)) {
        const { entry, isValue } = entries.get(word)!;
        use(entry, isValue ? word : `type ${word}`);
      }
    bodies.push(
      `await example(${JSON.stringify(`${name} (${place})`)}, async () => {\n${body.join("\n")}\n});`,
    );
  }
  const imports = [...used].map(
    ([entry, own]) => `import { ${[...own].sort().join(", ")} } from ${JSON.stringify(entry)};`,
  );
  return [...imports, HELPERS, ...bodies, ""].join("\n");
}

/** `x; // => 3` as a check; a number is compared to nine digits. */
function checked(line: string): string {
  const [, indent, expression, value] = /^(\s*)(.+?);\s*\/\/ => (.+)$/.exec(line) ?? [];
  return expression ? `${indent}same(${expression}, ${value});` : line;
}

const HELPERS = `import { deepStrictEqual } from "node:assert";

function rounded(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null, (_, own) => {
    if (ArrayBuffer.isView(own)) return Array.from(own as Float32Array, (x) => Number(x.toPrecision(6)));
    return typeof own === "number" ? Number(own.toPrecision(6)) : own;
  }));
}
function same(found: unknown, wanted: unknown): void {
  deepStrictEqual(rounded(found), rounded(wanted));
}
async function example(name: string, run: () => Promise<void>): Promise<void> {
  const log = console.log;
  console.log = () => {};
  const started = performance.now();
  let error: string | undefined;
  try {
    await run();
  } catch (thrown) {
    error = thrown instanceof Error ? \`\${thrown.name}: \${thrown.message}\` : String(thrown);
  }
  console.log = log;
  console.log(JSON.stringify({ name, seconds: (performance.now() - started) / 1000, error }));
}
`;

type Exported = Omit<PublicName, "entry">;

/** What a file of lib/ exports, found where it is declared. */
function exported(path: string): Exported[] {
  const text = readFileSync(join(ROOT, "lib", path), "utf8");
  const { program, comments } = parseSync(path, text);
  const found: Exported[] = [];
  const add = (name: string, start: number, isValue: boolean) => {
    const before = comments.filter((comment) => comment.end <= start).at(-1);
    const near = before?.value.startsWith("*") && /^\s*$/.test(text.slice(before.end, start));
    const doc =
      before && near
        ? before.value
            .replace(/^\*\s?/, "")
            .replace(/^\s*\* ?/gm, "")
            .trim()
        : "";
    const line = text.slice(0, start).split("\n").length;
    if (!found.some((own) => own.name === name))
      found.push({ name, isValue, file: `lib/${path}`, line, doc });
  };
  new Visitor({
    ExportNamedDeclaration({ source, specifiers, declaration, start, exportKind }) {
      if (source) {
        const place = posix.join(dirname(path), source.value).replace(/\.js$/, ".ts");
        const there = exported(place);
        for (const { exported: as, local, exportKind: kind } of specifiers) {
          const own = there.find(({ name }) => name === ("name" in local ? local.name : ""));
          const isValue = own?.isValue && exportKind !== "type" && kind !== "type";
          if (own && "name" in as) found.push({ ...own, name: as.name, isValue: Boolean(isValue) });
        }
        return;
      }
      for (const { local } of specifiers) {
        const name = "name" in local ? local.name : "";
        const at = new RegExp(`^(?:async )?(?:function|const|class|interface|type) ${name}\\b`, "m").exec(
          text,
        );
        // What another package gives has its comment before the export.
        if (at) add(name, at.index, !/^(?:interface|type)/.test(at[0]));
        else add(name, start, exportKind !== "type");
      }
      if (!declaration) return;
      if (declaration.type === "VariableDeclaration")
        for (const { id } of declaration.declarations) if ("name" in id) add(id.name, start, true);
      if ("id" in declaration && declaration.id && "name" in declaration.id)
        add(declaration.id.name, start, exportKind !== "type" && !/^TS/.test(declaration.type));
    },
  }).visit(program);
  return found;
}

/**
 * What examples find in their folder: synthetic corpora in `data`, 480 clips without telling names in `own` with the manifest
 * `clips.csv`, `recording.wav` of one utterance, `talk.wav` of several, and two files in `recordings`.
 */
const PREPARE = `import { copyFileSync, mkdirSync, writeFileSync } from "node:fs";
import { loadClips, readAudio, writeWav } from "${NAME}";
import { resample } from "${NAME}/audio";
import { synthesizeCorpora } from "${NAME}/corpora";

await synthesizeCorpora("data", { seed: 1, quiet: true });
const clips = await loadClips("data", { names: ["savee"] });
copyFileSync(clips[0].path, "recording.wav");
mkdirSync("recordings", { recursive: true });
for (const [i, { path }] of clips.slice(0, 2).entries()) copyFileSync(path, "recordings/" + (i + 1) + ".wav");
const pieces = [];
for (const { path } of clips.slice(0, 6)) {
  const { samples, sampleRate } = await readAudio(path);
  pieces.push(resample(samples, sampleRate, 16000));
}
await writeWav("talk.wav", Float32Array.from(pieces.flatMap((piece) => [...piece])), 16000);
mkdirSync("own", { recursive: true });
const rows = clips.map(({ path, speaker, emotion, sentence }, i) => {
  copyFileSync(path, "own/" + i + ".wav");
  return [i, "own/" + i + ".wav", speaker, emotion, JSON.stringify(sentence ?? "")].join(",");
});
writeFileSync("clips.csv", ["id,path,speaker,emotion,sentence", ...rows].join("\\n"));
`;

/** What came of an example. */
export interface Outcome {
  name: string;
  seconds: number;
  error?: string;
}

/** Makes what examples find in their folder, where it is not there. */
export async function prepareExamples(project: string, cache: string): Promise<void> {
  if (existsSync(join(project, "clips.csv"))) return;
  writeFileSync(join(project, "prepare.mjs"), PREPARE);
  const { code, stderr } = await run(process.execPath, ["prepare.mjs"], { cwd: project, cache });
  if (code !== 0) throw new Error(stderr);
}

/**
 * Type-checks the examples and runs them, in an empty project that has the package installed.
 *
 * @param project the folder
 * @param cache that of the user
 */
export async function runExamples(
  project: string,
  cache: string,
  examples: readonly Example[],
): Promise<{ complaints: string[]; outcomes: Outcome[]; stderr: string }> {
  await prepareExamples(project, cache);
  const node = (...args: string[]) => run(process.execPath, args, { cwd: project, cache });
  const program = programOf(examples, publicNames());
  writeFileSync(join(project, "examples.ts"), program);
  const { code: javascript } = await transformWithOxc(program, "examples.ts");
  writeFileSync(join(project, "examples.mjs"), javascript);
  const options = {
    noEmit: true,
    strict: true,
    target: "es2022",
    lib: ["es2023"],
    module: "nodenext",
    types: ["node"],
  };
  const typeRoots = [join(ROOT, "node_modules", "@types")];
  const compilerOptions = { ...options, skipLibCheck: true, typeRoots };
  writeFileSync(join(project, "examples.json"), JSON.stringify({ compilerOptions, files: ["examples.ts"] }));
  const tsc = await node(join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", "examples.json");
  const { stdout, stderr } = await node("examples.mjs");
  return {
    complaints: tsc.stdout.split("\n").filter(Boolean),
    outcomes: stdout
      .split("\n")
      .filter(Boolean)
      .map((line) => JSON.parse(line) as Outcome),
    stderr,
  };
}
