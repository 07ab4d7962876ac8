// Every operator whose output types joulecast can tell, by operatorKey. The families are the other files of this folder.
import type { ShapeTable } from "./rule.ts";

/** The whole table; an operator that is not here is reported as unknown, never guessed. */
export const SHAPE_TABLE: ShapeTable = {};
