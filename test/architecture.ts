import { readdirSync, readFileSync } from "node:fs";
import { posix } from "node:path";
import { parseSync, Visitor } from "vite";

/** The folders of lib/, top to bottom. A file uses its own folder and those below. */
export const ROOMS = [
  "cli",
  "notebook",
  "report",
  "analysis",
  "experiments",
  "runs",
  "inference",
  "training",
  "figures",
  "protocols",
  "evaluation",
  "features",
  "encoders",
  "models",
  "corpora",
  "engine",
  "audio",
  "base",
];

/** Source texts by their path in lib/, for example "audio/read.ts". */
export type Sources = ReadonlyMap<string, string>;

/** Which files of lib/ each file names, and the first line on which it does. */
export type Uses = ReadonlyMap<string, ReadonlyMap<string, number>>;

/** The TypeScript files of a folder, without the stand-ins for other packages. */
export function readSources(folder: string): Sources {
  const paths = readdirSync(folder, { recursive: true, encoding: "utf8" })
    .map((path) => path.replaceAll("\\", "/"))
    .filter((path) => path.endsWith(".ts") && !path.startsWith("shims"));
  return new Map(paths.sort().map((path) => [path, readFileSync(`${folder}/${path}`, "utf8")]));
}

export function usesOf(sources: Sources): Uses {
  const named = namesOf(sources);
  return new Map([...sources].map(([path, text]) => [path, usesIn(path, text, named)]));
}

/** Uses that go up, files that are in no room, and circles: nothing where the rooms are in order. */
export function violations(uses: Uses): string[] {
  const found: string[] = [];
  for (const [path, own] of uses) {
    if (levelOf(path) === undefined) found.push(`${path} is in no room`);
    for (const [used, line] of own) {
      if (!mayUse(path, used)) found.push(`${path}:${line} uses ${used}, which is above it`);
    }
  }
  return [...found, ...circles(uses).map((circle) => `in a circle: ${circle.join(" -> ")}`)];
}

/**
 * Exports that no other file of lib/ names and their own file does not use either: dead code, whatever tests say of it. What
 * an index.ts exports is the public API, as is what an `export *` passes on; a worker's `handle` is called by its name.
 */
export function deadExports(sources: Sources): string[] {
  const named = namesOf(sources);
  const uses = usesOf(sources);
  const files = new Map([...sources].map(([path, text]) => [path, exportsIn(path, text)] as const));
  const passedOn = new Set(
    [...files].flatMap(([path, { all }]) => all.map((name) => named.get(placeOf(path, name)))),
  );
  return [...files].flatMap(([path, { exports, names }]) => {
    if (path.endsWith("index.ts") || passedOn.has(path)) return [];
    const users = [...files].filter(([user]) => uses.get(user)!.has(path));
    return exports
      .filter((name) => names.get(name) === 1 && !users.some(([, user]) => user.names.has(name)))
      .filter((name) => !(name === "handle" && path.endsWith(".worker.ts")))
      .map((name) => `${path}: ${name}`);
  });
}

/** How often the files of each room (rows) use files of each room (columns). */
export function roomTable(uses: Uses): string[][] {
  const counts = new Map<string, number>();
  for (const [path, own] of uses) {
    for (const used of own.keys()) {
      const key = `${roomOf(path)} ${roomOf(used)}`;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const rooms = ROOMS.filter((room) => [...uses.keys()].some((path) => roomOf(path) === room));
  return [
    ["", ...rooms],
    ...rooms.map((from) => [from, ...rooms.map((to) => String(counts.get(`${from} ${to}`) ?? ""))]),
  ];
}

function roomOf(path: string): string {
  return path.split("/")[0]!;
}

/** A file's floor, counted from the top: scripts of the build may use all, index.ts all rooms. */
function levelOf(path: string): number | undefined {
  const level = ["build", "index.ts", ...ROOMS].indexOf(roomOf(path));
  return level < 0 ? undefined : level;
}

function mayUse(path: string, used: string): boolean {
  const [from, to] = [levelOf(path), levelOf(used)];
  return from === undefined || to === undefined || from <= to;
}

/** One circle for each use that closes one. */
function circles(uses: Uses): string[][] {
  const found: string[][] = [];
  const done = new Set<string>();
  const way: string[] = [];
  const visit = (path: string) => {
    const start = way.indexOf(path);
    if (start >= 0) found.push([...way.slice(start), path]);
    if (start >= 0 || done.has(path)) return;
    way.push(path);
    for (const used of uses.get(path)!.keys()) visit(used);
    way.pop();
    done.add(path);
  };
  for (const path of uses.keys()) visit(path);
  return found;
}

/**
 * Every string that names a file of lib/ counts, wherever it stands, so that no way to use a file is missed: imports of
 * values and types, `export from`, `import("./x.js").T`, `new Worker("./x.js")`, runPool's "features/extract.worker".
 */
function usesIn(path: string, text: string, named: ReadonlyMap<string, string>): Map<string, number> {
  const { program, comments, errors } = parseSync(path, text);
  if (errors.length > 0) throw new Error(`${path}: ${errors[0]!.message}`);
  const uses = new Map<string, number>();
  const use = (name: string, at: number) => {
    // A word is no file: "index" may be anything.
    if (!/[/]|\.cjs$/.test(name)) return;
    const file = named.get(placeOf(path, name));
    // The program may name its own bundle.
    if (file && file !== path && !uses.has(file)) uses.set(file, text.slice(0, at).split("\n").length);
  };
  new Visitor({
    Literal({ value, start }) {
      if (typeof value === "string") use(value, start);
    },
    TemplateLiteral({ quasis, start }) {
      if (quasis.length === 1) use(quasis[0]!.value.cooked ?? "", start);
    },
  }).visit(program);
  for (const { value, start } of comments) {
    const [, reference] = /^\/\s*<reference\s+path="([^"]+)"/.exec(value) ?? [];
    if (reference) use(`./${reference}`, start);
  }
  return uses;
}

function placeOf(path: string, name: string): string {
  const place = name.startsWith(".") ? posix.join(posix.dirname(path), name) : name;
  return place.replace(/\.[jt]s$/, "");
}

/** What a file exports, of which files it exports all, and how often each name occurs in it. */
function exportsIn(path: string, text: string) {
  const exports: string[] = [];
  const all: string[] = [];
  const names = new Map<string, number>();
  const add = (node: object) => "name" in node && exports.push(String(node.name));
  new Visitor({
    Identifier({ name }) {
      names.set(name, (names.get(name) ?? 0) + 1);
    },
    ExportAllDeclaration({ source }) {
      all.push(source.value);
    },
    ExportNamedDeclaration({ declaration, specifiers }) {
      for (const { exported } of specifiers) add(exported);
      if (declaration?.type === "VariableDeclaration") for (const { id } of declaration.declarations) add(id);
      else if (declaration && "id" in declaration && declaration.id) add(declaration.id);
    },
  }).visit(parseSync(path, text).program);
  return { exports, all, names };
}

/** What a file is called, without its ending: by its path, and by its bundle in dist/, with which threads and processes start. */
function namesOf(sources: Sources): Map<string, string> {
  return new Map(
    [...sources.keys()].flatMap((path) => {
      const name = path.replace(/\.ts$/, "");
      const bundle = name === "cli/ser" ? "ser.cjs" : `${name.replaceAll("/", "-")}.cjs`;
      const folder = name.endsWith("/index") ? [[name.replace(/\/index$/, ""), path] as const] : [];
      return [[name, path] as const, [`lib/${name}`, path] as const, [bundle, path] as const, ...folder];
    }),
  );
}
