// A simulated machine of known power (test/machine) arrives in pieces, as the server sends it.
import { expect, it } from "vitest";
import { seededRandom } from "../../math/random.ts";
import type { SourceInfo } from "../../measure/power-source.ts";
import type { Mark } from "../../measure/trace.ts";
import { align, GrowingRecording, see } from "./growing.ts";

const counter: SourceInfo = {
  id: "rapl/package-0",
  name: "CPU package 0",
  domain: "package",
  kind: "measured",
  reads: "energy",
  wrapJ: 500,
  provenance: "simulated",
};
const gauge: SourceInfo = { ...counter, id: "gpu/0", name: "GPU", domain: "gpu", kind: "integrated", reads: "power" };

const IDLE_S = 10;
const EPOCH_S = 20;
/** After the last border: an epoch has ended when the next one has begun. */
const TAIL_S = 1;
const [IDLE_W, BUSY_W, GPU_W] = [20, 100, 150];
const wattsAt = (timeS: number): number => (timeS < IDLE_S ? IDLE_W : BUSY_W);
const joulesAt = (timeS: number): number => Math.min(timeS, IDLE_S) * IDLE_W + Math.max(0, timeS - IDLE_S) * BUSY_W;

/** `epochs` epochs of steady power behind some idle time, with a hole in the gauge. */
function piecesOf(epochs: number) {
  const random = seededRandom(5);
  const endS = IDLE_S + epochs * EPOCH_S + TAIL_S;
  const timeS = Array.from({ length: Math.round(endS * 10) + 1 }, (_, i) => i / 10);
  const marks: Mark[] = [
    { name: "window-open", value: "idle", timeS: 0 },
    { name: "window-close", value: "idle", timeS: IDLE_S },
    { name: "planned-epochs", value: "40-40", timeS: IDLE_S },
    ...Array.from({ length: epochs + 1 }, (_, i) => ({ name: "epoch", value: i, timeS: IDLE_S + i * EPOCH_S })),
  ];
  const cut = Math.floor(random.uniform() * timeS.length);
  return [timeS.slice(0, cut), timeS.slice(cut)].map((times, i) => ({
    columns: [
      { source: 0, timeS: times, value: times.map((time) => joulesAt(time) % 500) },
      {
        source: 1,
        timeS: times,
        value: times.map((time) =>
          time > 30 && time < 45 ? null : time < IDLE_S ? 0.5 : GPU_W * (wattsAt(time) / BUSY_W),
        ),
      },
    ],
    marks: i === 0 ? [] : marks,
  }));
}

function seenAfter(epochs: number, spanS?: number) {
  const growing = new GrowingRecording([counter, gauge]);
  for (const piece of piecesOf(epochs)) growing.add(piece);
  return see(growing, undefined, spanS, false);
}

it("counts net joules of the run over the idle power, whatever the pieces", () => {
  const { whole, idleW, epochs, nowS } = seenAfter(3);
  expect(nowS).toBeCloseTo(IDLE_S + 3 * EPOCH_S + TAIL_S, 6);
  expect(idleW.get(counter.id)!.idleW).toBeCloseTo(IDLE_W, 0);
  const own = whole!.sources.find(({ info }) => info.id === counter.id)!;
  expect(own.netJ! / ((3 * EPOCH_S + TAIL_S) * (BUSY_W - IDLE_W))).toBeCloseTo(1, 2);
  const gpu = whole!.sources.find(({ info }) => info.id === gauge.id)!;
  expect(gpu.coverage).toBeLessThan(0.8);
  expect(epochs).toHaveLength(3);
});

it("projects from the plan in the marks, with a band that narrows", () => {
  const { projections, range } = seenAfter(20);
  expect(range).toEqual([40, 40]);
  const widths = projections.map(({ lowJ, highJ }) => highJ - lowJ);
  expect(projections).toHaveLength(19);
  expect(widths.at(-1)!).toBeLessThan(widths[8]! / 2);
});

it("leaves a hole where a source was not read, and draws the end alone when asked", () => {
  const { power } = seenAfter(3);
  const { timeS, powerW } = align(power);
  const hole = timeS.findIndex((time, i) => time > 30 && time < 45 && powerW[1]![i] === null);
  expect(hole).toBeGreaterThan(0);
  expect(powerW[0]!.includes(null)).toBe(false);
  const end = seenAfter(3, 10).power[0]!.points;
  expect(end[0]![0]).toBeGreaterThan(IDLE_S + 3 * EPOCH_S - 11);
  expect(end.at(-1)![1]).toBeCloseTo(BUSY_W, 0);
});
