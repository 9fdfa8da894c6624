// Load RAVDESS and count.
import { classesOf, loadClips } from "speech-emotion-workbench";

const clips = await loadClips("data", { names: ["ravdess"], calm: "keep" });
for (const emotion of classesOf(clips)) {
  const own = clips.filter((clip) => clip.emotion === emotion);
  const speakers = new Set(own.map(({ speaker }) => speaker));
  console.log(`${emotion}: ${own.length} clips of ${speakers.size} speakers`);
}
