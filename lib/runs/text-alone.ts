import type { BootstrapOptions } from "../evaluation/interval.js";
import { sentenceAnswers, type TextAlone, textAlone } from "../protocols/sentence-baseline.js";
import { publishedPlan } from "./published-plan.js";
import type { RunRecord } from "./record.js";

/**
 * The UAR that the sentences alone reach on the test parts of a run's protocol, without any audio: each test clip gets the
 * emotion that its sentence has most often among the fold's other clips, weighted by inverse class frequency. Read from the
 * record; for older runs, computed from the published file names.
 *
 * @param options of the interval, where it is computed
 * @returns `undefined` if neither is available
 * @example
 * const { runs } = await train({ protocols: ["savee/loso"], models: ["linear"], features: ["mfcc"] });
 * textUnder(runs[0]!.record)!.confounded; // => true
 */
export function textUnder(record: RunRecord, options: BootstrapOptions = {}): TextAlone | undefined {
  if (record.text) return record.text;
  const plan = publishedPlan(record)?.plan;
  const answers = plan && sentenceAnswers(plan);
  return answers && textAlone(answers, options);
}
