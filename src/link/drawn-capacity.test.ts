import { expect, it } from "vitest";
import { seededRandom } from "../math/random.ts";
import { drawnCapacities } from "./drawn-capacity.ts";

const PLAN = { channel: { name: "tdl-c" }, bandwidthHz: 1e6, antennas: 1, outageRatio: 0.1 };

it("draws once for all powers, and stops after what it has begun when asked", async () => {
  const signal = { aborted: false };
  let pauses = 0;
  const pause = async () => {
    pauses++;
    signal.aborted = pauses === 2;
  };
  const stopped = await drawnCapacities([1, 10], { ...PLAN, draws: 1e6, pause, signal }, seededRandom(1));
  expect(stopped.draws).toBe(2000);
  const [low, high] = stopped.capacities;
  expect(low!.meanBits).toBeLessThan(high!.meanBits);
  expect(low!.outageBits).toBeLessThan(low!.meanBits);
  const whole = await drawnCapacities([10], { ...PLAN, draws: 2000 }, seededRandom(1));
  expect(whole).toEqual({ draws: 2000, capacities: [high] });
});
