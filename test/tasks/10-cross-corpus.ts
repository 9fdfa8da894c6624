// Train on one corpus, test on another.
import { train } from "speech-emotion-workbench";

const experiment = await train({
  ...{ protocols: ["cross-corpus/savee-tess", "cross-corpus/tess-savee"], score: "test" },
  ...{ models: ["linear"], features: ["mfcc"] },
});
for (const { protocol, uar, chance } of experiment.evaluations)
  console.log(`${protocol}: UAR ${uar.value.toFixed(3)}, chance ${chance.toFixed(3)}`);
