import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FlowNetwork } from "./flow.ts";

interface Edge {
  readonly from: number;
  readonly to: number;
  readonly capacity: number;
}

const networkOf = (nodes: number, edges: readonly Edge[]): FlowNetwork => {
  const network = new FlowNetwork(nodes);
  for (const { from, to, capacity } of edges) network.edge(from, to, capacity);
  return network;
};

/** Capacity that leaves a set of nodes. */
const cutValue = (edges: readonly Edge[], isInside: (node: number) => boolean): number =>
  edges.reduce((sum, { from, to, capacity }) => (isInside(from) && !isInside(to) ? sum + capacity : sum), 0);

/** The least over all sets that hold the source and not the sink. */
function bruteForce(nodes: number, edges: readonly Edge[]): number {
  let best = Number.POSITIVE_INFINITY;
  for (let set = 0; set < 2 ** (nodes - 2); set++) {
    const isInside = (node: number) => node === 0 || (node < nodes - 1 && ((set >> (node - 1)) & 1) === 1);
    best = Math.min(best, cutValue(edges, isInside));
  }
  return best;
}

describe("minimum cut", () => {
  it("is the least of all cuts of random networks", () => {
    const edge = (nodes: number): fc.Arbitrary<Edge> =>
      fc.record({
        from: fc.nat(nodes - 1),
        to: fc.nat(nodes - 1),
        capacity: fc.oneof(fc.double({ min: 1e-9, max: 10, noNaN: true }), fc.constant(Number.POSITIVE_INFINITY)),
      });
    const network = fc
      .integer({ min: 2, max: 8 })
      .chain((nodes) => fc.tuple(fc.constant(nodes), fc.array(edge(nodes), { maxLength: 24 })));
    fc.assert(
      fc.property(network, ([nodes, edges]) => {
        const { value, onSourceSide } = networkOf(nodes, edges).minimumCut(0, nodes - 1);
        const least = bruteForce(nodes, edges);
        if (least === Number.POSITIVE_INFINITY) expect(value).toBe(least);
        else {
          expect(value).toBeCloseTo(least, 9);
          expect(cutValue(edges, (node) => onSourceSide[node] === 1)).toBeCloseTo(least, 9);
        }
      }),
      { seed: 8, numRuns: 300 },
    );
  });
  it("can be asked twice", () => {
    const network = networkOf(3, [
      { from: 0, to: 1, capacity: 2 },
      { from: 1, to: 2, capacity: 1 },
    ]);
    expect(network.minimumCut(0, 2).value).toBe(1);
    expect(network.minimumCut(0, 2).value).toBe(1);
    expect(() => network.edge(0, 1, Number.NaN)).toThrow(RangeError);
  });
});
