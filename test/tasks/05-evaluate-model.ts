// Evaluate a saved model on clips of your own.
import { evaluate, findModel, readManifest } from "speech-emotion-workbench";

const clips = await readManifest("clips.csv");
const evaluation = await evaluate(await findModel(), clips);
console.log(evaluation.table("markdown"));
for (const { group, uar } of evaluation.bySpeaker()) console.log(`${group}: ${uar.value.toFixed(2)}`);
