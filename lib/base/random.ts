import { createHash } from "node:crypto";

/**
 * Seeded random numbers: Chris Doty-Humphrey's sfc32 (PractRand), 128 bits of state, seeded by the SHA-256 of
 * the seed, so that `random(1)` and `random("1/noise")` are unrelated streams. Everything random in the
 * library draws from one of these; nothing calls `Math.random`.
 *
 * @example
 * const rng = random("run-7/augmentation");
 * rng.normal(); // the same number every time
 */
export class Random {
  readonly #state: Uint32Array;
  #spare: number | undefined;

  constructor(seed: number | string) {
    const digest = createHash("sha256").update(String(seed)).digest();
    this.#state = new Uint32Array(4);
    for (let i = 0; i < 3; i++) this.#state[i] = digest.readUInt32LE(4 * i);
    this.#state[3] = 1;
    for (let i = 0; i < 15; i++) this.uint32();
  }

  /** A whole number in [0, 2^32). */
  uint32(): number {
    const s = this.#state;
    const out = (s[0]! + s[1]! + s[3]!) >>> 0;
    s[3]!++;
    s[0] = s[1]! ^ (s[1]! >>> 9);
    s[1] = s[2]! + (s[2]! << 3);
    s[2] = ((s[2]! << 21) | (s[2]! >>> 11)) + out;
    return out;
  }

  /** A number in [low, high), 53 bits fine. */
  uniform(low = 0, high = 1): number {
    const unit = ((this.uint32() >>> 5) * 2 ** 26 + (this.uint32() >>> 6)) / 2 ** 53;
    return low + (high - low) * unit;
  }

  /** A whole number in [0, n). */
  int(n: number): number {
    return Math.floor(this.uniform() * n);
  }

  /** A draw from the normal distribution (Box and Muller's polar-free form). */
  normal(mean = 0, sd = 1): number {
    if (this.#spare !== undefined) {
      const z = this.#spare;
      this.#spare = undefined;
      return mean + sd * z;
    }
    const radius = Math.sqrt(-2 * Math.log(1 - this.uniform()));
    const angle = 2 * Math.PI * this.uniform();
    this.#spare = radius * Math.sin(angle);
    return mean + sd * radius * Math.cos(angle);
  }

  /** One of the items. */
  pick<T>(items: readonly T[]): T {
    return items[this.int(items.length)]!;
  }

  /** A shuffled copy (Fisher and Yates). */
  shuffle<T>(items: Iterable<T>): T[] {
    const out = [...items];
    for (let i = out.length - 1; i > 0; i--) {
      const j = this.int(i + 1);
      [out[i], out[j]] = [out[j]!, out[i]!];
    }
    return out;
  }
}

/**
 * A seeded stream of random numbers: the same seed gives the same numbers.
 *
 * @param seed a number, or a text such as "run-7/noise"; different seeds give unrelated streams
 * @example
 * const rng = random("run-7/noise");
 * rng.uniform() < 1; // => true
 * rng.int(6) < 6; // => true
 * random(1).normal() === random(1).normal(); // => true
 */
export function random(seed: number | string): Random {
  return new Random(seed);
}
