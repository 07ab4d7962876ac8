// Joules per inference of one network on one device, by every metric: the library in ten lines.
// Run it after `npm run build`: node examples/estimate-one-model.mjs
import { countGraph, estimateAll, formatQuantity, METRICS } from "../dist/index.js";
import { readCatalogue, readModel, resolveDevice } from "../dist/node/index.js";

const work = countGraph(await readModel("zoo:mnist-cnn"), { batch: 1 });
const device = await resolveDevice("jetson-nano", await readCatalogue());
const { estimates, missing } = estimateAll(work, [device], METRICS);

console.log(`${work.name} on ${device.name}: ${work.total.macs} MACs, ${work.total.params} parameters`);
for (const { metric, energyJ, lowJ, highJ } of estimates) {
  console.log(
    `${metric}: ${formatQuantity(energyJ, "J")} (${formatQuantity(lowJ, "J")} – ${formatQuantity(highJ, "J")})`,
  );
}
for (const { metric, needs } of missing) console.log(`${metric}: missing ${needs.join(", ")}`);
