// Other files that people take for ONNX, by their first bytes, with the command that makes an ONNX file of them. A table, not a parser.

interface Format {
  readonly what: string;
  readonly matches: (head: Uint8Array, sizeBytes: number) => boolean;
  readonly hint: string;
}

const starts =
  (signature: string, at = 0) =>
  (head: Uint8Array): boolean =>
    head.length >= at + signature.length && [...signature].every((char, i) => head[at + i] === char.charCodeAt(0));

const TORCH =
  'export it from PyTorch: torch.onnx.export(model, example_inputs, "model.onnx", dynamo=True) (a checkpoint holds weights only: build the model first)';
const KERAS = 'export it from Keras 3: model.export("model.onnx", format="onnx")';

/** safetensors: an 8-byte length, then that much JSON. */
function isSafetensors(head: Uint8Array, sizeBytes: number): boolean {
  if (head.length < 9 || head[8] !== 0x7b) return false;
  const length = head.subarray(0, 8).reduce((sum, byte, i) => sum + byte * 2 ** (8 * i), 0);
  return length >= 2 && length <= sizeBytes - 8;
}

/** Formats by first bytes; the first that matches counts. */
const FORMATS: readonly Format[] = [
  {
    what: "a pointer of Git LFS and not the model itself",
    matches: starts("version https://git-lfs"),
    hint: "fetch the file: git lfs pull",
  },
  {
    what: "a zip archive: a PyTorch checkpoint or program (.pt, .pth, .pt2), a .keras model or .npz",
    matches: starts("PK\x03\x04"),
    hint: `${TORCH}; ${KERAS}`,
  },
  {
    what: "a Python pickle: an old PyTorch checkpoint or a scikit-learn model",
    matches: (head) => head[0] === 0x80 && (head[1] ?? 0) >= 2 && (head[1] ?? 9) <= 5,
    hint: `${TORCH}; scikit-learn: skl2onnx.to_onnx(model, X[:1])`,
  },
  {
    what: "a TensorFlow Lite model",
    matches: starts("TFL3", 4),
    hint: "convert it: python -m tf2onnx.convert --tflite model.tflite --output model.onnx",
  },
  {
    what: "a model in ONNX Runtime's own format (.ort)",
    matches: starts("ORTM", 4),
    hint: "use the .onnx file that it was made from",
  },
  {
    what: "a safetensors file: weights without a network",
    matches: isSafetensors,
    hint: `build the model and ${TORCH}; a Hugging Face model: optimum-cli export onnx --model NAME folder/`,
  },
  {
    what: "an HDF5 file: a Keras .h5 model",
    matches: starts("\x89HDF"),
    hint: `load it and ${KERAS}; or python -m tf2onnx.convert --keras model.h5 --output model.onnx`,
  },
  {
    what: "a GGUF file: weights for llama.cpp",
    matches: starts("GGUF"),
    hint: "export the original model: optimum-cli export onnx --model NAME folder/",
  },
  { what: "a NumPy array", matches: starts("\x93NUMPY"), hint: "give the .onnx file of the network" },
  { what: "a gzip archive", matches: starts("\x1f\x8b"), hint: "unpack it first: gunzip or tar -xzf" },
  {
    what: "a web page or XML (a download that failed, or an OpenVINO .xml)",
    matches: (head) => starts("<")(head) || starts("\xef\xbb\xbf<")(head),
    hint: "fetch the file itself, or give the .onnx that the OpenVINO model was made from",
  },
  {
    what: "JSON",
    matches: (head) => /^(\xef\xbb\xbf)?\s*[{[]\s*["{[\]}\d\r\n]/.test(latin1(head)),
    hint: "give the .onnx file of the network; a TensorFlow.js model: python -m tf2onnx.convert --tfjs model.json --output model.onnx",
  },
];

const latin1 = (bytes: Uint8Array): string => String.fromCharCode(...bytes);

/** Hints by file ending, for formats whose first bytes tell nothing. */
const HINT_BY_ENDING: Readonly<Record<string, string>> = {
  pb: "a TensorFlow model: python -m tf2onnx.convert --saved-model folder --output model.onnx (a frozen graph: --graphdef model.pb)",
  pdmodel: "a Paddle model: paddle2onnx --model_dir folder --model_filename model.pdmodel --save_file model.onnx",
  mlmodel: "a Core ML model: export ONNX from the framework that it was made with",
  pt: TORCH,
  pth: TORCH,
  bin: TORCH,
  tflite: "convert it: python -m tf2onnx.convert --tflite model.tflite --output model.onnx",
};

/** Bytes that `recogniseFormat` looks at. */
export const HEAD_LENGTH = 64;

/** The other format that the first bytes tell; undefined when it may be ONNX. */
export function recogniseFormat(
  head: Uint8Array,
  sizeBytes: number,
): { readonly what: string; readonly hint: string } | undefined {
  return FORMATS.find((format) => format.matches(head, sizeBytes));
}

/** Next step for a file that turns out not to be ONNX. */
export function hintFor(name: string): string {
  const ending = name.slice(name.lastIndexOf(".") + 1).toLowerCase();
  return HINT_BY_ENDING[ending] ?? "fetch or export the file again: it may have been cut off on the way";
}
