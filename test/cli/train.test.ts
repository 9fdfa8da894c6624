import { cp, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { formatCsv } from "../../lib/base/table.js";
import { loadClips } from "../../lib/corpora/registry.js";
import { ledgerIn } from "../../lib/experiments/readings.js";
import type { RunRecord } from "../../lib/runs/record.js";
import { needs } from "../needs.js";
import { toneCorpus } from "../runs/examples.js";
import { ser } from "./spawn.js";

let folder: string;
let data: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "ser-train-"));
  data = join(folder, "data");
  await toneCorpus(data);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const FLAGS = ["--corpus", "savee", "--model", "cnn-small", "--epochs", "2", "--frames", "40"];

test("trains, writes the run, and reads it the second time", async () => {
  const first = await ser(["train", "--data", data, "--out", "runs", ...FLAGS], folder);
  expect(first.stderr).toBe("");
  expect(first.code).toBe(0);
  expect(first.stdout).toContain("SYNTHETIC");
  expect(first.stdout).toMatch(/test +\d+ +7 +\d+\.\d/);
  const name = (await readdir(join(folder, "runs"))).find((file) => file.startsWith("savee-"));
  const files = await readdir(join(folder, "runs", name!), { recursive: true });
  expect(files.sort()).toEqual([
    "confusion_matrix.png",
    "emotion_prediction.png",
    "history.csv",
    "learning_curves.png",
    "model",
    "model/card.json",
    "model/model.json",
    "model/program.json",
    "model/weights.bin",
    "predictions.csv",
    "run.json",
  ]);

  const again = await ser(["train", "--data", data, "--out", "runs", "--json", ...FLAGS], folder);
  const record = JSON.parse(again.stdout) as RunRecord;
  const stored = JSON.parse(await readFile(join(folder, "runs", name!, "run.json"), "utf8"));
  expect(record).toEqual(stored);
  expect(record.synthetic).toBe(true);
  expect(JSON.stringify(record)).not.toContain(folder);
  expect((await readdir(join(folder, "runs"))).sort()).toEqual([".claims", "readings", name]);
  const readings = await ledgerIn(join(folder, "runs")).entries();
  expect(readings.map(({ run, synthetic }) => [run, synthetic])).toEqual([[name, true]]);
  expect(readings[0]!.command).toMatch(/^ser train --data data --out runs --corpus savee/);

  const predictions = await readFile(join(folder, "runs", name!, "predictions.csv"), "utf8");
  const rows = predictions.trimEnd().split("\n").slice(1);
  expect(rows.length).toBe(record.split.validation + record.split.test);
  expect(rows.filter((row) => row.includes(",test,")).every((row) => row.startsWith("savee/KL_"))).toBe(true);

  const wav = (await loadClips(data))[0]!.path;
  const said = await ser(["predict", "--model", join("runs", name!, "model"), wav, "--json"], folder);
  expect(said.code).toBe(0);
  const answer = JSON.parse(said.stdout);
  expect(answer.file).toBe(wav);
  expect(Object.keys(answer.probabilities)).toEqual(record.classes);
});

test("a training that collapsed, and one that patience ended, say so", async () => {
  const flags = ["--data", data, "--out", "collapsed", "--no-pictures", ...FLAGS];
  flags.push("--epochs", "9", "--patience", "1");
  const { code, stdout } = await ser(["train", ...flags, "--learning-rate", "1e-30"], folder);
  expect(code).toBe(0);
  expect(stdout).toMatch(
    /\nstopped after epoch 2: no better validation UAR for 1 epoch \(patience\); the best was/,
  );
  const far = [...flags, "--learning-rate", "1", "--score", "validation", "--json"];
  const collapsed = await ser(["train", ...far], folder);
  expect(collapsed.stderr).toMatch(
    /^ser: warning: savee-cnn-small-\w+ collapsed: \w+ is predicted for .* validation clips: try a lower --learning-rate than 1, /,
  );
  expect(JSON.parse(collapsed.stdout).validation.uar).toBeLessThan(0.3);
});

test("a place under /proc ends with one line", needs("linux"), async () => {
  await writeFile(
    join(folder, "proc.json"),
    '{ "name": "proc", "runs": [{ "protocols": ["savee/loso"], "models": ["majority"], "features": ["mfcc"], "seeds": [1] }] }',
  );
  const train = ["train", "--data", data, "--corpus", "savee", "--model", "majority"];
  for (const args of [train, ["ablate", "proc.json", "--data", data], ["demo", "--data", data]]) {
    const { code, stdout, stderr } = await ser([...args, "--out", "/proc/ser"], folder);
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(
      /^ser: cannot write \/proc\/ser[^\n]*: the system makes no file there; choose another folder[^\n]*\n$/,
    );
  }
});

test("a broken clip is reported and left out; with --strict it ends the run", async () => {
  const broken = join(folder, "broken");
  await cp(data, broken, { recursive: true });
  const victim = (await loadClips(broken)).find((clip) => clip.speaker === "DC")!;
  await mkdir(dirname(victim.path), { recursive: true });
  await writeFile(victim.path, "this is text");
  const lenient = await ser(
    ["train", "--data", broken, "--out", "broken-runs", "--no-pictures", ...FLAGS],
    folder,
  );
  expect(lenient.code).toBe(0);
  expect(lenient.stdout).toContain(`left out ${victim.id}`);
  const strict = await ser(["train", "--data", broken, "--out", "strict-runs", "--strict", ...FLAGS], folder);
  expect(strict.code).toBe(1);
  expect(strict.stderr).toContain(victim.path);
});

test("settings are recorded, those of the engine are not hashed, and what makes no sense is said", async () => {
  const flags = [
    "--corpus",
    "savee",
    "--data",
    data,
    "--out",
    "settings",
    "--frames",
    "40",
    "--json",
    "--no-pictures",
  ];
  const settings = ["--augment", "masks", "gain", "--mixup", "0.2", "--optimizer", "adamw", "--weight-decay"];
  const net = ["--model", "cnn-small", "--epochs", "1", "--schedule", "one-cycle", ...settings, "0.1"];
  const ran = await ser(["train", ...flags, ...net, "--engine", "tfjs", "--threads", "1"], folder);
  const record = JSON.parse(ran.stdout) as RunRecord;
  expect(record.engine).toMatch(/^tfjs \(TensorFlow.js/);
  expect(record.settings.training).toMatchObject({
    schedule: { name: "one-cycle" },
    optimizer: { name: "adamw", weightDecay: 0.1 },
    mixup: 0.2,
    augmentation: { timeMasks: 2, gain: 6 },
  });
  const again = await ser(["train", ...flags, ...net], folder);
  expect((JSON.parse(again.stdout) as RunRecord).name).toBe(record.name);

  const sized = await ser(["train", ...flags, ...net, "--filters", "8", "16"], folder);
  const small = JSON.parse(sized.stdout) as RunRecord;
  expect(small.settings.training).toEqual({ ...record.settings.training, size: { filters: [8, 16] } });
  expect(small.parameters).toBeLessThan(record.parameters / 2);
  // A size that is the network's own is no other run.
  const usual = await ser(
    ["train", ...flags, ...net, "--filters", "32", "48", "64", "--dropout", "0.3"],
    folder,
  );
  expect((JSON.parse(usual.stdout) as RunRecord).name).toBe(record.name);

  const linear = await ser(["train", ...flags, "--model", "linear"], folder);
  expect((JSON.parse(linear.stdout) as RunRecord).test!.uar).toBeGreaterThan(1 / 7);

  const whisper = ["--encoder", "whisper-base"];
  for (const [wrong, message] of [
    [["--optimizer", "adam", "--weight-decay", "0.1"], "--weight-decay works with adamw only"],
    [["--model", "linear", "--normalisation", "clip"], "the linear model takes global"],
    [["--protocol", "savee/loso", "--calm", "keep"], "--calm works with the protocol held-out only"],
    [["--protocol", "savee/loso", "--fold", "7"], 'has no fold "7": there are 1, 2, 3, 4'],
    [["--model", "linear", "--curriculum"], "the linear model has no epochs"],
    [
      ["--model", "lstm", "--filters", "8"],
      "size.filters: lstm has no filters: it takes units, layers, dropout",
    ],
    [["--filters", "8", "0"], "It takes a whole number from 1 to 4096."],
    [["--protocol", "savee/lso"], 'there is no protocol "savee/lso"; did you mean "savee/loso"?'],
    [["--augment", "echo"], "Allowed choices are masks, shift, gain"],
    [[...whisper, "--layer", "9"], "ser: layer is 9: it takes 0 to 6, or all: the encoder has 6 blocks"],
    [[...whisper, "--model", "lstm", "--pooling", "statistics"], "ser: lstm goes over frames"],
    [
      [...whisper, "--model", "top-blocks", "--blocks", "4"],
      "ser: top-blocks trains 4 blocks, and there are",
    ],
  ] as const) {
    const refused = await ser(["train", ...flags, ...wrong], folder);
    expect([refused.code, refused.stderr.includes(message)]).toEqual([2, true]);
  }
});

test("a corpus that is not there, and a folder without any", async () => {
  const other = await ser(["train", "--data", data, "--corpus", "tess"], folder);
  expect([other.code, other.stderr.includes("tess not found under")]).toEqual([1, true]);
  await mkdir(join(folder, "empty"));
  const empty = await ser(["train", "--data", "empty"], folder);
  expect([empty.code, empty.stderr.includes("no corpus found under empty")]).toEqual([1, true]);
});

test("a protocol is trained fold by fold, leaves its test parts unread when told so, and pools its folds", async () => {
  const flags = [
    ...FLAGS.slice(2),
    "--kind",
    "mfcc",
    "--data",
    data,
    "--out",
    "folds",
    "--no-pictures",
    "--protocol",
    "savee/loso",
  ];
  const ran = await ser(["train", ...flags, "--model", "majority", "--score", "validation"], folder);
  expect([ran.code, ran.stderr]).toEqual([0, ""]);
  expect(ran.stdout).toContain("the test part was not read");
  expect(ran.stdout).toMatch(/Audit: all \d+ checks passed\./);
  expect(ran.stdout).toMatch(/all +\d+ +14\.3/);
  expect(ran.stdout).toContain("No interval: 4 speakers, and fewer than 8 say too little about others.");
  const runs = (await readdir(join(folder, "folds"))).filter((file) => file !== ".claims");
  expect(runs.length).toBe(4);

  const perceived = await ser(["train", ...flags, "--target", "perceived"], folder);
  expect([perceived.code, perceived.stderr]).toEqual([1, expect.stringContaining("tabulatedVotes.csv")]);
});

test("the sentence alone is a table of the metadata: no run, no reading, no options of a training", async () => {
  const place = join(folder, "sentence");
  await mkdir(place);
  const flags = ["train", "--data", data, "--protocol", "savee/loso", "--model", "sentence"];
  const { code, stdout, stderr } = await ser(flags, place);
  expect([code, stderr]).toEqual([0, ""]);
  expect(stdout).toMatch(/All folds together: UAR \d+\.\d % \(no interval: 4 speakers/);
  expect(await readdir(place)).toEqual([]);
  const wrong = await ser([...flags, "--epochs", "3"], place);
  expect(wrong.code).toBe(2);
  expect(wrong.stderr).toContain("leave their options out");
});

test("--from goes on from a trained model, whose features and network they are", async () => {
  const args = ["train", "--data", data, "--out", "from-runs", "--no-pictures", "--protocol", "savee/loso"];
  const fold = ["--fold", "1", "--epochs", "1"];
  const first = await ser([...args, ...fold, "--model", "cnn-small", "--frames", "40", "--json"], folder);
  const { name } = JSON.parse(first.stdout) as RunRecord;
  const model = join(folder, "from-runs", name);
  const second = await ser([...args, ...fold, "--from", model, "--json"], folder);
  expect(second.stderr).toBe("");
  const record = JSON.parse(second.stdout) as RunRecord;
  expect(record.settings.training).toMatchObject({ model: "cnn-small", frames: 40 });
  expect(record.from![0]).toMatchObject({ run: name, corpora: ["savee"] });
  expect(second.stdout).not.toContain(folder);
  // The same command finds the run, and the run's own folder does for the name of its model.
  const again = await ser([...args, ...fold, "--from", join(model, "model")], folder);
  expect(again.stdout).toContain("this run is already done");
  expect(again.stdout).toContain(`Began with the weights of ${name} (`);

  const others = ["--model", "lstm", "--frames", "50", "--kind", "mfcc"];
  const other = await ser([...args, "--from", model, ...others], folder);
  expect(other.code).toBe(2);
  expect(other.stderr).toContain(
    'which these options contradict: model "lstm" instead of "cnn-small", frames 50 instead of 40, kind "mfcc" instead of "logmel"; leave them out',
  );
  const told = ["--model", "cnn-small", "--frames", "40", "--filters", "32", "48", "64", "--kind", "logmel"];
  const same = await ser([...args, ...fold, "--from", model, ...told], folder);
  expect(same.stdout).toContain("this run is already done");

  const leak = await ser([...args, "--fold", "2", "--from", model], folder);
  expect(leak.code).toBe(1);
  expect(leak.stderr).toMatch(/the audit found leakage[\s\S]*heard \d+ of the \d+ test clips/);

  const baseline = await ser([...args, "--fold", "1", "--model", "linear", "--json"], folder);
  const linear = (JSON.parse(baseline.stdout) as RunRecord).name;
  const none = await ser([...args, "--from", join(folder, "from-runs", linear)], folder);
  expect([none.code, none.stderr]).toEqual([2, expect.stringContaining("the training of a network, and")]);
  const nowhere = await ser([...args, "--from", "nowhere"], folder);
  expect([nowhere.code, nowhere.stderr]).toEqual([1, expect.stringContaining("nowhere: folder not found")]);
});

test("--features takes a table of one's own, for an svm that no sound can be given to", async () => {
  const place = join(folder, "table");
  await toneCorpus(join(place, "data"));
  const clips = await loadClips(join(place, "data"));
  const rows = clips.map(({ path, emotion, speaker }, i) => [
    ...[
      basename(path),
      emotion,
      speaker,
      emotion.length + (i % 7) / 10,
      emotion.charCodeAt(0) + (i % 5) / 10,
      7,
    ],
  ]);
  const write = (name: string, own: (string | number)[][]) =>
    writeFile(join(place, name), formatCsv(["file", "emotion", "speaker", "a", "b", "c"], own));
  await write("x.csv", [...rows, ["other.wav", "anger", "DC", 1, 2, 7]]);
  const args = ["train", "--data", "data", "--protocol", "savee/loso", "--fold", "1", "--no-pictures"];
  args.push("--out", "runs");
  const ran = await ser([...args, "--features", "csv:x.csv", "--model", "svm", "--refit"], place);
  expect([ran.code, ran.stderr]).toEqual([0, ""]);
  for (const words of [
    "features of 84 clips (table x.csv)",
    "x.csv: left out emotion, speaker (labels or places by name)",
    "x.csv: left out c (the same in every row)",
    "x.csv: 1 row of other clips ignored",
  ])
    expect(ran.stdout).toContain(words);
  expect(ran.stdout).toMatch(
    /C \d+(\.\d+)?, gamma 0\.05, chosen on validation|C [\d.]+, gamma [\d.]+, chosen/,
  );
  const name = (await readdir(join(place, "runs"))).find((file) => file.startsWith("savee-"))!;
  const record = JSON.parse(await readFile(join(place, "runs", name, "run.json"), "utf8")) as RunRecord;
  expect(record.settings.features).toMatchObject({ kind: "table", name: "x.csv", columns: 2 });
  expect(record.test!.uar).toBeGreaterThan(0.9);
  expect(record.history.length).toBe(12);
  expect(record.audit.passed).toBe(true);

  // Elsewhere and in another order, the numbers are the same, and so is the run.
  await mkdir(join(place, "elsewhere"));
  await write("elsewhere/x.csv", rows.toReversed());
  const linear = await ser([...args, "--features", "csv:elsewhere/x.csv", "--json"], place);
  expect((JSON.parse(linear.stdout) as RunRecord).settings.training.model).toBe("linear");

  const predicted = await ser(["predict", "--model", join("runs", name, "model"), clips[0]!.path], place);
  expect([predicted.code, predicted.stderr]).toEqual([
    1,
    expect.stringMatching(/^ser: .*takes the columns of the table x\.csv.*\n$/),
  ]);

  await write("missing.csv", rows.slice(1));
  await write("doubled.csv", [...rows, [...rows[0]!.slice(0, 3), 9, 9, 9]]);
  await write("nan.csv", [...rows.slice(1), [...rows[0]!.slice(0, 3), "nan", 1, 1]]);
  for (const [file, code, words] of [
    ["missing.csv", 1, `missing.csv has no row for 1 of 84 clips: ${clips[0]!.id}`],
    ["doubled.csv", 1, `${clips[0]!.id} has two different rows, in lines 2 and 86`],
    ["nan.csv", 1, 'nan.csv: line 85, column a is "nan"'],
    ["x.npy", 2, "It takes csv:FILE, or npy:FILE"],
    ["none.csv", 1, "cannot read the table none.csv"],
  ] as const) {
    const refused = await ser([...args, "--features", `csv:${file}`], place);
    expect([refused.code, refused.stderr]).toEqual([code, expect.stringContaining(words)]);
  }
  const network = await ser([...args, "--features", "csv:x.csv", "--model", "cnn"], place);
  expect([network.code, network.stderr]).toEqual([2, expect.stringContaining("ser: cnn goes over frames")]);
});
