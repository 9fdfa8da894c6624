import type { InferOutput } from "valibot";
import { UserError } from "../base/errors.js";
import { random } from "../base/random.js";
import { number, strict } from "../base/schema.js";

/**
 * How a training draws from corpora that are not tested: many clips at first, so that the network learns emotion from many
 * voices, then fewer and fewer, until it ends on clips recorded like those that it will be tested on.
 */
export const curriculumSchema = strict("How a training moves from other corpora to the tested one.", {
  places: number("Clips per epoch, as a multiple of the clips of the tested corpora.", {
    ...{ from: 0.01, to: 1000 },
  }),
  share: number("Share of the other corpora in the first epoch; it falls linearly.", { from: 0, to: 1 }),
  until: number("Share of the epochs after which the other corpora are no longer used.", {
    from: 0.01,
    to: 1,
  }),
});
export type Curriculum = InferOutput<typeof curriculumSchema>;

/** Half of the first epoch's clips are of other corpora, and none in the last fifth of the epochs. */
export const CURRICULUM: Curriculum = { places: 2, share: 0.5, until: 0.8 };

/** Number of clips per epoch. */
export function curriculumPlaces({ places }: Curriculum, own: number): number {
  return Math.max(1, Math.round(places * own));
}

/**
 * The order of the clips of an epoch, a function of seed and epoch alone. Within each kind (tested or other corpora) no clip
 * comes twice before all have come once.
 *
 * @param own for each training clip, whether its corpus is tested
 * @returns indices of clips
 * @throws {UserError} when all clips are of one kind
 * @example curriculumOrder(own, { places: 2, share: 0.5, until: 0.8 }, { seed: 1, epoch: 3, epochs: 30 })
 */
export function curriculumOrder(
  own: readonly boolean[],
  curriculum: Curriculum,
  { seed, epoch, epochs }: { seed: number; epoch: number; epochs: number },
): number[] {
  const kinds = [true, false].map((kind) => own.flatMap((is, i) => (is === kind ? [i] : [])));
  const [ours, theirs] = kinds as [number[], number[]];
  if (ours.length === 0 || theirs.length === 0) {
    throw new UserError(
      "a curriculum moves from other corpora to the tested ones, but the training part does not have both: " +
        "use a protocol that also trains on other corpora, such as savee/loso+others, or leave the curriculum out",
    );
  }
  const places = curriculumPlaces(curriculum, ours.length);
  const { share, until } = curriculum;
  const foreign = Math.round(places * share * Math.max(0, 1 - (epoch - 1) / (until * epochs)));
  const rng = random(`${seed}/curriculum/${epoch}`);
  const draw = (clips: readonly number[], count: number) => {
    const drawn: number[] = [];
    while (drawn.length < count) drawn.push(...rng.shuffle(clips));
    return drawn.slice(0, count);
  };
  return rng.shuffle([...draw(ours, places - foreign), ...draw(theirs, foreign)]);
}
