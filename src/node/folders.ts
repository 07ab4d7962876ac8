// Folders that results are written into, made when the first of them is there: what fails before leaves none behind.
import { mkdirSync } from "node:fs";
import { explainRefusal } from "./files.ts";

/**
 * Makes a folder and those above it, unless they are there.
 * @throws InputError "cannot-write"
 */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    throw explainRefusal(error, path, "write");
  }
}
