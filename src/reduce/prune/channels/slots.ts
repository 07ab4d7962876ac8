// Channels that must stay or go together: a union-find over "slots", one slot per channel that some layer makes. The idea of grouping
// dependent channels through the graph is of [Fang2023]; here a tensor's axis is a list of slots, one per index, so that a Flatten
// is a list with repeats and a Concat two lists after one another.

/** One channel, by number. */
export type Slot = number;

/** Sets of slots, some of them pinned: those never go. */
export class Slots {
  readonly #parent: number[] = [];
  readonly #pinned: boolean[] = [];

  fresh(count: number): readonly Slot[] {
    return Array.from({ length: count }, () => {
      this.#pinned.push(false);
      return this.#parent.push(this.#parent.length) - 1;
    });
  }

  /** The set's name. */
  find(slot: Slot): Slot {
    let root = slot;
    while (this.#parent[root] !== root) root = this.#parent[root]!;
    for (let at = slot; at !== root; ) {
      const next = this.#parent[at]!;
      this.#parent[at] = root;
      at = next;
    }
    return root;
  }

  join(a: Slot, b: Slot): void {
    const [one, other] = [this.find(a), this.find(b)];
    if (one === other) return;
    this.#parent[other] = one;
    this.#pinned[one] = this.#pinned[one] || this.#pinned[other] || false;
  }

  /** Index by index; both of the same length. */
  joinAll(a: readonly Slot[], b: readonly Slot[]): void {
    a.forEach((slot, i) => {
      this.join(slot, b[i]!);
    });
  }

  pin(slots: Iterable<Slot>): void {
    for (const slot of slots) this.#pinned[this.find(slot)] = true;
  }

  isPinned(slot: Slot): boolean {
    return this.#pinned[this.find(slot)]!;
  }
}
