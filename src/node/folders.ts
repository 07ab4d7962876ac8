// Folders that results are written into: asked for before the work, made when the first of them is there, so that what fails leaves none.
import { accessSync, constants, mkdirSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { explainRefusal, refusal } from "./files.ts";

/**
 * Whether a folder could be made at `path`, or written into if it is there. Nothing is made.
 * @throws InputError "cannot-write"
 */
export function checkWritableFolder(path: string): void {
  try {
    const stat = statSync(path, { throwIfNoEntry: false });
    if (stat !== undefined && !stat.isDirectory()) throw refusal("EEXIST");
    if (stat !== undefined) accessSync(path, constants.W_OK | constants.X_OK);
    else if (dirname(path) !== path) checkWritableFolder(dirname(path));
  } catch (error) {
    throw explainRefusal(error, path, "write");
  }
}

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
