/**
 * The items by key, in the order in which the keys first occur.
 *
 * @example groupBy(clips, (clip) => clip.corpus).get("tess")
 */
export function groupBy<T, K>(items: Iterable<T>, key: (item: T) => K): Map<K, T[]> {
  const groups = new Map<K, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
