// Predict a folder of recordings to a CSV.
import { writeFile } from "node:fs/promises";
import { findModel, loadModel, predictFiles, predictionCsv } from "speech-emotion-workbench";

const model = await loadModel(await findModel());
const answers = [];
for await (const answer of predictFiles(model, ["recordings"])) {
  console.log(`${answer.file}: ${answer.prediction.emotion ?? "unsure"}`);
  answers.push(answer);
}
await writeFile("predictions.csv", predictionCsv(answers, model));
