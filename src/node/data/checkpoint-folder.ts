// Checkpoints in a folder: one file, the newest, replaced by renaming, so that a crash leaves the old or the new one and never half.
// Layout: magic, SHA-256 of the rest, length of a JSON header, header, the tensors' bytes one after the other.
import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import type { Checkpoint, CheckpointStore } from "../../learn/train/plan.ts";
import type { Tensors } from "../../runtime/runtime.ts";
import { arrayFromBytes, bytesOf, type Tensor, type TensorDataType } from "../../runtime/tensor.ts";
import { InputError } from "../../units/input-error.ts";
import { explainRefusal, writeWhole } from "../files.ts";
import { checkWritableFolder, makeFolder } from "../folders.ts";

const FILE = "checkpoint.bin";
const MAGIC = Buffer.from("JCCKPT01", "latin1");
const DIGEST_BYTES = 32;
const LENGTH_BYTES = 4;

interface StoredTensor {
  readonly name: string;
  readonly dtype: TensorDataType;
  readonly shape: readonly number[];
  readonly bytes: number;
}

type Header = Omit<Checkpoint, "state" | "best"> & {
  readonly state: readonly StoredTensor[];
  readonly best: (Omit<NonNullable<Checkpoint["best"]>, "state"> & { readonly state: readonly StoredTensor[] }) | null;
};

const entriesOf = (tensors: Tensors): readonly StoredTensor[] =>
  Object.entries(tensors).map(([name, { dtype, shape, data }]) => ({ name, dtype, shape, bytes: data.byteLength }));

const chunksOf = (tensors: Tensors): readonly Uint8Array[] =>
  Object.values(tensors).map(({ data }: Tensor) => bytesOf(data));

function encode({ state, best, ...rest }: Checkpoint): readonly Uint8Array[] {
  const header: Header = {
    ...rest,
    state: entriesOf(state),
    best: best === undefined ? null : { epoch: best.epoch, score: best.score, state: entriesOf(best.state) },
  };
  const text = Buffer.from(JSON.stringify(header), "utf8");
  const length = Buffer.alloc(LENGTH_BYTES);
  length.writeUInt32LE(text.length);
  const chunks = [length, text, ...chunksOf(state), ...(best === undefined ? [] : chunksOf(best.state))];
  const hash = createHash("sha256");
  for (const chunk of chunks) hash.update(chunk);
  return [MAGIC, hash.digest(), ...chunks];
}

function damaged(path: string): InputError {
  return new InputError(
    "damaged-checkpoint",
    `"${path}" is no whole checkpoint`,
    "remove it and train from the start, or give another --checkpoint folder",
  );
}

function decode(path: string, bytes: Buffer): Checkpoint {
  const from = MAGIC.length + DIGEST_BYTES;
  const rest = bytes.subarray(from);
  const isWhole =
    bytes.length > from + LENGTH_BYTES &&
    bytes.subarray(0, MAGIC.length).equals(MAGIC) &&
    createHash("sha256").update(rest).digest().equals(bytes.subarray(MAGIC.length, from));
  if (!isWhole) throw damaged(path);
  let at = LENGTH_BYTES + rest.readUInt32LE(0);
  const { state, best, ...header } = JSON.parse(rest.toString("utf8", LENGTH_BYTES, at)) as Header;
  const tensors = (entries: readonly StoredTensor[]): Tensors =>
    Object.fromEntries(
      entries.map(({ name, dtype, shape, bytes: size }) => {
        const data = arrayFromBytes(dtype, rest.subarray(at, at + size));
        at += size;
        return [name, { dtype, shape, data }];
      }),
    );
  const current = tensors(state);
  return {
    ...header,
    // JSON has no undefined: what is absent comes back as absent.
    spentJ: header.spentJ,
    state: current,
    best: best === null ? undefined : { epoch: best.epoch, score: best.score, state: tensors(best.state) },
  };
}

/**
 * Checkpoints in `folder`, which is made when the first one is written.
 * @throws InputError "cannot-write" at once where it could not be, and on saving; "damaged-checkpoint" on loading
 */
export function checkpointFolder(folder: string): CheckpointStore {
  checkWritableFolder(folder);
  const path = join(folder, FILE);
  return {
    load: async () => {
      if (!existsSync(path)) return undefined;
      try {
        return decode(path, readFileSync(path));
      } catch (error) {
        throw explainRefusal(error, path, "read");
      }
    },
    save: async (checkpoint) => {
      makeFolder(folder);
      await writeWhole(path, encode(checkpoint));
    },
  };
}
