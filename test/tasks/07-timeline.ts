// A figure of the emotions over a longer recording.
import { emotionTimeline, findModel, loadModel, readAudio, saveFigure } from "speech-emotion-workbench";
import { envelopeOf } from "speech-emotion-workbench/figures";

const model = await loadModel(await findModel());
const { samples, sampleRate } = await readAudio("talk.wav");
const { duration, windows } = await model.predict({ samples, sampleRate });
const envelope = envelopeOf(samples, sampleRate);
await saveFigure(emotionTimeline({ duration, windows, envelope }), "timeline.png");
console.log(`timeline.png: ${duration.toFixed(1)} s in ${windows.length} windows`);
