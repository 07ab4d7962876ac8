// Both halves of a network for any cut, opened when first needed and kept for the next time, the least used let go. One run at a time:
// sessions cannot do more.
import { cutGraph } from "../../graph/cut.ts";
import type { Graph } from "../../graph/graph.ts";
import type { ShapedGraph } from "../../graph/shape/shaped.ts";
import type { Runtime, Session, Tensors, WeightReader } from "../../runtime/runtime.ts";
import type { Tensor } from "../../runtime/tensor.ts";
import type { SplitNetwork } from "../../split/split-network.ts";

/** Sessions that stay open. */
const MOST_OPEN = 16;

/** One half that can be run. */
export interface OpenHalf {
  readonly graph: Graph;
  run(feeds: Tensors): Promise<Tensors>;
}

export interface Halves {
  readonly device: OpenHalf;
  readonly server: OpenHalf;
  readonly crossing: readonly string[];
}

export interface HalvesOptions {
  readonly network: SplitNetwork;
  readonly weights: WeightReader;
  readonly runtime: Runtime;
}

const copied = ({ dtype, shape, data }: Tensor): Tensor => ({ dtype, shape, data: data.slice() as Tensor["data"] });

/** The halves of one network. Close it when done; a lifetime, hence a class. */
export class HalvesCache {
  readonly #options: HalvesOptions;
  readonly #cuts = new Map<string, Halves>();
  /** Open sessions, the least recently used first. */
  readonly #sessions = new Map<string, Promise<Session>>();
  #queue: Promise<unknown> = Promise.resolve();

  constructor(options: HalvesOptions) {
    this.#options = options;
  }

  get shaped(): ShapedGraph {
    return this.#options.network.shaped;
  }

  /** @param onDevice a bit per layer of the network. @throws InputError "bad-cut" */
  of(onDevice: Uint8Array): Halves {
    const key = onDevice.join("");
    const known = this.#cuts.get(key);
    if (known !== undefined) return known;
    const { network } = this.#options;
    const names = new Set(network.layers.filter((_, i) => onDevice[i] === 1).map(({ name }) => name));
    const { device, server, crossing } = cutGraph(network.shaped, names);
    const halves: Halves = {
      device: { graph: device, run: (feeds) => this.#run(`device ${key}`, device, feeds) },
      server: { graph: server, run: (feeds) => this.#run(`server ${key}`, server, feeds) },
      crossing,
    };
    if (this.#cuts.size >= MOST_OPEN) this.#cuts.delete(this.#cuts.keys().next().value!);
    this.#cuts.set(key, halves);
    return halves;
  }

  /** The whole network. */
  whole(feeds: Tensors): Promise<Tensors> {
    return this.#run("whole", this.shaped.graph, feeds);
  }

  async close(): Promise<void> {
    await this.#queue.catch(() => undefined);
    for (const session of this.#sessions.values()) await (await session).close();
    this.#sessions.clear();
  }

  /** Outputs are the caller's: copies. A half without layers gives nothing. */
  #run(key: string, graph: Graph, feeds: Tensors): Promise<Tensors> {
    const turn = this.#queue
      .catch(() => undefined)
      .then(async () => {
        if (graph.layers.length === 0) return {};
        const session = await this.#session(key, graph);
        const fed = Object.fromEntries(graph.inputs.map((name) => [name, feeds[name]!]));
        const outputs = await session.run(fed);
        return Object.fromEntries(Object.entries(outputs).map(([name, tensor]) => [name, copied(tensor)]));
      });
    this.#queue = turn;
    return turn;
  }

  async #session(key: string, graph: Graph): Promise<Session> {
    let session = this.#sessions.get(key);
    this.#sessions.delete(key);
    session ??= this.#options.runtime.open(graph, { weights: this.#options.weights });
    this.#sessions.set(key, session);
    try {
      await session;
    } catch (error) {
      this.#sessions.delete(key);
      throw error;
    }
    if (this.#sessions.size > MOST_OPEN) {
      const [oldest, idle] = this.#sessions.entries().next().value!;
      this.#sessions.delete(oldest);
      await (await idle).close();
    }
    return session;
  }
}
