// Fetching a published data set: every file is checked before it appears in the folder, and one that is there already is not fetched.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { InputError } from "../../units/input-error.ts";
import { writeWhole } from "../files.ts";
import { checkWritableFolder, makeFolder } from "../folders.ts";
import { unzipped } from "./bytes.ts";
import type { PublishedFile, PublishedSet } from "./published.ts";
import { tarFiles } from "./tar.ts";

/** Gives a file of the network; `fetch` in earnest, something made up in tests. */
export type Download = (url: string, onBytes: (done: number, total: number | undefined) => void) => Promise<Uint8Array>;

const md5Of = (bytes: Uint8Array): string => createHash("md5").update(bytes).digest("hex");

/** @throws InputError "no-network" when nobody answers, "not-served" when the answer is a refusal */
export const download: Download = async (url, onBytes) => {
  let response: Response;
  try {
    response = await fetch(url);
  } catch (error) {
    const { code } = ((error as Error).cause ?? {}) as { readonly code?: string };
    throw new InputError(
      "no-network",
      `"${url}" cannot be reached${code === undefined ? "" : ` (${code})`}: this machine seems to have no network`,
      "fetch the files on another machine and give their folder with --data, or use --data synthetic:digits",
    );
  }
  if (!response.ok || response.body === null)
    throw new InputError(
      "not-served",
      `"${url}" answers ${response.status} ${response.statusText}`,
      "the files may have moved: look for a mirror and give its folder with --data",
    );
  const length = Number(response.headers.get("content-length"));
  const chunks: Uint8Array[] = [];
  let done = 0;
  for await (const chunk of response.body) {
    chunks.push(chunk);
    done += chunk.length;
    onBytes(done, length > 0 ? length : undefined);
  }
  return Buffer.concat(chunks);
};

async function unpack(folder: string, bytes: Uint8Array): Promise<readonly string[]> {
  const files = tarFiles(unzipped("archive", bytes));
  const written: string[] = [];
  for (const { name, bytes: content } of files) {
    // Only the last part of each name: nothing is written outside the folder.
    const path = join(folder, basename(name));
    await writeWhole(path, [content]);
    written.push(path);
  }
  return written;
}

export interface FetchOptions {
  /** Default: the network. */
  readonly download?: Download;
  readonly onBytes?: (url: string, done: number, total: number | undefined) => void;
}

export interface Fetched {
  /** Files of the set, in the folder. */
  readonly files: readonly string[];
  /** Bytes that came over the network. */
  readonly fetchedBytes: number;
}

async function fetchFile(folder: string, { url, md5, isArchive }: PublishedFile, options: FetchOptions) {
  const path = join(folder, basename(new URL(url).pathname));
  if (existsSync(path) && md5Of(readFileSync(path)) === md5)
    return { files: isArchive ? await unpack(folder, readFileSync(path)) : [path], fetchedBytes: 0 };
  const bytes = await (options.download ?? download)(url, (done, total) => options.onBytes?.(url, done, total));
  const found = md5Of(bytes);
  if (found !== md5)
    throw new InputError(
      "wrong-checksum",
      `"${url}" has MD5 ${found}, expected ${md5} (${bytes.length} bytes)`,
      "it was damaged on the way or is another file: fetch it again",
    );
  makeFolder(folder);
  await writeWhole(path, [bytes]);
  return { files: isArchive ? await unpack(folder, bytes) : [path], fetchedBytes: bytes.length };
}

/** The folder is made with the first file. @throws InputError "no-network", "not-served", "wrong-checksum" or "cannot-write" */
export async function fetchSet(set: PublishedSet, folder: string, options: FetchOptions = {}): Promise<Fetched> {
  checkWritableFolder(folder);
  const files: string[] = [];
  let fetchedBytes = 0;
  for (const file of set.files) {
    const fetched = await fetchFile(folder, file, options);
    files.push(...fetched.files);
    fetchedBytes += fetched.fetchedBytes;
  }
  return { files, fetchedBytes };
}
