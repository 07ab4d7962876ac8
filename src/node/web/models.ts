// The model files that `joulecast serve FILE…` was given, and only those: asked for by number, read in ranges.
import { basename } from "node:path";
import { type OpenFile, openFile } from "../files.ts";
import { type Answer, refused } from "./answer.ts";

/** A file that the page may read. */
export interface ServedFile {
  readonly id: string;
  readonly name: string;
  readonly file: OpenFile;
}

/** Most bytes in one answer: the reader asks for windows of some hundred kB. */
const MOST_BYTES = 16 * 2 ** 20;
const RANGE = /^bytes=(\d{1,15})-(\d{1,15})$/u;

/** @throws InputError when a file is absent or not readable */
export function openModels(paths: readonly string[]): readonly ServedFile[] {
  const opened: ServedFile[] = [];
  try {
    for (const [i, path] of paths.entries()) opened.push({ id: String(i), name: basename(path), file: openFile(path) });
    return opened;
  } catch (error) {
    for (const { file } of opened) file.close();
    throw error;
  }
}

/** The asked bytes of a model. */
export async function modelRange({ file }: ServedFile, range: string | undefined): Promise<Answer> {
  const [, first = "", last = ""] = RANGE.exec(range ?? "") ?? [];
  const [from, to] = [Number(first), Number(last)];
  if (first === "" || from > to || to >= file.size || to - from >= MOST_BYTES)
    return refused(416, "bad-range", `a model is read in ranges of at most ${MOST_BYTES} bytes of ${file.size}`);
  return {
    status: 206,
    type: "application/octet-stream",
    body: Buffer.from(await file.read(from, to - from + 1)),
    headers: { "content-range": `bytes ${from}-${to}/${file.size}` },
  };
}
