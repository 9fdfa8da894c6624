// One clip's mel picture.
import { createExtractor, featureSettings, readAudio, saveFigure } from "speech-emotion-workbench";
import { spectrogram } from "speech-emotion-workbench/figures";

const settings = featureSettings({ kind: "logmel", nMels: 64 });
const { samples, sampleRate } = await readAudio("recording.wav");
const logmel = createExtractor(settings)(samples, sampleRate);
const hopSeconds = settings.hopLength / settings.sampleRate;
await saveFigure(spectrogram({ logmel, hopSeconds, sampleRate: settings.sampleRate }), "mel.png");
console.log(`mel.png: ${logmel.rows} frames of ${logmel.cols} mel bands`);
