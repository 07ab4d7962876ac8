// The layers of a network as a tree of blocks, by the parts of their names, each with its joules. In network order: a child stands
// where its first layer stands. Chains of one child are one node, so that every level tells something apart.
import type { LayerEnergy } from "../../estimate/metric.ts";

export interface Block {
  /** What is new in its name: "conv1". The root's is the network's. */
  readonly label: string;
  /** Whole name: of the layer where it is one, else the common prefix. "" is the root. */
  readonly path: string;
  readonly energyJ: number;
  readonly layers: number;
  /** Empty for a layer. */
  readonly children: readonly Block[];
}

interface Growing {
  readonly path: string;
  /** Blocks by the next part of the name; a layer may be called as a block is. */
  readonly blocks: Map<string, Growing>;
  /** Blocks and layers in the network's order. */
  readonly items: (readonly [label: string, item: Growing | Block])[];
}

const fresh = (path: string): Growing => ({ path, blocks: new Map(), items: [] });

function blockIn(node: Growing, part: string): Growing {
  const known = node.blocks.get(part);
  if (known !== undefined) return known;
  const block = fresh(node.path === "" ? part : `${node.path}/${part}`);
  node.blocks.set(part, block);
  node.items.push([part, block]);
  return block;
}

function settle(label: string, node: Growing): Block {
  const children = node.items.map(([part, item]) => ("items" in item ? settle(part, item) : item));
  const [only, ...others] = children;
  if (only !== undefined && others.length === 0 && node.path !== "")
    return { ...only, label: `${label}/${only.label}` };
  return {
    label,
    path: node.path,
    energyJ: children.reduce((sum, { energyJ }) => sum + energyJ, 0),
    layers: children.reduce((sum, { layers }) => sum + layers, 0),
    children,
  };
}

/** @param name of the network, for the root */
export function blockTree(name: string, layers: readonly LayerEnergy[]): Block {
  const root = fresh("");
  for (const layer of layers) {
    const parts = layer.name.split("/").filter((part) => part !== "");
    const label = parts.pop() ?? layer.name;
    const block = parts.reduce(blockIn, root);
    block.items.push([label, { label, path: layer.name, energyJ: layer.energyJ, layers: 1, children: [] }]);
  }
  return settle(name, root);
}

/** The block of that path, and those that hold it, from the root down; only the root where there is none. */
export function trailTo(root: Block, path: string): readonly Block[] {
  const search = (block: Block): readonly Block[] | undefined => {
    if (block.path === path) return [block];
    for (const child of block.children) {
      const found = search(child);
      if (found !== undefined) return [block, ...found];
    }
    return undefined;
  };
  return search(root) ?? [root];
}
