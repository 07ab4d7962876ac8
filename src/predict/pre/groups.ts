// Parting runs by a name: the groups that are left out together. Map.groupBy, which Node 20 does not have.

/** Items by key, keys in the order they first come. */
export function groupBy<T>(items: readonly T[], key: (item: T, index: number) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>();
  for (const [i, item] of items.entries()) {
    const name = key(item, i);
    const group = groups.get(name);
    if (group === undefined) groups.set(name, [item]);
    else group.push(item);
  }
  return groups;
}
