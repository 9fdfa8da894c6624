import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { publint } from "publint";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { type Ended, installIn, NAME, pack, ROOT, run } from "./package.js";

// The package as a stranger has it: packed, installed in an empty project whose path has a space, used from there.

const folder = mkdtempSync(join(tmpdir(), "ser package-"));
const project = join(folder, "my project");
const cache = join(folder, "cache");
let packed: ReturnType<typeof pack>;
let before: string[];

beforeAll(() => {
  packed = pack(folder);
  installIn(project, packed.tarball);
  before = installed();
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** All files of the installed package, with their times. */
function installed(): string[] {
  const place = join(project, "node_modules", NAME);
  return readdirSync(place, { recursive: true, encoding: "utf8" })
    .filter((name) => statSync(join(place, name)).isFile())
    .map((name) => `${name} ${statSync(join(place, name)).mtimeMs}`)
    .sort();
}

const write = (name: string, text: string) => writeFileSync(join(project, name), text);
const node = (...args: string[]) => run(process.execPath, args, { cwd: project, cache });
const npx = (args: readonly string[], env?: Record<string, string>) =>
  run("npx", ["--no", "--", ...args], { cwd: project, cache, env });

/** In node_modules, in MB. */
function megabytes(place: string): number {
  const sizes = readdirSync(place, { recursive: true, encoding: "utf8" }).map((name) => {
    const status = statSync(join(place, name), { throwIfNoEntry: false });
    return status?.isFile() ? status.size : 0;
  });
  return sizes.reduce((sum, size) => sum + size, 0) / 1e6;
}

test("under 5 MB, of what is needed only", () => {
  const paths = packed.files.map(({ path }) => path);
  const rooms = new Set(paths.map((path) => path.split("/").slice(0, 2).join("/")));
  const packages = readdirSync(
    join(project, "node_modules", ".package-lock.json").replace(/.package-lock.json$/, ""),
  );
  console.log(
    `tarball ${(packed.size / 1e6).toFixed(1)} MB, ${paths.length} files; node_modules of who installs it ` +
      `${megabytes(join(project, "node_modules")).toFixed(0)} MB`,
  );
  expect(packed.size).toBeLessThan(5e6);
  expect([...rooms].filter((room) => !room.startsWith("dist/")).sort()).toEqual([
    "LICENSE",
    "README.md",
    "data/manifests.md",
    "lib/build",
    "lib/corpora",
    "lib/engine",
    "package.json",
    "results/experiments",
    "results/model",
  ]);
  expect(paths.filter((path) => /\.test\.|(?<!\.d)\.ts$|^dist\/notebook-/.test(path))).toEqual([]);
  for (const name of ["tslab", "danfojs-node", "xlsx", "marked", "zeromq"])
    expect(packages).not.toContain(name);
  expect(readdirSync(join(project, "node_modules", "@tensorflow"))).not.toContain("tfjs-node");
});

test("what publint says of it: nothing", async () => {
  const place = join(project, "node_modules", NAME);
  const { messages } = await publint({ pkgDir: place, strict: true, pack: false });
  expect(messages).toEqual([]);
});

// Of the two ways of resolution that are left out, node10 knows no `exports`; require() of an ES module needs no other
// types, as the Node that this package asks for reads it.
test("what attw says of its types: nothing", async () => {
  const attw = join(ROOT, "node_modules", "@arethetypeswrong", "cli", "dist", "index.js");
  const { code, stdout } = await node(attw, packed.tarball, "--profile", "esm-only", "--format", "json");
  expect(code, stdout).toBe(0);
  const { entrypoints } = JSON.parse(stdout).analysis as {
    entrypoints: Record<string, { resolutions: { bundler: { resolution: { fileName: string } } } }>;
  };
  const { "./package.json": _, ...entries } = entrypoints;
  expect(Object.keys(entries).length).toBe(15);
  for (const [entry, { resolutions }] of Object.entries(entries))
    expect(resolutions.bundler.resolution.fileName).toMatch(
      new RegExp(`dist/types/${entry === "." ? "" : `${entry.slice(2)}/`}index\\.d\\.ts$`),
    );
});

test("nothing in it names this machine's folders", () => {
  const own = packed.files.map(({ path }) => join(project, "node_modules", NAME, path));
  expect(own.filter((path) => readFileSync(path, "latin1").includes(ROOT))).toEqual([]);
});

describe("JavaScript", () => {
  let used: Ended;
  let told: Record<string, unknown>;
  beforeAll(async () => {
    write("use.js", USE);
    used = await node("use.js");
    told = used.code === 0 ? JSON.parse(used.stdout) : {};
  });

  test("import, and a model that predicts", () => {
    expect(used).toMatchObject({ code: 0 });
    expect(told.emotions).toEqual(expect.arrayContaining(["anger", "neutral"]));
    expect(told.probabilities).toBeCloseTo(1, 4);
  });

  test("a trace with the lines of the source, where it is asked for", async () => {
    write(
      "trace.js",
      `import { loadModel } from "${NAME}"; loadModel("none").catch((e) => console.log(e.stack));`,
    );
    const { stdout } = await node("--enable-source-maps", "trace.js");
    expect(stdout).toMatch(/lib[\\/]inference[\\/]model\.ts:\d+:\d+\)/);
  });

  test("features on worker threads", () => {
    expect(told.features).toEqual([
      { id: "own/a", columns: 13, frames: expect.any(Number) },
      { id: "own/b", columns: 13, frames: expect.any(Number) },
    ]);
  });

  test("ten steps of a training", () => {
    const losses = told.losses as number[];
    expect(losses).toHaveLength(10);
    expect(losses.at(-1)).toBeLessThan(losses[0]!);
  });

  test("an evaluation, and one class of errors for all entries", () => {
    expect(told).toMatchObject({ evaluated: 2, sameError: true });
  });

  test("a figure as a picture", () => {
    expect(readFileSync(join(project, "figure.png")).subarray(1, 4).toString()).toBe("PNG");
  });

  test("require, and what is published beside it", async () => {
    write(
      "use.cjs",
      `console.log(typeof require("${NAME}").loadModel, require("${NAME}/package.json").name)`,
    );
    expect((await node("use.cjs")).stdout).toBe(`function ${NAME}\n`);
  });
});

describe("TypeScript", () => {
  test.each([
    ["nodenext", "nodenext"],
    ["node16", "node16"],
    ["esnext", "bundler"],
  ])("module %s, resolution %s", async (module, moduleResolution) => {
    expect(await check({ module, moduleResolution, skipLibCheck: true })).toEqual([]);
  });

  test("the declarations themselves, without those of others", async () => {
    const found = await check({ module: "nodenext", skipLibCheck: false });
    expect(found.filter((line) => line.includes(`node_modules/${NAME}/`))).toEqual([]);
  });

  /** What the compiler says of a program. */
  async function check(options: object): Promise<string[]> {
    write("use.ts", TYPED);
    const compilerOptions = {
      noEmit: true,
      strict: true,
      target: "es2022",
      lib: ["es2022"],
      types: [],
      ...options,
    };
    write("tsconfig.json", JSON.stringify({ compilerOptions, files: ["use.ts"] }));
    const { stdout } = await node(join(ROOT, "node_modules", "typescript", "bin", "tsc"), "-p", ".");
    return stdout.split("\n").filter(Boolean);
  }
});

describe("the command line", () => {
  test("predict", async () => {
    const ran = await npx([NAME, "predict", "a b.wav", "--json"]);
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toMatchObject({ file: "a b.wav", emotion: expect.any(String) });
    expect((await npx(["ser", "--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  test("a folder that cannot be written: one line", async () => {
    const out = join("a b.wav", "below", "features.csv");
    const ran = await npx(["ser", "features", "a b.wav", "--out", out]);
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toMatch(/^ser: cannot write [^\n]+\n$/);
  });

  test("a cache that cannot be written stops nothing", async () => {
    const ran = await npx(["ser", "engine", "--json"], { XDG_CACHE_HOME: join(project, "a b.wav") });
    expect(ran.code).toBe(0);
    expect(JSON.parse(ran.stdout)).toEqual(
      expect.arrayContaining([expect.objectContaining({ engine: "wasm", available: true, chosen: true })]),
    );
  });

  test("notebooks are of the checkout, in one line", async () => {
    const ran = await npx(["ser", "notebook", "run"]);
    expect(ran).toMatchObject({ code: 1, stdout: "" });
    expect(ran.stderr).toMatch(/^ser: notebooks need a checkout [^\n]+tslab\n$/);
  });
});

describe("the native core", () => {
  const home = join(folder, "another cache");
  const native = async (env: Record<string, string>) => {
    const ran = await npx(["ser", "engine", "--json"], env);
    const engines = JSON.parse(ran.stdout) as { engine: string; available: boolean; reason: string }[];
    return { ...ran, native: engines.find(({ engine }) => engine === "native")! };
  };

  test("is compiled once, by one of two processes, where there is a compiler", async () => {
    const both = await Promise.all([native({ XDG_CACHE_HOME: home }), native({ XDG_CACHE_HOME: home })]);
    if (/where there is a C compiler/.test(both[0].native.reason)) return; // there is none here
    expect(both.map(({ native: { available } }) => available)).toEqual([true, true]);
    expect(both.map(({ stderr }) => stderr).sort()).toEqual([
      "",
      "ser: compiling the training core for this machine (only once)\n",
    ]);
    expect(readdirSync(join(home, NAME, "native"))).toEqual([expect.stringMatching(/^native-.+\.node$/)]);
    expect((await native({ XDG_CACHE_HOME: home })).stderr).toBe("");
  });

  test("a compiler that fails is told of once, and not asked again", async () => {
    const broken = join(folder, "broken cc");
    writeFileSync(
      broken,
      '#!/bin/sh\n[ "$1" = --version ] && exit 0\necho "error: no such header" >&2\nexit 1\n',
    );
    chmodSync(broken, 0o755);
    const env = { CC: broken, XDG_CACHE_HOME: join(folder, "third cache") };
    const first = await native(env);
    expect(first).toMatchObject({ code: 0, native: { available: false } });
    expect(first.native.reason).toMatch(/^not compiled: error: no such header; delete .+ to try again$/);
    expect((await native(env)).stderr).toBe("");
  });

  test("without a compiler, nothing is said", async () => {
    const ran = await native({ CC: join(folder, "none"), XDG_CACHE_HOME: join(folder, "fourth cache") });
    expect(ran).toMatchObject({ code: 0, stderr: "", native: { available: false } });
  });
});

test("nothing was written into the installed package", () => {
  expect(installed()).toEqual(before);
  expect(readdirSync(join(cache, NAME)).sort()).toEqual(expect.arrayContaining(["features"]));
});

const USE = `
import { mkdirSync } from "node:fs";
import {
  EMOTIONS, evaluate, extractClips, featureSettings, findModel, loadModel, saveFigure, tf, UserError, writeWav,
} from "${NAME}";
import { createTrainer } from "${NAME}/engine";
import { confusionMatrix } from "${NAME}/figures";

const tone = (hertz) => Float32Array.from({ length: 16000 }, (_, i) => Math.sin(i * hertz / 2600) * 0.3 * Math.sin(i / 900));
await writeWav("a b.wav", tone(220), 16000);
await writeWav("b.wav", tone(330), 16000);

const model = await loadModel(await findModel());
const { probabilities } = await model.predict("a b.wav");

const clip = (id, path) =>
  ({ id, path, corpus: "own", speaker: "one", sex: "female", emotion: "anger", label: "anger", synthetic: false });
const clips = [clip("own/a", "a b.wav"), clip("own/b", "b.wav")];
const features = await extractClips(clips, featureSettings({ kind: "mfcc", nMfcc: 13, deltas: 0 }), { threads: 2, quiet: true });

const network = tf.sequential({
  layers: [
    tf.layers.dense({ inputShape: [4], units: 8, activation: "relu" }),
    tf.layers.dense({ units: 2, activation: "softmax" }),
  ],
});
const trainer = await createTrainer(network, { optimizer: { name: "adam" }, seed: 1, maxBatch: 8 });
const x = Float32Array.from({ length: 32 }, (_, i) => Math.sin(i * i));
const y = Float32Array.from({ length: 16 }, (_, i) => (i % 2 === (i >> 2) % 2 ? 1 : 0));
const losses = [];
for (let step = 0; step < 10; step++) losses.push(await trainer.step({ x, y, count: 8 }, 0.01));
await trainer.dispose();

await saveFigure(confusionMatrix({ counts: [[3, 1], [0, 4]], classes: ["anger", "fear"] }), "figure.png");
const evaluation = await evaluate(await findModel(), clips, { quiet: true, resamples: 99 });
const wrong = await loadModel("none").catch((error) => error);
console.log(JSON.stringify({
  evaluated: evaluation.n, sameError: wrong instanceof UserError,
  emotions: EMOTIONS,
  probabilities: Object.values(probabilities).reduce((a, b) => a + b),
  features: features.clips.map(({ id }, i) => ({ id, columns: features.matrix(i).cols, frames: features.matrix(i).rows })),
  losses,
}));
`;

const TYPED = `
import { type Figure, findModel, loadModel, type Prediction, tf } from "${NAME}";
import { confusionMatrix } from "${NAME}/figures";

const model = await loadModel(await findModel());
const { emotion, probabilities }: Prediction = await model.predict("a b.wav");
const rank: number = tf.scalar(1).rank;
const figure: Figure = confusionMatrix({ counts: [[1]], classes: [emotion ?? "none"] });
export const sum: number = Object.values(probabilities ?? {}).reduce((a, b) => a + b, rank + (figure.layout.width ?? 0));
// @ts-expect-error the folder is a text: types are there
await loadModel(1);
// @ts-expect-error a figure has no such part
figure.colour;
// @ts-expect-error neither has the layout, which is of plotly.js's types
figure.layout.colour;
`;
