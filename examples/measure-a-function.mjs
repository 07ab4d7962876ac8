// Joules of a function of one's own, and of a window within it: the library that measures, in a few lines.
// Run it after `npm run build`: node examples/measure-a-function.mjs
// On a machine without meters the joules are modelled from CPU load, and it says so; without that too, it says what to do.
import { formatQuantity } from "../dist/index.js";
import { closeWindow, endMeasuring, measure, openWindow } from "../dist/node/index.js";

/** Something to measure: a product of two 300 × 300 matrices. */
function multiply(n = 300) {
  const [a, b, c] = Array.from({ length: 3 }, () => new Float64Array(n * n).fill(1.5));
  for (let i = 0; i < n; i++)
    for (let k = 0; k < n; k++) for (let j = 0; j < n; j++) c[i * n + j] += a[i * n + k] * b[k * n + j];
  return c[0];
}

const tell = ({ window, durationS, grossJ, netJ, kind, coverage }) =>
  console.log(
    `${window}: ${formatQuantity(grossJ, "J")} gross, ${formatQuantity(netJ, "J")} net in ${formatQuantity(durationS, "s")}, ` +
      `${kind}, coverage ${Math.round(coverage * 100)} %`,
  );

try {
  // Idle power is recorded once, before the first window: net is what comes on top of it.
  const { value, measurement } = await measure(
    async () => {
      multiply();
      await openWindow("second half");
      for (let i = 0; i < 10; i++) multiply();
      tell(await closeWindow("second half"));
      return multiply();
    },
    { name: "all", idleS: 1 },
  );
  tell(measurement);
  console.log(`and the function gave ${value}`);
} catch (error) {
  if (error.code !== "no-sources") throw error;
  console.log(`nothing to measure with: ${error.message}\n${error.hint}`);
}
await endMeasuring();
