// A network of your own, trained, evaluated and saved like those of the workbench.
import { type BuildNetwork, tf, train } from "speech-emotion-workbench";

const { conv1d, dense, globalAveragePooling1d } = tf.layers;
const pooled: BuildNetwork = ({ frames, bands, classes: units }) => {
  const network = tf.sequential();
  network.add(conv1d({ inputShape: [frames, bands], filters: 32, kernelSize: 5, activation: "relu" }));
  network.add(globalAveragePooling1d({}));
  network.add(dense({ units, activation: "softmax" }));
  return network;
};
const experiment = await train(
  { protocols: ["savee/loso"], folds: ["1"], models: ["linear", "own:pooled"], training: { epochs: 3 } },
  { networks: { pooled } },
);
console.log(experiment.table("markdown"));
