import { random } from "../../lib/base/random.js";
import type { Scored } from "../../lib/evaluation/interval.js";

/**
 * Answers with so many clips and right ones of each speaker (rows) and class (columns); what is wrong is
 * called the next class.
 */
export function answersOf(clips: readonly number[][], right: readonly number[][]): Scored {
  const classes = clips[0]!.map((_, c) => `class ${c}`);
  const [truth, predicted, speakers]: [number[], number[], string[]] = [[], [], []];
  clips.forEach((row, s) => {
    row.forEach((count, c) => {
      for (let i = 0; i < count; i++) {
        truth.push(c);
        predicted.push(i < right[s]![c]! ? c : (c + 1) % classes.length);
        speakers.push(`corpus/${String(s).padStart(2, "0")}`);
      }
    });
  });
  return { classes, truth, predicted, speakers };
}

/** Seeded answers of speakers who differ, four clips of each of three classes. */
export function someAnswers(speakers: number, seed: number, better = 0): Scored {
  const rng = random(`answers/${seed}`);
  const four = Array.from({ length: speakers }, () => [4, 4, 4]);
  return answersOf(
    four,
    four.map((row) => row.map(() => Math.min(4, rng.int(4) + better))),
  );
}
