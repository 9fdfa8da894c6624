import { execFileSync } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { readAudio, writeWav } from "../../lib/index.js";
import { needs } from "../needs.js";
import { ROOT, run } from "../package.js";
import { type Command, commandsIn } from "./readme.js";

const ENCODERS = process.env.SER_ENCODERS;
const onEncoder = "about a minute for a corpus: on the clips of SAVEE";
const COMMANDS: Record<string, Command | "elsewhere"> = {
  "npm ci && npm start": { says: /UAR/ },
  // The suite that CI runs.
  "npm ci && npm test": "elsewhere",
  "npx --no ser data download": {
    run: "npx --no ser data download --url http://127.0.0.1:1/archive.zip",
    because: "1 GB from Kaggle",
    code: 1,
    says: /by hand|kaggle/i,
  },
  "npx --no ser data check": { says: /savee/ },
  "npx --no ser train --corpus ravdess --model cnn": { says: /UAR/ },
  "npx --no ser predict recording.wav": { says: /recording\.wav/ },
  "npx --no ser ablate results/experiments/quick.json --plan": { says: /runs/ },
  "npx --no ser ablate results/experiments/four-corpora.json": {
    run: "npx --no ser ablate results/experiments/four-corpora.json --plan",
    because: "an hour and a half on two cores",
    says: /198 runs/,
  },
  "npx --no ser summarize four-corpora": {
    run: "npx --no ser ablate tiny.json && npx --no ser summarize tiny",
    because: "its runs are not committed",
    says: /results\/summary\/tiny: /,
  },
  "npx --no ser report four-corpora": {
    run: "npx --no ser report tiny",
    because: "reports.test.ts makes it",
    says: /results\/report\/tiny\/report\.html/,
  },
  "npx --no ser encoder get whisper-base": {
    run: "npx --no ser encoder add ~/models/whisper-base",
    because: "290 MB from Hugging Face",
    says: /whisper-base/,
  },
  "npx --no ser encoder add ~/models/whisper-tiny": { says: /whisper-tiny/ },
  "npx --no ser encoder list": { says: /whisper-base/ },
  "npx --no ser train --corpus ravdess --encoder whisper-base": {
    run: "npx --no ser train --corpus savee --encoder whisper-base",
    because: onEncoder,
    says: /UAR/,
  },
  "npx --no ser train --corpus ravdess --encoder whisper-base --layer 4 --model lstm": {
    run: "npx --no ser train --corpus savee --encoder whisper-base --layer 4 --model lstm --epochs 1",
    because: onEncoder,
    says: /UAR/,
  },
  "npx --no ser train --corpus ravdess --encoder whisper-base --model weighted-layers": {
    run: "npx --no ser train --corpus savee --encoder whisper-base --model weighted-layers --epochs 1",
    because: onEncoder,
    says: /UAR/,
  },
  "npx --no ser train --corpus ravdess --encoder whisper-base --model top-blocks": {
    run: "npx --no ser train --corpus savee --encoder whisper-base --model top-blocks --epochs 1",
    because: onEncoder,
    says: /UAR/,
  },
  "npx --no ser features clip.wav --encoder whisper-base --pooling frames --out clip.npy": {
    says: /clip\.npy/,
  },
  // CI executes them beside this.
  "npm run notebooks": "elsewhere",
  "npm run notebooks -- 03-train -p protocol=savee/loso": { says: /03-train/ },
  "npm run notebooks:html": { says: /html/ },
  "npm run kernel": { says: /kernel/ },
  "npx --no ser predict interviews/ --csv > answers.csv": { says: "" },
  "npx --no ser predict interviews/ --csv --skip-done answers.csv >> answers.csv": { says: "" },
  "arecord -t raw -f S16_LE -r 16000 | npx --no ser predict - --raw s16le --rate 16000": { says: /\d/ },
  "npx --no ser predict meeting.wav --segments meeting.rttm": { says: /speaker/ },
  "npx --no ser predict long.wav --textgrid long.TextGrid --audacity labels.txt --label-studio tasks.json": {
    says: /long\.wav/,
  },
  "npx --no ser ship ravdess-cnn-7bf193d26ef5 --out results/my-model": {
    run: 'npx --no ser ship "$(ls results/runs | grep "^ravdess-" | head -1)" --out results/my-model',
    because: "the name of a run on synthetic clips is another, and none of them is released",
    code: 1,
    says: /cannot be released: it was trained on SYNTHETIC voices/,
  },
  "npx --no ser predict --model results/my-model recording.wav": {
    run: 'npx --no ser predict --model "$(ls -d results/runs/ravdess-* | head -1)" recording.wav',
    because: "the model of the run",
    says: /recording\.wav/,
  },
};
/** Commands of the README. Stated here so that none is lost. */
const COUNT = 29;

const commands = commandsIn(readFileSync(join(ROOT, "README.md"), "utf8"));

test(`the README has ${COUNT} commands, and each is known here`, () => {
  expect(commands).toHaveLength(COUNT);
  expect(Object.keys(COMMANDS).sort()).toEqual([...commands].sort());
});

describe("in a fresh clone", () => {
  let folder: string;
  let clone: string;
  let prepared: Promise<void> | undefined;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), "ser-clone-"));
    clone = join(folder, "workbench");
    execFileSync("git", ["clone", "--quiet", ROOT, clone]);
    const changed = execFileSync("git", ["-C", ROOT, "status", "--porcelain"], { encoding: "utf8" });
    if (changed !== "") console.log(`not in the clone, since it is not committed:\n${changed}`);
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  for (const command of commands) {
    const own = COMMANDS[command];
    if (own === undefined || own === "elsewhere") continue;
    const line = own.run ?? command;
    const name = own.run ? `${command} (${own.because}: ${own.run})` : command;
    const isEncoders = /--encoder|encoder (get|add|list)/.test(command);
    test(name, isEncoders ? needs("encoders") : {}, async () => {
      if (command !== "npm ci && npm start") {
        prepared ??= prepare(folder, clone);
        await prepared;
      }
      const env = {
        PATH: `${join(folder, "bin")}:${process.env.PATH}`,
        JUPYTER_DATA_DIR: join(folder, "jupyter"),
        ...(line.includes("~") ? { HOME: join(folder, "home") } : {}),
      };
      const ended = await run("bash", ["-c", line], { cwd: clone, cache: join(folder, "cache"), env });
      const output = ended.stdout + ended.stderr;
      expect([line, ended.code, output]).toEqual([line, own.code ?? 0, expect.stringMatching(own.says)]);
      expect(output).not.toMatch(/^\s+at .+:\d+:\d+\)?$/m);
    });
  }
});

/** What the commands speak of: corpora in data/, recordings, models, a program that records. */
async function prepare(folder: string, clone: string): Promise<void> {
  const path = (...names: string[]) => join(clone, ...names);
  const synthesize = ["--no", "ser", "data", "synthesize"];
  const made = await run("npx", synthesize, { cwd: clone, cache: join(folder, "cache") });
  expect([made.code, made.stderr]).toEqual([0, expect.anything()]);
  const savee = readdirSync(path("data"), { recursive: true, encoding: "utf8" })
    .filter((name) => /DC_[a-z]+\d+\.wav$/.test(name))
    .sort()
    .map((name) => path("data", name));
  for (const name of ["recording.wav", "clip.wav"]) copyFileSync(savee[0]!, path(name));
  mkdirSync(path("interviews"));
  for (const i of [1, 2]) copyFileSync(savee[i]!, path("interviews", `${i}.wav`));
  const said = await Promise.all(savee.slice(0, 8).map((own) => readAudio(own)));
  const talk = Float32Array.from(said.flatMap(({ samples }) => Array.from(samples)));
  for (const name of ["meeting.wav", "long.wav"]) await writeWav(path(name), talk, said[0]!.sampleRate);
  writeFileSync(path("meeting.rttm"), "SPEAKER meeting 1 0.00 2.00 <NA> <NA> ann <NA> <NA>\n");
  mkdirSync(join(folder, "bin"));
  writeFileSync(join(folder, "bin", "arecord"), "#!/bin/sh\nhead -c 320000 /dev/zero\n");
  chmodSync(join(folder, "bin", "arecord"), 0o755);
  mkdirSync(join(folder, "home", "models"), { recursive: true });
  if (ENCODERS) {
    symlinkSync(join(ENCODERS, "whisper-base"), join(folder, "home", "models", "whisper-base"));
    symlinkSync(join(ENCODERS, "whisper-tiny.en"), join(folder, "home", "models", "whisper-tiny"));
  }
  const grid = {
    name: "tiny",
    runs: [{ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] }],
  };
  writeFileSync(path("tiny.json"), JSON.stringify(grid));
}
