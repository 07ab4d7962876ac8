// Joules per inference of one network on one device, by every metric: the library in a few lines.
// Run it after `npm run build`: node examples/estimate-one-model.mjs
import { countGraph, estimateAll, formatQuantity, METRICS } from "../dist/index.js";
import { readCatalogue, readModel, resolveDevice } from "../dist/node/index.js";

const work = countGraph(await readModel("zoo:mnist-cnn"), { batch: 1 });
const catalogue = await readCatalogue();
const device = await resolveDevice("jetson-nano", catalogue);
// Energies of single operations for op-energy, as a Jetson Nano has none of its own: what the command line takes too.
const process = await resolveDevice("horowitz-45nm", catalogue);
const { estimates, missing } = estimateAll(work, [device], METRICS, { process });

console.log(`${work.name} on ${device.name}: ${work.total.macs} MACs, ${work.total.params} parameters`);
for (const { metric, energyJ, lowJ, highJ } of estimates) {
  console.log(
    `${metric}: ${formatQuantity(energyJ, "J")} (${formatQuantity(lowJ, "J")} – ${formatQuantity(highJ, "J")})`,
  );
}
for (const { metric, needs } of missing) console.log(`${metric}: missing ${needs.join(", ")}`);
