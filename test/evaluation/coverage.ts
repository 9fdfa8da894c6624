/**
 * How often the 95 % interval of the UAR covers the UAR of the population that the speakers were drawn from:
 * `npx tsx test/evaluation/coverage.ts [replications]`. The tests run a shorter one.
 */

import { type Random, random } from "../../lib/base/random.js";
import { normalQuantile } from "../../lib/evaluation/distributions.js";
import { type Scored, uarInterval } from "../../lib/evaluation/interval.js";

export interface Population {
  speakers: number;
  /** The log odds of a right answer for each emotion, at the average speaker. */
  emotions: readonly number[];
  /** Clips of each speaker and emotion. */
  clips: number;
  /** Standard deviations of the log odds: between speakers, and between a speaker's emotions. */
  speakerSd: number;
  emotionSd: number;
  /** Trainings; two of them agree on a clip's answer more often than its odds say. */
  seeds: number;
}

/** As RAVDESS: 24 speakers, seven emotions, eight clips of each. */
export const SMALL: Population = {
  speakers: 24,
  emotions: [1.2, 0.2, -0.3, 0, -0.5, 0.4, 0.9],
  clips: 8,
  speakerSd: 0.5,
  emotionSd: 0.8,
  seeds: 2,
};

/** As CREMA-D: 91 speakers, six emotions, thirteen clips of each. */
export const LARGE: Population = {
  ...SMALL,
  speakers: 91,
  emotions: [1.2, 0, -0.5, 0.1, 0.6, 0.8],
  clips: 13,
};

/** The share of simulated data sets whose interval covers the true UAR, and the shares missed on either side. */
export function coverage(
  population: Population,
  replications: number,
  resamples: number,
): { covered: number; below: number; above: number } {
  const truth = trueUar(population);
  let below = 0;
  let above = 0;
  for (let r = 0; r < replications; r++) {
    const rng = random(`coverage/${population.speakers}/${r}`);
    const interval = uarInterval(draw(population, rng), { resamples, seed: r });
    if (!("low" in interval)) throw new Error(interval.reason);
    if (interval.high < truth) below++;
    if (interval.low > truth) above++;
  }
  return {
    covered: 1 - (below + above) / replications,
    below: below / replications,
    above: above / replications,
  };
}

/** The mean over emotions of the chance of a right answer, over all speakers there could be. */
function trueUar({ emotions, speakerSd, emotionSd }: Population): number {
  const sd = Math.hypot(speakerSd, emotionSd);
  const points = Array.from({ length: 4000 }, (_, i) => normalQuantile((i + 0.5) / 4000));
  const recalls = emotions.map(
    (odds) => points.reduce((sum, z) => sum + chance(odds + sd * z), 0) / points.length,
  );
  return recalls.reduce((a, b) => a + b, 0) / recalls.length;
}

function draw({ speakers, emotions, clips, speakerSd, emotionSd, seeds }: Population, rng: Random): Scored[] {
  const classes = emotions.map((_, c) => `emotion ${c}`);
  const truth: number[] = [];
  const names: string[] = [];
  const predicted: number[][] = Array.from({ length: seeds }, () => []);
  for (let s = 0; s < speakers; s++) {
    const speaker = rng.normal(0, speakerSd);
    emotions.forEach((odds, c) => {
      const right = chance(odds + speaker + rng.normal(0, emotionSd));
      for (let i = 0; i < clips; i++) {
        truth.push(c);
        names.push(`speaker ${s}`);
        // Half of the time a training meets the clip's own difficulty, else its own luck.
        const own = rng.uniform();
        for (const answers of predicted) {
          const ease = rng.uniform() < 0.5 ? own : rng.uniform();
          answers.push(ease < right ? c : (c + 1 + rng.int(emotions.length - 1)) % emotions.length);
        }
      }
    });
  }
  return predicted.map((answers) => ({ classes, truth, predicted: answers, speakers: names }));
}

function chance(logOdds: number): number {
  return 1 / (1 + Math.exp(-logOdds));
}

if (process.argv[1]?.endsWith("coverage.ts")) {
  const replications = Number(process.argv[2] ?? 2000);
  for (const population of [SMALL, LARGE]) {
    const { covered, below, above } = coverage(population, replications, 1999);
    const percent = (share: number) => `${(100 * share).toFixed(1)} %`;
    console.log(
      `${population.speakers} speakers, ${replications} data sets: covered ${percent(covered)}, ` +
        `interval too low ${percent(below)}, too high ${percent(above)}`,
    );
  }
}
