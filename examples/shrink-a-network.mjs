// A network is trained, thinned and quantised with the library, on digits drawn by rule: accuracy and modelled joules after each step.
// Run it after `npm run build` (some ten seconds): node examples/shrink-a-network.mjs [FILE.onnx]
import {
  countGraph,
  estimateAll,
  findMetric,
  findNetwork,
  fitNetwork,
  formatQuantity,
  judgeNetwork,
  pruneNetwork,
  quantise,
  syntheticDigits,
  writeOnnx,
} from "../dist/index.js";
import { drawnWeights, onnxRuntime, readCatalogue, resolveDevice, writeWhole } from "../dist/node/index.js";

const runtime = onnxRuntime();
const { train, test } = syntheticDigits({ train: 1000, test: 200, seed: 1 });
const loss = { kind: "cross-entropy" };
const fit = {
  runtime,
  train,
  test,
  loss,
  batch: 16,
  rate: 1e-3,
  optimiser: { kind: "adam" },
  seed: 1,
  clock: { nowS: () => performance.now() / 1000 },
};
// Energies of single operations by data type: int8 is far cheaper than float32, and a fetched byte dearer than both.
const process45 = await resolveDevice("horowitz-45nm", await readCatalogue());

async function tell(step, network) {
  const { accuracy } = await judgeNetwork(network, { runtime, set: test, loss });
  const work = countGraph(network.graph, { batch: 1 });
  const [{ energyJ }] = estimateAll(work, [process45], [findMetric("op-energy")]).estimates;
  const percent = `${(100 * accuracy).toFixed(1)} %`;
  console.log(
    `${step}: ${percent} right, ${work.total.macs} MACs, ${formatQuantity(energyJ, "J")} per inference, modelled`,
  );
}

const untrained = findNetwork("mnist-cnn").build({ seed: 1 });
const fitted = await fitNetwork({ ...fit, network: untrained, weights: drawnWeights, epochs: 4 });
const trained = { graph: fitted.network, weights: drawnWeights };
await tell("trained", trained);

const thinned = await pruneNetwork({
  network: trained,
  target: { method: "structured", macsRatio: 0.4 },
  epochs: 1,
  fit,
});
await tell("thinned to 40 % of the MACs", thinned.network);

const small = await quantise(thinned.network, { to: "int8-static", calibration: { runtime, set: train, samples: 64 } });
await tell("and in 8 bits", small.network);

const [file] = process.argv.slice(2);
if (file !== undefined) await writeWhole(file, writeOnnx(small.network.graph, small.network.weights));
