// A corpus of your own, whose speakers are kept apart.
import { readManifest, train } from "speech-emotion-workbench";

const clips = await readManifest("clips.csv");
const experiment = await train(
  { protocols: ["grouped/own?group=speaker&folds=4"], models: ["majority", "linear"], score: "test" },
  { clips },
);
console.log(experiment.table("markdown"));
console.log(experiment.evaluation("linear").by("speaker").length, "speakers");
