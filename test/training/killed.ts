// A training in a process of its own that the test of the loop kills: stands still after so many updates,
// and says so.
import { heldOutSpeakers } from "../../lib/protocols/split.js";
import { trainFold } from "../../lib/training/train.js";
import { CLASSES, SETTINGS, speech } from "./speech.js";

const [folder, every, steps] = process.argv.slice(2);
const features = speech(90);
trainFold(
  features,
  heldOutSpeakers(features.clips),
  CLASSES,
  { ...SETTINGS, epochs: 3 },
  {
    quiet: true,
    engine: "tfjs",
    folder,
    checkpointEvery: Number(every),
    onStep: (step) => {
      if (step !== Number(steps)) return;
      process.stdout.write("here\n");
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);
    },
  },
);
