// Data sets that `data get` fetches: where they are and what they must be. MD5 is what their publishers give; it guards against
// damage on the way, not against malice. Addresses and sums as torchvision lists them, for [LeCun1998], [Xiao2017] and [Krizhevsky2009].

export interface PublishedFile {
  readonly url: string;
  readonly md5: string;
  /** Unpacked into the folder: a tar archive, gzipped. Default: the file is kept as it is. */
  readonly isArchive?: boolean;
}

export interface PublishedSet {
  readonly name: string;
  readonly summary: string;
  readonly source: string;
  readonly files: readonly PublishedFile[];
}

const idxSet = (base: string, sums: Readonly<Record<string, string>>): readonly PublishedFile[] =>
  Object.entries(sums).map(([file, md5]) => ({ url: `${base}/${file}.gz`, md5 }));

export const PUBLISHED: readonly PublishedSet[] = [
  {
    name: "mnist",
    summary: "60,000 and 10,000 handwritten digits, 1×28×28",
    source: "LeCun1998",
    files: idxSet("https://ossci-datasets.s3.amazonaws.com/mnist", {
      "train-images-idx3-ubyte": "f68b3c2dcbeaaa9fbdd348bbdeb94873",
      "train-labels-idx1-ubyte": "d53e105ee54ea40749a09fcbcd1e9432",
      "t10k-images-idx3-ubyte": "9fb629c4189551a2d022fa330f9573f3",
      "t10k-labels-idx1-ubyte": "ec29112dd5afa0611ce80d1b7f02629c",
    }),
  },
  {
    name: "fashion-mnist",
    summary: "60,000 and 10,000 pieces of clothing, 1×28×28",
    source: "Xiao2017",
    files: idxSet("http://fashion-mnist.s3-website.eu-central-1.amazonaws.com", {
      "train-images-idx3-ubyte": "8d4fb7e6c68d591d4c3dfef9ec88bf0d",
      "train-labels-idx1-ubyte": "25c81989df183df01b3e8a0aad5dffbe",
      "t10k-images-idx3-ubyte": "bef4ecab320f06d8554ea6380940ec79",
      "t10k-labels-idx1-ubyte": "bb300cfdad3c16e7a12a480ee83cd310",
    }),
  },
  {
    name: "cifar10",
    summary: "50,000 and 10,000 pictures of ten things, 3×32×32",
    source: "Krizhevsky2009",
    files: [
      {
        url: "https://www.cs.toronto.edu/~kriz/cifar-10-binary.tar.gz",
        md5: "c32a1d4ab5d03f1284b67883e8d87530",
        isArchive: true,
      },
    ],
  },
];
