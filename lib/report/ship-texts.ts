import type { CorpusName } from "../corpora/clip.js";
import { corpora } from "../corpora/registry.js";

/** Folder of the released model, the default of `ser predict`. */
export const SHIPPED_FOLDER = "results/model";

/** The plain warning near the top of the card. */
export const UNFIT_WARNING =
  "Not in hiring, policing, diagnosis or surveillance, and not to infer emotions at work or in education, which the EU " +
  "AI Act (Regulation (EU) 2024/1689, Article 5(1)(f)) forbids. It hears how an actor said a sentence, not what anyone feels, and its answer to any single " +
  "recording is a guess.";

/** Unsuitable uses, one per item. */
export const UNFIT_USES: readonly string[] = [
  "The emotions of employees, applicants, pupils or students. Inferring emotions at work and in education is forbidden " +
    "in the European Union, but for medical and safety reasons.",
  "Hiring, dismissal, credit, insurance, or any other decision about a person.",
  "Policing, border control, lie detection, surveillance, or listening to people who do not know of it.",
  "Diagnosis, therapy, or watching over anyone's health or safety.",
  "Rating callers, drivers, customers or voters, or steering what they are shown or told.",
  "Anything commercial: the terms of the corpora forbid it (see LICENSE).",
];

/** Intended uses, one per item. */
export const INTENDED_USES: readonly string[] = [
  "Research and teaching: a small baseline to compare with, to take apart, or to train further, on speech like that it was trained on.",
  "Showing, on one's own voice or on acted speech, what such a model can do and where it fails.",
];

/**
 * Limits of the figures of any model trained on these corpora.
 *
 * @param classes number of emotions
 * @param apart what its protocol keeps apart: `speaker`, `sentence`
 */
export function limitsOf(names: readonly CorpusName[], classes: number, apart: readonly string[]): string[] {
  const accents = [...new Set(names.flatMap((name) => corpora[name].accent ?? []))].sort().reverse();
  const sentences = apart.includes("sentence")
    ? "Few sentences, said over and over."
    : "Few sentences, said over and over, the same in training and test, so that nothing is known of other words.";
  return [
    "Acted speech. Actors were asked for an emotion; what people feel of themselves is weaker and mixed, and nothing was measured on it.",
    `English of ${accents.join(" and ")} speakers. Other languages and other accents were not tried.`,
    sentences,
    "Studio recordings of one voice at a time. Noise, rooms, telephones and voices over one another were no part of them; ser robustness says what noise costs.",
    "Adults only; no children.",
    `${classes} words for emotions, one of which must be true. Feelings have more shades than that, and a person can have several or none.`,
    "Voice without context: neither the words, nor the face, nor the situation. Listeners with no more than that are often wrong, too.",
    "Few test speakers of some corpora. Where there is no interval, the figure for the next speaker may be far off.",
  ];
}

/**
 * The licence of a model's weights: about half a page of plain text, in lines of at most 80 characters.
 *
 * @param names the corpora that it was trained on
 * @example licenceText(["ravdess", "savee"])
 */
export function licenceText(names: readonly CorpusName[]): string {
  const terms = names.map((name) => {
    const { title, licence, homepage } = corpora[name];
    return `  - ${title}: ${licence}\n    ${homepage}`;
  });
  return `Terms of the model in this folder: research only, non-commercial
================================================================

The files in this folder (the weights, the description of the network, its
card and its program) are NOT under the MIT licence of the code beside them.
They were made with recordings of these corpora, none of which are here:

${terms.join("\n")}

Therefore:

1. The files may be used for research and teaching only. They may not be used
   commercially: not in a product or a service, nor to make one.
2. They may not be used to judge people. README.md says what the model is not
   fit for; some of it is forbidden by law.
3. They may be passed on free of charge, together with this file and
   README.md. Who changes them says so, and keeps these terms.
4. Who publishes work made with them names the corpora as README.md cites
   them.
5. The corpora's own terms stand beside these. Whether weights are adapted
   from the recordings they were made with is not settled; nothing here
   grants a right that the owners of the recordings have not granted. Who
   wants more has to ask them.

THE FILES ARE PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR
IMPLIED, INCLUDING BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY,
FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE
AUTHORS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY ARISING FROM THE
FILES OR THEIR USE.
`;
}
