// BERT-base's encoder (Devlin et al., 2019) written the way PyTorch's exporter writes it (opset 14): batch and sequence are symbols, heads are
// split and joined by reshapes whose shapes the graph computes itself (Shape → Gather → Unsqueeze → Concat), constants are nodes,
// layer normalisation and GELU are spelled out. Weights are not drawn: only their types exist.
const LAYERS = 12;
const FEATURES = 768;
const HEADS = 12;
const WORDS = 30_522;
const POSITIONS = 512;

const inline = (dtype, shape, bytes) => ({
  kind: "tensor",
  type: { dtype, shape },
  value: { kind: "inline", bytes: new Uint8Array(bytes.buffer) },
});
const int64 = (values, shape = [values.length]) => inline("int64", shape, BigInt64Array.from(values, BigInt));
const float32 = (value) => inline("float32", [], Float32Array.of(value));
const int = (value) => ({ kind: "int", value });
const ints = (value) => ({ kind: "ints", value });

/** A graph being written: nodes get the exporter's names ("/encoder/layer.0/attention/MatMul_1"). */
class Export {
  layers = [];
  tensors = new Map();
  weights = new Map();
  #counts = new Map();

  node(scope, op, inputs, attributes = {}) {
    const stem = `${scope}/${op}`;
    const count = this.#counts.get(stem) ?? 0;
    this.#counts.set(stem, count + 1);
    const name = count === 0 ? stem : `${stem}_${count}`;
    const output = `${name}_output_0`;
    this.layers.push({
      name,
      op,
      domain: "",
      inputs,
      outputs: [output],
      attributes: new Map(Object.entries(attributes)),
    });
    return output;
  }

  constant(scope, value) {
    return this.node(scope, "Constant", [], { value });
  }

  weight(name, shape) {
    this.tensors.set(name, { dtype: "float32", shape });
    this.weights.set(name, { kind: "seeded", initialiser: { kind: "constant", value: 0 } });
    return name;
  }
}

function dense(e, scope, x, from, to) {
  const product = e.node(scope, "MatMul", [x, e.weight(`${scope}.kernel`, [from, to])]);
  return e.node(scope, "Add", [e.weight(`${scope}.bias`, [to]), product]);
}

/** Length of one axis as a one-element tensor. */
function axisLength(e, scope, x, axis) {
  const length = e.node(scope, "Gather", [e.node(scope, "Shape", [x]), e.constant(scope, int64([axis], []))], {
    axis: int(0),
  });
  return e.node(scope, "Unsqueeze", [length, e.constant(scope, int64([0]))]);
}

/** x.view(x.size(0), x.size(1), …rest) */
function view(e, scope, x, rest) {
  const lengths = [axisLength(e, scope, x, 0), axisLength(e, scope, x, 1)];
  const shape = e.node(scope, "Concat", [...lengths, ...rest.map((dim) => e.constant(scope, int64([dim])))], {
    axis: int(0),
  });
  return e.node(scope, "Reshape", [x, shape]);
}

function layerNorm(e, scope, x) {
  const mean = e.node(scope, "ReduceMean", [x], { axes: ints([-1]) });
  const centred = e.node(scope, "Sub", [x, mean]);
  const square = e.node(scope, "Pow", [centred, e.constant(scope, float32(2))]);
  const variance = e.node(scope, "ReduceMean", [square], { axes: ints([-1]) });
  const deviation = e.node(scope, "Sqrt", [e.node(scope, "Add", [variance, e.constant(scope, float32(1e-12))])]);
  const scaled = e.node(scope, "Mul", [
    e.node(scope, "Div", [centred, deviation]),
    e.weight(`${scope}.weight`, [FEATURES]),
  ]);
  return e.node(scope, "Add", [scaled, e.weight(`${scope}.bias`, [FEATURES])]);
}

function gelu(e, scope, x) {
  const erf = e.node(scope, "Erf", [e.node(scope, "Div", [x, e.constant(scope, float32(Math.SQRT2))])]);
  const gate = e.node(scope, "Add", [erf, e.constant(scope, float32(1))]);
  return e.node(scope, "Mul", [e.node(scope, "Mul", [x, gate]), e.constant(scope, float32(0.5))]);
}

function attention(e, scope, x) {
  const size = FEATURES / HEADS;
  const heads = (name, perm) => {
    const projected = dense(e, `${scope}/self/${name}`, x, FEATURES, FEATURES);
    return e.node(`${scope}/self`, "Transpose", [view(e, `${scope}/self`, projected, [HEADS, size])], {
      perm: ints(perm),
    });
  };
  const [query, key, value] = [heads("query", [0, 2, 1, 3]), heads("key", [0, 2, 3, 1]), heads("value", [0, 2, 1, 3])];
  const scores = e.node(`${scope}/self`, "Div", [
    e.node(`${scope}/self`, "MatMul", [query, key]),
    e.constant(`${scope}/self`, float32(Math.sqrt(size))),
  ]);
  const shares = e.node(`${scope}/self`, "Softmax", [scores], { axis: int(-1) });
  const mixed = e.node(`${scope}/self`, "Transpose", [e.node(`${scope}/self`, "MatMul", [shares, value])], {
    perm: ints([0, 2, 1, 3]),
  });
  const joined = view(e, `${scope}/self`, mixed, [FEATURES]);
  return layerNorm(
    e,
    `${scope}/output/LayerNorm`,
    e.node(scope, "Add", [dense(e, `${scope}/output/dense`, joined, FEATURES, FEATURES), x]),
  );
}

function feedForward(e, scope, x) {
  const wide = gelu(e, `${scope}/intermediate`, dense(e, `${scope}/intermediate/dense`, x, FEATURES, 4 * FEATURES));
  const narrow = dense(e, `${scope}/output/dense`, wide, 4 * FEATURES, FEATURES);
  return layerNorm(e, `${scope}/output/LayerNorm`, e.node(scope, "Add", [narrow, x]));
}

function embeddings(e) {
  const scope = "/embeddings";
  const words = e.node(scope, "Gather", [e.weight("word_embeddings.weight", [WORDS, FEATURES]), "input_ids"]);
  const end = axisLength(e, scope, "input_ids", 1);
  const rows = e.node(scope, "Slice", [
    e.weight("position_embeddings.weight", [POSITIONS, FEATURES]),
    e.constant(scope, int64([0])),
    end,
    e.constant(scope, int64([0])),
  ]);
  return layerNorm(e, `${scope}/LayerNorm`, e.node(scope, "Add", [words, rows]));
}

/** From "input_ids" [batch, sequence] to [batch, sequence, 768]; 436 MB of float32 weights. */
export function exportedTransformer() {
  const e = new Export();
  e.tensors.set("input_ids", { dtype: "int64", shape: ["batch", "sequence"] });
  let x = embeddings(e);
  for (let i = 0; i < LAYERS; i++) {
    const scope = `/encoder/layer.${i}`;
    x = feedForward(e, scope, attention(e, `${scope}/attention`, x));
  }
  e.tensors.set(x, { dtype: "float32", shape: ["batch", "sequence", FEATURES] });
  const { layers, tensors, weights } = e;
  return {
    name: "bert-base",
    inputs: ["input_ids"],
    outputs: [x],
    layers,
    tensors,
    weights,
    opsets: new Map([["", 14]]),
  };
}
