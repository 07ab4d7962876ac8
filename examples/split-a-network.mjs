// Where to cut a network between a device and a server as the channel changes: all cuts listed once, the best chosen for every gain.
// Run it after `npm run build`: node examples/split-a-network.mjs
import {
  answerOf,
  bindDimensions,
  countWork,
  decide,
  findMetric,
  formatQuantity,
  inferShapes,
  planSplit,
  shannonRateBps,
} from "../dist/index.js";
import { readCatalogue, readModel, resolveDevice } from "../dist/node/index.js";

const LINK = { bandwidthHz: 15e6, powerW: 1e-3, noiseWPerHz: 1e-9 };
const device = await resolveDevice("horowitz-45nm", await readCatalogue());
const shaped = inferShapes(bindDimensions(await readModel("zoo:mnist-cnn")).graph);
const { network, table } = planSplit(shaped, countWork(shaped), {
  device: { hardware: device, metric: findMetric("op-energy") },
});

const sending = { powerW: LINK.powerW };

for (const gainRatio of [0, 0.01, 0.1, 1, 10]) {
  const rateBps = shannonRateBps({ ...LINK, gainRatio });
  const best = decide(table, rateBps, sending);
  const { deviceJ, radioJ } = answerOf(table, best, rateBps, sending);
  const place =
    best === table.local ? "all on the device" : `cut after ${network.layers[table.cuts[best].layers - 1].name}`;
  const joules = `device ${formatQuantity(deviceJ, "J")}, radio ${formatQuantity(radioJ, "J")}`;
  console.log(`|h|² ${gainRatio}: ${formatQuantity(rateBps, "bit/s")}, ${place}, ${joules}`);
}
