/** Milliseconds of work after the first step that an estimate rests on at least. */
const ENOUGH = 3000;

/** Fewer are enough where they brought this share of the steps. */
const LEAST = 1000;
const SHARE = 0.1;

/**
 * How fast steps are done, for the time left. What the first step took counts for nothing: it holds the warm-up, or what was in
 * a cache. Nothing is estimated before a second step came, before about as much time has passed after the first step as it took
 * (many processes end their first steps all at once), and before 3 s of work, or 1 s that brought a tenth of all steps. The
 * weight of older steps is halved with each quarter of the work.
 *
 * @example
 * const pace = new Pace(100, 0);
 * for (let i = 1; i <= 5; i++) pace.step(1, 2000 * i);
 * pace.now(10_000); // 0.5 a second
 */
export class Pace {
  readonly #total: number;
  /** Steps after which the weight of what was before is halved. */
  readonly #half: number;
  /** When the last step was done, or the work began. */
  #last: number;
  #start: number;
  /** When the first step was done, and how long it took. */
  #first: { at: number; ms: number } | undefined;
  #counted = 0;
  /** Steps after the first one. */
  #steps = 0;
  /** Milliseconds and steps after the first one, weighted. */
  #ms = 0;
  #weight = 0;

  /**
   * @param total of the steps
   * @param start when the work begins, milliseconds
   */
  constructor(total: number, start: number) {
    this.#total = total;
    this.#half = Math.max(4, total / 4);
    this.#start = start;
    this.#last = start;
  }

  /** Counts `n` steps that were done at `at`, milliseconds. */
  step(n: number, at: number): void {
    const ms = at - this.#last;
    this.#last = at;
    this.#counted += n;
    if (!this.#first) {
      this.#first = { at, ms };
      return;
    }
    const faded = 0.5 ** (n / this.#half);
    this.#steps += n;
    this.#ms = faded * this.#ms + ms;
    this.#weight = faded * this.#weight + n;
  }

  /** Something was found done at `at`: the first step has not begun before. */
  skip(at: number): void {
    if (this.#first) return;
    this.#start = at;
    this.#last = at;
  }

  /** Steps a second at `at`, for the time left; `undefined` while too little is known. A step that is overdue slows it down. */
  now(at: number): number | undefined {
    if (!this.#first || this.#steps === 0) return undefined;
    const rested = at - this.#first.at;
    const enough = this.#steps >= SHARE * this.#total ? LEAST : ENOUGH;
    if (rested < Math.max(enough, 0.75 * this.#first.ms) || this.#ms <= 0) return undefined;
    const waited = Math.max(0, at - this.#last - this.#ms / this.#weight);
    return (1000 * this.#weight) / (this.#ms + waited);
  }

  /** Steps a second from the beginning to `at`; `undefined` if there were none. */
  overall(at: number): number | undefined {
    const ms = at - this.#start;
    return this.#counted > 0 && ms > 0 ? (1000 * this.#counted) / ms : undefined;
  }
}
