// Maximum flow and minimum cut of a directed network, by Dinic's algorithm [Dinic1970]: shortest augmenting paths, all of one
// length at a time. Capacities are real numbers from 0, or infinite for edges that must not be cut. Knows nothing of neural networks.

/** Which side of a minimum cut each node is on, and what the cut costs. */
export interface MinimumCut {
  /** Sum of the capacities that are cut; Infinity when no finite cut parts source and sink. */
  readonly value: number;
  /** 1 for nodes on the source's side, by node. The smallest such set. */
  readonly onSourceSide: Uint8Array;
}

/** A network under construction; nodes are numbers from 0. Edge e and its reverse are e and e ^ 1. */
export class FlowNetwork {
  readonly #nodes: number;
  readonly #to: number[] = [];
  readonly #next: number[] = [];
  readonly #capacity: number[] = [];
  readonly #first: Int32Array;

  /** @param nodes how many there are */
  constructor(nodes: number) {
    this.#nodes = nodes;
    this.#first = new Int32Array(nodes).fill(-1);
  }

  /** @param capacity from 0 to Infinity; edges of 0 are left out */
  edge(from: number, to: number, capacity: number): void {
    if (capacity === 0) return;
    if (!(capacity > 0)) throw new RangeError(`a capacity of ${capacity}`);
    this.#push(from, to, capacity);
    this.#push(to, from, 0);
  }

  #push(from: number, to: number, capacity: number): void {
    this.#to.push(to);
    this.#capacity.push(capacity);
    this.#next.push(this.#first[from]!);
    this.#first[from] = this.#to.length - 1;
  }

  /** The minimum cut between two nodes. The network itself stays as it is. */
  minimumCut(source: number, sink: number): MinimumCut {
    const [to, next] = [Int32Array.from(this.#to), Int32Array.from(this.#next)];
    const residual = Float64Array.from(this.#capacity);
    const level = new Int32Array(this.#nodes);
    const at = new Int32Array(this.#nodes);
    const queue = new Int32Array(this.#nodes);
    const path = new Int32Array(this.#nodes);

    /** Distances from the source over edges with room; false when the sink is out of reach. */
    const reach = (): boolean => {
      level.fill(-1);
      level[source] = 0;
      queue[0] = source;
      for (let head = 0, tail = 1; head < tail; head++) {
        const node = queue[head]!;
        for (let e = this.#first[node]!; e >= 0; e = next[e]!) {
          const other = to[e]!;
          if (residual[e]! > 0 && level[other] === -1) {
            level[other] = level[node]! + 1;
            queue[tail++] = other;
          }
        }
      }
      return level[sink]! >= 0;
    };

    /** One augmenting path along growing levels, walked with a stack of edges; 0 when none is left. */
    const augment = (): number => {
      let depth = 0;
      let node = source;
      while (node !== sink) {
        const e = at[node]!;
        if (e >= 0) {
          if (residual[e]! > 0 && level[to[e]!] === level[node]! + 1) {
            path[depth++] = e;
            node = to[e]!;
          } else at[node] = next[e]!;
        } else {
          if (depth === 0) return 0;
          level[node] = -1;
          node = to[path[--depth]! ^ 1]!;
          at[node] = next[at[node]!]!;
        }
      }
      let room = Number.POSITIVE_INFINITY;
      for (let i = 0; i < depth; i++) room = Math.min(room, residual[path[i]!]!);
      if (room === Number.POSITIVE_INFINITY) return room;
      for (let i = 0; i < depth; i++) {
        residual[path[i]!]! -= room;
        residual[path[i]! ^ 1]! += room;
      }
      return room;
    };

    let value = 0;
    while (value < Number.POSITIVE_INFINITY && reach()) {
      at.set(this.#first);
      for (let room = augment(); room > 0; room = augment()) {
        value += room;
        if (room === Number.POSITIVE_INFINITY) break;
      }
    }
    return { value, onSourceSide: Uint8Array.from(level, (depth) => (depth >= 0 ? 1 : 0)) };
  }
}
