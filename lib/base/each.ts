/** Enough to hide the latency of a shared folder, and far from what a system lets a process have open (often 1024 files). */
const AT_ONCE = 32;

/**
 * Does something with each item, some of them at the same time. `Promise.all` over ten thousand files opens them all at once, which
 * fails where a process may have fewer open.
 *
 * @returns the results, in the order of the items
 * @throws the first error; what was begun by then goes on unheeded
 * @example await eachOf(["a", "b"], async (name) => name.length) // [1, 1]
 */
export async function eachOf<T, R>(items: readonly T[], act: (item: T) => Promise<R>): Promise<R[]> {
  const results = new Array<R>(items.length);
  let next = 0;
  const work = async (): Promise<void> => {
    while (next < items.length) {
      const at = next++;
      results[at] = await act(items[at]!);
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, items.length) }, work));
  return results;
}
