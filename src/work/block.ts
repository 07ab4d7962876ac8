// Which block a layer belongs to, told from names alone. Names are paths: "/layer1/layer1.0/conv1/Conv" as PyTorch writes
// them, "block3/conv1/conv" in the zoo. A block is a part of the network that holds several pieces: the longest prefix of
// at most two parts with at least two different children; a piece of one operator ("conv1/conv") is a block of its own
// when it stands at the top. Layers without a prefix share TOP_BLOCK.

/** Block of the layers whose name has one part only. */
export const TOP_BLOCK = "(top)";
/** Parts of a block's name at most: "layer1/layer1.0", "model/layers.0". */
const DEPTH = 2;

const partsOf = (name: string): string[] => name.split("/").filter((part) => part !== "");

/** The block of every layer, by layer name. Linear in the names. */
export function blocksOf(names: readonly string[]): Map<string, string> {
  const paths = names.map((name) => ({ name, parts: partsOf(name) }));
  const children = new Map<string, Set<string>>();
  for (const { parts } of paths) {
    for (let depth = 1; depth <= DEPTH && depth < parts.length; depth++) {
      const prefix = parts.slice(0, depth).join("/");
      const known = children.get(prefix) ?? new Set();
      children.set(prefix, known.add(parts[depth]!));
    }
  }
  return new Map(paths.map(({ name, parts }) => [name, blockOf(parts, children)]));
}

function blockOf(parts: readonly string[], children: ReadonlyMap<string, ReadonlySet<string>>): string {
  for (let depth = Math.min(DEPTH, parts.length - 1); depth > 1; depth--) {
    const prefix = parts.slice(0, depth).join("/");
    if ((children.get(prefix)?.size ?? 0) > 1) return prefix;
  }
  return parts.length > 1 ? parts[0]! : TOP_BLOCK;
}
