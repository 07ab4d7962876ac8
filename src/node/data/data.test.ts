// Data sets on disk in every layout, damaged ones too; checkpoints; fetching with checksums. No network: the download is made up.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32, deflateRawSync, gzipSync } from "node:zlib";
import { afterAll, describe, expect, it } from "vitest";
import { npy } from "../../../test/support/npy.ts";
import type { Checkpoint } from "../../learn/train/plan.ts";
import { checkpointFolder } from "./checkpoint-folder.ts";
import { type Download, download, fetchSet } from "./fetch.ts";
import { openData } from "./open-data.ts";
import type { PublishedSet } from "./published.ts";
import { PUBLISHED } from "./published.ts";
import { tarFiles } from "./tar.ts";

const root = mkdtempSync(join(tmpdir(), "joulecast-test-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

/** A folder with these files. */
function folder(name: string, files: Readonly<Record<string, Uint8Array | string>>): string {
  const path = join(root, name);
  mkdirSync(path, { recursive: true });
  for (const [file, content] of Object.entries(files)) writeFileSync(join(path, file), content);
  return path;
}
const code = (code: string) => expect.objectContaining({ code });
const raw = (array: ArrayBufferView) => new Uint8Array(array.buffer, array.byteOffset, array.byteLength);

const idxImages = (count: number) =>
  Uint8Array.from([0, 0, 8, 3, 0, 0, 0, count, 0, 0, 0, 1, 0, 0, 0, 2, ...new Array<number>(count * 2).fill(9)]);
const idxLabels = (count: number) =>
  Uint8Array.from([0, 0, 8, 1, 0, 0, 0, count, ...Array.from({ length: count }, (_, i) => i)]);

/** A ZIP archive as numpy.savez (stored) and savez_compressed (deflated) write it, without time stamps. */
function zip(files: Readonly<Record<string, Uint8Array>>, deflated: boolean): Uint8Array {
  const local: Buffer[] = [];
  const directory: Buffer[] = [];
  let at = 0;
  for (const [name, bytes] of Object.entries(files)) {
    const packed = deflated ? deflateRawSync(bytes) : Buffer.from(bytes);
    const shared = Buffer.alloc(26);
    shared.writeUInt16LE(20, 0);
    shared.writeUInt16LE(deflated ? 8 : 0, 4);
    shared.writeUInt32LE(crc32(bytes), 10);
    shared.writeUInt32LE(packed.length, 14);
    shared.writeUInt32LE(bytes.length, 18);
    shared.writeUInt16LE(name.length, 22);
    const entry = Buffer.alloc(14);
    entry.writeUInt32LE(at, 10);
    const head = Buffer.concat([Buffer.from("PK\x03\x04", "latin1"), shared, Buffer.from(name)]);
    local.push(head, packed);
    directory.push(Buffer.from("PK\x01\x02\x14\x00", "latin1"), shared, entry, Buffer.from(name));
    at += head.length + packed.length;
  }
  const list = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(Object.keys(files).length, 6);
  end.writeUInt32LE(list.length, 8);
  end.writeUInt32LE(at, 12);
  return Buffer.concat([...local, list, Buffer.from("PK\x05\x06", "latin1"), end]);
}

const arrays = {
  "x_train.npy": npy("<f4", "2, 3", raw(Float32Array.of(1, 2, 3, 4, 5, 6))),
  "y_train.npy": npy("<i8", "2, 1", raw(BigInt64Array.of(1n, 0n))),
  "x_test.npy": npy("<f4", "1, 3", raw(Float32Array.of(7, 8, 9))),
  "y_test.npy": npy("<i8", "1, 1", raw(BigInt64Array.of(1n))),
};

describe("openData", () => {
  it("reads IDX files, gzipped or not, also one folder down", () => {
    const path = folder("mnist", {
      "train-images-idx3-ubyte.gz": gzipSync(idxImages(3)),
      "train-labels-idx1-ubyte": idxLabels(3),
      "t10k-images-idx3-ubyte": idxImages(2),
      "t10k-labels-idx1-ubyte.gz": gzipSync(idxLabels(2)),
    });
    const { train, test } = openData(path);
    expect([train.samples, test!.samples]).toEqual([3, 2]);
    expect(train.columns[0]).toMatchObject({ role: "data", shape: [1, 2], scale: 1 / 255 });
    expect(train.columns[1]!.values).toEqual(Uint8Array.of(0, 1, 2));
    const outer = folder("outer", {});
    folder("outer/inner", { "train-images-idx3-ubyte": idxImages(1), "train-labels-idx1-ubyte": idxLabels(1) });
    expect(openData(outer).train.samples).toBe(1);
    expect(openData(outer).test).toBeUndefined();
  });

  it("says what is wrong with IDX files", () => {
    const labels = idxLabels(3);
    const images = gzipSync(idxImages(3));
    const cut = { "train-images-idx3-ubyte.gz": images.subarray(0, 20), "train-labels-idx1-ubyte": labels };
    expect(() => openData(folder("cut", cut))).toThrow(code("truncated"));
    const fewer = { "train-images-idx3-ubyte": idxImages(2), "train-labels-idx1-ubyte": labels };
    expect(() => openData(folder("fewer", fewer))).toThrow(code("unequal-columns"));
    expect(() => openData(folder("alone", { "train-labels-idx1-ubyte": labels }))).toThrow(/not its images/);
  });

  it("reads CIFAR-10 and CIFAR-100", () => {
    const record = (labels: readonly number[]) => Uint8Array.from([...labels, ...new Array<number>(3072).fill(1)]);
    const ten = openData(
      folder("c10", {
        "data_batch_1.bin": record([3]),
        "data_batch_2.bin": record([4]),
        "test_batch.bin": record([5]),
      }),
    );
    expect(ten.train.columns[1]!.values).toEqual(Uint8Array.of(3, 4));
    const hundred = openData(folder("c100", { "train.bin": record([1, 55]), "test.bin": record([1, 99]) }));
    expect(hundred.test!.columns[1]!.values).toEqual(Uint8Array.of(99));
  });

  it("reads NPY files and NPZ archives by the names of the arrays", () => {
    const expected = {
      samples: 2,
      columns: [
        { role: "data", shape: [3] },
        { role: "label", shape: [] },
      ],
    };
    const sorted = (set: { samples: number; columns: readonly { role: string; shape: readonly number[] }[] }) => ({
      samples: set.samples,
      columns: [...set.columns]
        .sort((a, b) => a.role.localeCompare(b.role))
        .map(({ role, shape }) => ({ role, shape })),
    });
    expect(sorted(openData(folder("npy", arrays)).train)).toEqual(expected);
    for (const deflated of [false, true]) {
      const path = join(folder(`npz-${deflated}`, {}), "all.npz");
      writeFileSync(path, zip(arrays, deflated));
      const { train, test } = openData(path);
      expect(sorted(train)).toEqual(expected);
      expect(test!.columns.find(({ role }) => role === "data")!.values).toEqual(Float32Array.of(7, 8, 9));
    }
    const { "x_train.npy": x, "y_train.npy": y } = arrays;
    const parts = folder("parts", { "train.npz": zip({ "x.npy": x, "y.npy": y }, true) });
    expect(sorted(openData(parts).train)).toEqual(expected);
  });

  it("says what is wrong with NPZ archives", () => {
    const whole = zip(arrays, true);
    const path = (name: string, bytes: Uint8Array) => join(folder("bad-npz", { [name]: bytes }), name);
    expect(() => openData(path("end.npz", whole.subarray(0, -30)))).toThrow(code("truncated"));
    const flipped = Uint8Array.from(zip(arrays, false));
    flipped[60] = flipped[60]! ^ 1;
    expect(() => openData(path("bit.npz", flipped))).toThrow(/wrong checksum/);
    expect(() => openData(path("names.npz", zip({ "a.npy": arrays["x_train.npy"] }, true)))).toThrow(code("no-column"));
  });

  it("reads raw tensors that a dataset.json describes", () => {
    const description = {
      train: [
        { role: "data", file: "x.bin", dtype: "float32", shape: [2] },
        { role: "label", file: "y.bin", dtype: "uint8", shape: [] },
      ],
    };
    const files = { "x.bin": raw(Float32Array.of(1, 2, 3, 4)), "y.bin": Uint8Array.of(0, 1) };
    const write = (name: string, what: unknown) => folder(name, { ...files, "dataset.json": JSON.stringify(what) });
    expect(openData(write("raw", description)).train.samples).toBe(2);
    const entry = description.train[0]!;
    expect(() => openData(write("r1", { train: [{ ...entry, shape: [3] }] }))).toThrow(code("truncated"));
    expect(() => openData(write("r2", { train: [{ ...entry, dtype: "flaot32" }] }))).toThrow(/float32/);
    expect(() => openData(write("r3", {}))).toThrow(code("bad-description"));
    expect(() => openData(folder("r4", { "dataset.json": "{" }))).toThrow(code("bad-description"));
    expect(() => openData(write("r5", { train: [{ ...entry, file: "z.bin" }] }))).toThrow(code("cannot-read"));
    const sha256 = createHash("sha256").update(files["x.bin"]).digest("hex");
    expect(openData(write("r6", { train: [{ ...entry, sha256 }] })).train.samples).toBe(2);
    const wrong = { train: [{ ...entry, sha256: sha256.replace(/^./, (c) => (c === "0" ? "1" : "0")) }] };
    expect(() => openData(write("r7", wrong))).toThrow(code("wrong-checksum"));
  });

  it("draws synthetic digits by name, and says what it does not know", () => {
    expect(openData("synthetic:digits:train=5,test=2,seed=1").train.samples).toBe(5);
    expect(() => openData("synthetic:digtis")).toThrow(/digits/);
    expect(() => openData("synthetic:digits:trian=5")).toThrow(/train/);
    expect(() => openData(join(root, "nowhere"))).toThrow(code("cannot-read"));
    expect(() => openData(folder("empty", {}))).toThrow(code("unknown-data"));
    expect(() => openData(join(folder("text", { "a.txt": "x" }), "a.txt"))).toThrow(code("unknown-data"));
  });
});

describe("checkpointFolder", () => {
  const tensor = (...values: number[]) =>
    ({ dtype: "float32", shape: [values.length], data: Float32Array.from(values) }) as const;
  const checkpoint: Checkpoint = {
    fingerprint: "run ü",
    rows: [{ epoch: 1, loss: 0.1, score: { loss: 0.2, accuracy: 0.5 }, seconds: 1.5, energyJ: 3 }],
    partial: { batches: 2, lossSum: 0.1 + 0.2, seconds: 0.1, energyJ: 1 },
    updates: 9,
    spentJ: 4,
    best: { epoch: 1, score: { loss: 0.2, accuracy: 0.5 }, state: { w: tensor(1) } },
    state: { w: tensor(1, 2), n: { dtype: "int64", shape: [], data: BigInt64Array.of(-5n) } },
  };

  it("gives back what was saved, number for number, and nothing before", async () => {
    const path = join(root, "checkpoints");
    const store = checkpointFolder(path);
    expect(await store.load()).toBeUndefined();
    await store.save({ ...checkpoint, updates: 1 });
    await store.save(checkpoint);
    expect(await store.load()).toEqual(checkpoint);
    expect(readdirSync(path)).toEqual(["checkpoint.bin"]);
    await store.save({ ...checkpoint, best: undefined, spentJ: undefined });
    expect((await store.load())!.best).toBeUndefined();
  });

  it("refuses one that is damaged anywhere", async () => {
    const path = join(root, "damaged");
    const store = checkpointFolder(path);
    await store.save(checkpoint);
    const file = join(path, "checkpoint.bin");
    const whole = readFileSync(file);
    for (const at of [0, 10, 45, whole.length - 1]) {
      const bytes = Buffer.from(whole);
      bytes[at] = bytes[at]! ^ 1;
      writeFileSync(file, bytes);
      await expect(store.load()).rejects.toThrow(code("damaged-checkpoint"));
    }
    writeFileSync(file, whole.subarray(0, -1));
    await expect(store.load()).rejects.toThrow(code("damaged-checkpoint"));
  });
});

/** A tar archive with plain files. */
function tar(files: Readonly<Record<string, Uint8Array>>): Uint8Array {
  const blocks = Object.entries(files).flatMap(([name, bytes]) => {
    const header = Buffer.alloc(512);
    header.write(name, 0, "latin1");
    header.write(bytes.length.toString(8).padStart(11, "0"), 124, "latin1");
    header.write("0", 156, "latin1");
    return [header, bytes, Buffer.alloc((512 - (bytes.length % 512)) % 512)];
  });
  return Buffer.concat([...blocks, Buffer.alloc(1024)]);
}

describe("fetchSet", () => {
  const md5 = (bytes: Uint8Array) => createHash("md5").update(bytes).digest("hex");
  const archive = gzipSync(
    tar({ "batches/data_batch_1.bin": Uint8Array.of(1, 2), "batches/../../evil.bin": Uint8Array.of(3) }),
  );
  const served: Readonly<Record<string, Uint8Array>> = {
    "http://x/a.gz": Uint8Array.of(7),
    "http://x/b.tar.gz": archive,
  };
  const asked: string[] = [];
  const fake: Download = async (url, onBytes) => {
    asked.push(url);
    onBytes(1, 1);
    return served[url]!;
  };
  const set: PublishedSet = {
    name: "made up",
    summary: "",
    source: "",
    files: [
      { url: "http://x/a.gz", md5: md5(Uint8Array.of(7)) },
      { url: "http://x/b.tar.gz", md5: md5(archive), isArchive: true },
    ],
  };

  it("fetches, unpacks inside the folder, and does not fetch twice", async () => {
    const path = join(root, "fetched");
    const first = await fetchSet(set, path, { download: fake });
    expect(readdirSync(path).sort()).toEqual(["a.gz", "b.tar.gz", "data_batch_1.bin", "evil.bin"]);
    expect(first.fetchedBytes).toBe(1 + archive.length);
    expect((await fetchSet(set, path, { download: fake })).fetchedBytes).toBe(0);
    expect(asked).toHaveLength(2);
  });

  it("leaves nothing there when the checksum is wrong", async () => {
    const path = join(root, "wrong");
    const damaged = { ...set, files: [{ url: "http://x/a.gz", md5: "0" }] };
    await expect(fetchSet(damaged, path, { download: fake })).rejects.toThrow(code("wrong-checksum"));
    expect(existsSync(path)).toBe(false);
  });

  it("asks for nothing where a file stands in the folder's way", async () => {
    const path = join(folder("in-the-way", { file: "" }), "file");
    const before = asked.length;
    await expect(fetchSet(set, path, { download: fake })).rejects.toThrow(code("cannot-write"));
    expect(asked).toHaveLength(before);
  });

  it("says that there is no network", async () => {
    await expect(download("http://127.0.0.1:9/x", () => undefined)).rejects.toThrow(code("no-network"));
  });

  it("knows addresses and sums of every published file", () => {
    const files = PUBLISHED.flatMap((one) => one.files);
    expect(files.every((file) => /^https?:\/\/\S+$/.test(file.url) && /^[0-9a-f]{32}$/.test(file.md5))).toBe(true);
    expect(new Set(files.map((file) => file.md5)).size).toBe(files.length);
  });

  it("refuses an archive that is cut off", () => {
    expect(() => tarFiles(tar({ a: new Uint8Array(600) }).subarray(0, 700))).toThrow(code("truncated"));
  });
});
