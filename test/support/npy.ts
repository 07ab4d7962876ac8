// The bytes of an .npy file, version 1.0, as numpy.save writes them.

/** @param shape as Python writes a tuple, without its brackets: "2, 3" */
export function npy(descr: string, shape: string, numbers: Uint8Array, order = "False"): Uint8Array {
  const text = `{'descr': '${descr}', 'fortran_order': ${order}, 'shape': (${shape}), }`;
  const header = `${text.padEnd(117, " ")}\n`;
  const start = [0x93, ..."NUMPY"].map((c) => (typeof c === "number" ? c : c.charCodeAt(0)));
  return Uint8Array.from([...start, 1, 0, 118, 0, ...[...header].map((c) => c.charCodeAt(0)), ...numbers]);
}
