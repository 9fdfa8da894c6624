/**
 * The items by key, in the order in which the keys first occur.
 *
 * @example groupBy(clips, (clip) => clip.corpus).get("tess")
 */
export function groupBy<T>(items: Iterable<T>, key: (item: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const group = groups.get(key(item));
    if (group) group.push(item);
    else groups.set(key(item), [item]);
  }
  return groups;
}
