// Compare two networks on the same speakers.
import { train } from "speech-emotion-workbench";

const experiment = await train({
  ...{ protocols: ["ravdess/7"], folds: ["1", "2"], score: "test" },
  ...{ models: ["linear", "majority"], features: ["mfcc"] },
});
const { difference, p } = experiment.compare("linear", "majority");
console.log(experiment.table("latex"));
console.log(`${(100 * difference.estimate).toFixed(1)} points UAR, p = ${p.toPrecision(2)}`);
