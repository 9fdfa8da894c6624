// Train a Bi-LSTM on MFCC, and look at what it confuses.
import { saveFigure, train } from "speech-emotion-workbench";

const training = { epochs: 2 }; // without this line the 30 that suit it
const experiment = await train({
  ...{ protocols: ["savee/loso"], folds: ["1"], score: "test", training },
  ...{ models: ["bilstm"], features: ["mfcc"] },
});
const bilstm = experiment.evaluation("bilstm");
console.log(bilstm.table("markdown"));
await saveFigure(bilstm.figure("confusion"), "bilstm.png");
