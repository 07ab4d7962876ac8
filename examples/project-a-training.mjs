// What a training will need in all, told after each of its epochs: STEP with the library. The epochs are windows of a measurement.
// Run it after `npm run build`: node examples/project-a-training.mjs
// On a machine without meters the joules are modelled from CPU load; without that too, it says what to do.
import { formatQuantity, projectRunning } from "../dist/index.js";
import { closeWindow, endMeasuring, measure, openWindow } from "../dist/node/index.js";

const EPOCHS = 10;
/** Epochs before the first that is typical, and how many typical ones are wanted; published: 10 and 5, for runs of hundreds. */
const STEP = { start: 3, window: 2 };

/** Stands in for an epoch of yours. */
function epoch() {
  let loss = 0;
  for (let i = 0; i < 5e7; i++) loss += 1 / (1 + i);
  return loss;
}

async function train() {
  const done = [];
  while (done.length < EPOCHS) {
    const name = `epoch ${done.length + 1}`;
    await openWindow(name);
    epoch();
    const { grossJ, durationS } = await closeWindow(name);
    if (typeof grossJ !== "number") return console.log(`${name}: nothing was read in so short a time`);
    done.push({ energyJ: grossJ, durationS });
    const projection = projectRunning(done, { energyJ: 0, durationS: 0 }, EPOCHS, STEP);
    const told =
      projection &&
      `; all ${EPOCHS}: ${formatQuantity(projection.totalJ, "J")} (90 %: ${formatQuantity(projection.lowJ, "J")} – ${formatQuantity(projection.highJ, "J")})`;
    console.log(`${name}: ${formatQuantity(grossJ, "J")} in ${formatQuantity(durationS, "s")}${told ?? ""}`);
  }
}

try {
  const { measurement } = await measure(train, { name: "training", idleS: 0 });
  console.log(`${formatQuantity(measurement.grossJ, "J")} gross, ${measurement.kind}`);
} catch (error) {
  if (error.code !== "no-sources") throw error;
  console.log(`nothing to measure with: ${error.message}\n${error.hint}`);
}
await endMeasuring();
