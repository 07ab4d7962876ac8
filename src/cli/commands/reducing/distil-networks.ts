// The networks of a distillation by the names that the user gave them: files, the zoo's, or a teacher made narrower.

import { type OpenNetwork, openNetwork } from "../../../node/open-network.ts";
import type { WeightedNetwork } from "../../../reduce/network.ts";
import { InputError } from "../../../units/input-error.ts";
import { ZOO_PREFIX } from "../../../zoo/network.ts";

type Dims = Readonly<Record<string, number>>;

/** Seeds of narrowed networks' weights are as far apart as openNetwork's. */
const SEED_STEP = 1_000_000;

/** A student is named by a ratio when it is a teacher made narrower. */
export const isRatio = (name: string): boolean => /^\d*\.?\d+%?$/.test(name);

const ratioOf = (text: string): number => (text.endsWith("%") ? Number(text.slice(0, -1)) / 100 : Number(text));

/** The zoo's own narrower form of a network; undefined where it has none. */
async function zooWidth(teacher: string, ratio: number): Promise<string | undefined> {
  if (!teacher.startsWith(ZOO_PREFIX)) return undefined;
  const { chooseNetwork } = await import("../../../zoo/catalogue.ts");
  const { network, options } = chooseNetwork(teacher);
  if (network.takes?.includes("width") !== true) return undefined;
  const chosen = { ...options, width: (options.width ?? 1) * ratio };
  return `${ZOO_PREFIX}${network.name}:${Object.entries(chosen)
    .map(([name, value]) => `${name}=${value}`)
    .join(",")}`;
}

/** Opens networks and closes them all together. A lifetime, hence a class. */
export class NetworkShelf {
  readonly #open: OpenNetwork[] = [];
  readonly #teachers = new Map<string, WeightedNetwork>();
  readonly #dims: Dims;

  constructor(dims: Dims) {
    this.#dims = dims;
  }

  async #take(name: string, seed: number): Promise<WeightedNetwork> {
    const network = await openNetwork(name, seed);
    this.#open.push(network);
    return network;
  }

  /** The teacher of that name, opened once. */
  async teacher(name: string): Promise<WeightedNetwork> {
    const known = this.#teachers.get(name);
    if (known !== undefined) return known;
    const network = await this.#take(name, 0);
    this.#teachers.set(name, network);
    return network;
  }

  /** A fresh student. @param name a network's, or the share of the teacher's channels */
  async student(name: string, teacher: string, seed: number): Promise<WeightedNetwork> {
    if (!isRatio(name)) return this.#take(name, seed);
    const ratio = ratioOf(name);
    if (!(ratio > 0 && ratio <= 1))
      throw new InputError("out-of-range", `--shrink ${name} is out of range`, "give a share above 0 and up to 1");
    const own = await zooWidth(teacher, ratio);
    if (own !== undefined) return this.#take(own, seed);
    const { narrowed } = await import("../../../reduce/distil/shrink.ts");
    const { graph, weights } = await this.teacher(teacher);
    return { graph: narrowed(graph, ratio, seed * SEED_STEP, this.#dims), weights };
  }

  close(): void {
    for (const network of this.#open) network.close();
  }
}
