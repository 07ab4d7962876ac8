// The layouts of data sets on disk, one row each: which files a folder must have, and how they become columns.
// Detected by names; what the files then hold is checked by the formats.
import { join } from "node:path";
import {
  type Column,
  classes,
  type DataSet,
  type DataSplit,
  dataSet,
  pixels,
  type Values,
} from "../../learn/data/data-set.ts";
import { parseCifar } from "../../learn/data/formats/cifar.ts";
import { parseIdx } from "../../learn/data/formats/idx.ts";
import { parseNpy } from "../../learn/data/formats/npy.ts";
import { InputError } from "../../units/input-error.ts";
import { type NamedBytes, readBytes } from "./bytes.ts";
import { zipEntries } from "./zip.ts";

export interface Layout {
  readonly name: string;
  /** What a folder of this layout holds, for messages. */
  readonly needs: string;
  /** True when a folder with these files has this layout. */
  fits(files: readonly string[]): boolean;
  read(folder: string, files: readonly string[]): DataSplit;
}

/** "train-images-idx3-ubyte", "train-images.idx3-ubyte", with or without ".gz". */
function idxFile(files: readonly string[], part: string, kind: string): string | undefined {
  const pattern = new RegExp(`^${part}-${kind}[-.]idx[13]-ubyte(\\.gz)?$`);
  return files.find((file) => pattern.test(file));
}

function readIdx(folder: string, files: readonly string[], part: string): DataSet | undefined {
  const names = ["images", "labels"].map((kind) => idxFile(files, part, kind));
  const [imageFile, labelFile] = names;
  if (imageFile === undefined && labelFile === undefined) return undefined;
  if (imageFile === undefined || labelFile === undefined)
    throw new InputError(
      "no-column",
      `${folder} has ${imageFile ?? labelFile} but not its ${imageFile === undefined ? "images" : "labels"}`,
      "put both files there",
    );
  const images = readBytes(join(folder, imageFile));
  const labels = readBytes(join(folder, labelFile));
  const pictures = parseIdx(images.name, images.bytes);
  const [, ...shape] = pictures.shape;
  const column =
    pictures.values instanceof Uint8Array
      ? pixels(images.name, shape, pictures.values)
      : { role: "data" as const, name: images.name, shape, values: pictures.values, scale: 1 };
  return dataSet(part, [column, classes(labels.name, parseIdx(labels.name, labels.bytes).values)]);
}

/** Names that arrays go by, in NPY files and in NPZ archives, by what they are. */
const ROLES: readonly (readonly [Column["role"], RegExp])[] = [
  ["data", /^(x|data|images?|inputs?|features)$/i],
  ["label", /^(y|labels?|targets?|bits)$/i],
  ["mask", /^(masks?|weights?)$/i],
];
const PARTS = { train: /^(train|training)$/i, test: /^(test|t10k|val|validation)$/i } as const;

type Part = keyof typeof PARTS | "both";

/** "x_train" or "train-images" → data of the training part; undefined for a name that says nothing. */
function meaningOf(name: string): { readonly role: Column["role"]; readonly part: Part } | undefined {
  const words = name.replace(/\.npy(\.gz)?$/, "").split(/[-_./]/);
  const role = ROLES.find(([, pattern]) => words.some((word) => pattern.test(word)))?.[0];
  if (role === undefined) return undefined;
  const part = (["train", "test"] as const).find((one) => words.some((word) => PARTS[one].test(word)));
  return { role, part: part ?? "both" };
}

function columnOf(role: Column["role"], name: string, shape: readonly number[], values: Values): Column {
  const rest = shape.slice(1);
  if (role === "data" && values instanceof Uint8Array) return pixels(name, rest, values);
  // A label array of N×1 is a list of N labels.
  const isList = role === "label" && rest.length === 1 && rest[0] === 1;
  return { role, name, shape: isList ? [] : rest, values, scale: 1 };
}

/** Arrays with telling names → data set. @throws InputError "no-column" */
function arraysToSplit(where: string, arrays: readonly NamedBytes[]): DataSplit {
  const parts: Record<Part, Column[]> = { train: [], test: [], both: [] };
  for (const { name, bytes } of arrays) {
    const meaning = meaningOf(name);
    if (meaning === undefined) continue;
    const { shape, values } = parseNpy(name, bytes);
    parts[meaning.part].push(columnOf(meaning.role, name, shape, values));
  }
  const learned = parts.train.length > 0 ? parts.train : parts.both;
  if (!learned.some(({ role }) => role === "data"))
    throw new InputError(
      "no-column",
      `${where} has no array to learn from among ${arrays.map(({ name }) => name).join(", ") || "(none)"}`,
      "name them x_train, y_train, x_test, y_test, or x and y",
    );
  return {
    train: dataSet(`${where} (train)`, learned),
    test: parts.test.length > 0 ? dataSet(`${where} (test)`, parts.test) : undefined,
  };
}

const isNpy = (file: string): boolean => /\.npy(\.gz)?$/.test(file);
const isNpz = (file: string): boolean => file.endsWith(".npz");

function readNpz(path: string, prefix = ""): readonly NamedBytes[] {
  return zipEntries(readBytes(path)).map(({ name, bytes }) => ({ name: `${prefix}${name}`, bytes }));
}

/** A single NPZ archive. */
export function readArchive(path: string): DataSplit {
  return arraysToSplit(path, readNpz(path));
}

const CIFAR10_TRAIN = [1, 2, 3, 4, 5].map((i) => `data_batch_${i}.bin`);
const has = (files: readonly string[], wanted: readonly string[]) => wanted.every((file) => files.includes(file));

export const LAYOUTS: readonly Layout[] = [
  {
    name: "IDX",
    needs: "train-images-idx3-ubyte and train-labels-idx1-ubyte (t10k-… to test), gzipped or not",
    fits: (files) => idxFile(files, "train", "images") !== undefined || idxFile(files, "train", "labels") !== undefined,
    read: (folder, files) => ({
      train: readIdx(folder, files, "train")!,
      test: readIdx(folder, files, "t10k") ?? readIdx(folder, files, "test"),
    }),
  },
  {
    name: "CIFAR-10",
    needs: "data_batch_1.bin to data_batch_5.bin and test_batch.bin",
    fits: (files) => files.includes("data_batch_1.bin"),
    read: (folder, files) => {
      const train = CIFAR10_TRAIN.filter((file) => files.includes(file)).map((file) => readBytes(join(folder, file)));
      const test = files.includes("test_batch.bin") ? readBytes(join(folder, "test_batch.bin")) : undefined;
      return {
        train: dataSet("CIFAR-10", parseCifar("CIFAR-10", train, 1)),
        test: test && dataSet("CIFAR-10 test", parseCifar("CIFAR-10 test", [test], 1)),
      };
    },
  },
  {
    name: "CIFAR-100",
    needs: "train.bin and test.bin",
    fits: (files) => has(files, ["train.bin", "test.bin"]),
    read: (folder) => ({
      train: dataSet("CIFAR-100", parseCifar("CIFAR-100", [readBytes(join(folder, "train.bin"))], 2)),
      test: dataSet("CIFAR-100 test", parseCifar("CIFAR-100 test", [readBytes(join(folder, "test.bin"))], 2)),
    }),
  },
  {
    name: "NPZ",
    needs: "train.npz with arrays x and y (and test.npz)",
    fits: (files) => files.some(isNpz),
    read: (folder, files) =>
      arraysToSplit(
        folder,
        files.filter(isNpz).flatMap((file) => readNpz(join(folder, file), `${file.replace(/\.npz$/, "")}-`)),
      ),
  },
  {
    name: "NPY",
    needs: "x_train.npy and y_train.npy (x_test.npy, y_test.npy)",
    fits: (files) => files.some(isNpy),
    read: (folder, files) =>
      arraysToSplit(
        folder,
        files.filter(isNpy).map((file) => readBytes(join(folder, file))),
      ),
  },
];
