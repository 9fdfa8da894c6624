import { join } from "node:path";
import type { Command } from "commander";
import { printJson } from "./common.js";

/** `ser predict`: the emotion of recordings. */
export function addPredict(program: Command): void {
  program
    .command("predict")
    .description("say which emotion a trained model hears in recordings")
    .argument("<files...>", "WAV, AIFF, FLAC, MP3 or Ogg files")
    .option(
      "--model <dir>",
      "a model folder; default: the model of `npm start`",
      join("results", "demo", "model"),
    )
    .option("--json", "print JSON: an object for one file, an array for several")
    .addHelpText(
      "after",
      `
Examples:
  ser predict recording.wav
  ser predict --model results/runs/ravdess-cnn-0123456789ab/model *.wav --json`,
    )
    .action(predict);
}

async function predict(files: string[], flags: { model: string; json?: boolean }): Promise<void> {
  const [{ loadModel }, { messageOf, UserError }, { formatTable }] = await Promise.all([
    import("../inference/model.js"),
    import("../base/errors.js"),
    import("../base/table.js"),
  ]);
  const model = await loadModel(flags.model);
  const answers = [];
  for (const file of files) {
    try {
      const { warnings, ...prediction } = await model.predict(file);
      for (const warning of warnings) process.stderr.write(`ser: ${file}: ${warning}\n`);
      answers.push({ file, model: model.card.run, ...prediction });
    } catch (error) {
      if (!(error instanceof UserError) || files.length === 1) throw error;
      process.stderr.write(`ser: ${messageOf(error)}\n`);
      process.exitCode = 1;
    }
  }
  if (flags.json) return printJson(files.length === 1 ? answers[0] : answers);
  if (model.card.synthetic) process.stdout.write("model trained on SYNTHETIC voices: not for real use\n\n");
  const { classes } = model.card;
  const percent = (share: number) => (100 * share).toFixed(1);
  const rows = answers.map(({ file, emotion, duration, probabilities }) => [
    file,
    duration.toFixed(2),
    emotion,
    ...classes.map((name) => percent(probabilities[name]!)),
  ]);
  process.stdout.write(`${formatTable(["file", "s", "emotion", ...classes], rows)}\n`);
}
