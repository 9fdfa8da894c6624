// Makes lib/corpora/cremad-listeners.ts from CREMA-D's table of votes:
// npx tsx lib/build/listeners.ts tabulatedVotes.csv
import { writeFileSync } from "node:fs";
import { byText } from "../base/text.js";
import { countRatings, readRatings } from "../corpora/ratings.js";

async function main(file: string): Promise<void> {
  const lines = [...countRatings(await readRatings(file))]
    .sort(([a], [b]) => byText(a, b))
    .map(([speaker, { ratings, majority }]) => `${speaker} ${pack(ratings)} ${pack(majority)}`);
  writeFileSync(
    "lib/corpora/cremad-listeners.ts",
    `// Made by lib/build/listeners.ts from tabulatedVotes.csv; not to be edited.

/**
 * How the listeners of CREMA-D heard each actor's voice alone: sums of \`tabulatedVotes.csv\` of
 * https://github.com/CheyneyComputerScience/CREMA-D (Cao et al. 2014, ODbL 1.0).
 *
 * One line an actor: number; single ratings, 6 x 6, row by row, rows what the actor meant, columns what was heard, both
 * in the order anger, disgust, fear, happiness, sadness, neutral; the majority votes likewise, in sixtieths of a clip,
 * since a clip of k tied emotions counts 1/k for each. Counts are written in base 36 with commas, zeros as nothing.
 */
export const CREMAD_LISTENERS = \`
${lines.join("\n")}
\`;
`,
  );
}

function pack(counts: Float64Array): string {
  return Array.from(counts, (count) => (count === 0 ? "" : count.toString(36))).join(",");
}

main(process.argv[2] ?? "tabulatedVotes.csv").catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
