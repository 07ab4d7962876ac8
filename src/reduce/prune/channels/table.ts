// Every operator through which channels can be followed, by operatorKey. The families are in rules/.
import type { ChannelTable } from "./rule.ts";
import { ELEMENTWISE } from "./rules/elementwise.ts";
import { LAYOUT } from "./rules/layout.ts";
import { PRODUCTS } from "./rules/products.ts";

/** An operator that is not here pins the channels that it touches: they are not removed. */
export const CHANNEL_TABLE: ChannelTable = { ...ELEMENTWISE, ...LAYOUT, ...PRODUCTS };
