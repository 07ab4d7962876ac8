// The uplink, time on the air, means over fading, paths, power, estimates and shared bands: closed forms and laws.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { leastEnergyPerBitJ } from "../link/capacity.ts";
import { rayleighGains } from "../link/fading/rayleigh.ts";
import { seededRandom } from "../math/random.ts";
import { Airtime } from "./airtime.ts";
import type { CostTable } from "./costs.ts";
import type { Cut } from "./cuts.ts";
import { decide } from "./decide.ts";
import { DRAWN_CHANNELS, drawnPlaces } from "./drawn-channel.ts";
import { type Belief, beliefOf, expectedRate, regretOf } from "./estimated.ts";
import { bestPoweredCut, powerFor } from "./power.ts";
import {
  aboveThermalDb,
  DEFAULT_RADIO,
  freeSpaceGain,
  leastOpenGain,
  logDistanceGain,
  radioAssumptions,
  uplink,
} from "./radio.ts";
import { meanOverRayleigh, truncationAbove, truncationGain } from "./rayleigh.ts";
import { bestShares, equalShares, shareBand } from "./share.ts";
import { adaptivePath, fixedPath, totalsOf, walk } from "./trajectory.ts";

/** Cuts of given costs; the last is the local one. */
function tableOf(deviceJ: readonly number[], bits: readonly number[], deviceS: readonly number[] = deviceJ): CostTable {
  const cuts = deviceJ.map(
    (_, i): Cut => ({
      after: `layer${i}`,
      onDevice: new Uint8Array(),
      layers: i,
      sent: [],
      sentBits: bits[i]!,
      isRaw: false,
      isLocal: i === deviceJ.length - 1,
    }),
  );
  return {
    cuts,
    deviceJ: Float64Array.from(deviceJ),
    bits: Float64Array.from(bits),
    serverJ: new Float64Array(cuts.length).fill(Number.NaN),
    deviceS: Float64Array.from(deviceS),
    serverS: Float64Array.from(deviceS, (seconds) => (deviceS.at(-1)! - seconds) / 10),
    local: cuts.length - 1,
  };
}
const PAPER = tableOf([2.5e-6, 47e-6, 156e-6, 361e-6, 1.18e-3], [100_352, 50_176, 24_576, 8_192, 320]);

describe("uplink", () => {
  it("is the paper's: W log2(1 + P|h|²/(N0 W)), energy P·τ", () => {
    const link = uplink({ bandwidthHz: 15e6 });
    expect(link.rateBps(0.3)).toBeCloseTo(15e6 * Math.log2(1 + (1e-3 * 0.3) / (1e-9 * 15e6)), 3);
    expect(link.sending.powerW).toBe(1e-3);
    expect(link.rateBps(0)).toBe(0);
  });
  it("draws the amplifier's losses and the circuits", () => {
    expect(uplink({ paEfficiencyRatio: 0.25, circuitW: 0.2 }).sending.powerW).toBeCloseTo(0.204, 12);
    expect(() => uplink({ paEfficiencyRatio: 0 })).toThrow(/amplifier/);
    expect(() => uplink({ powerW: Number.NaN })).toThrow(/power/);
    expect(() => uplink({ bandwidthHz: -1 })).toThrow(/bandwidth/);
  });
  it("loses rate to short blocks, and energy to repeats", () => {
    const [long, short] = [uplink(), uplink({ blocks: { uses: 500, errorRatio: 0.1, attempts: 3 } })];
    expect(short.rateBps(1)).toBeLessThan(long.rateBps(1));
    expect(short.meanSends).toBeCloseTo(1 + 0.1 + 0.01, 12);
    expect(short.residualLossRatio).toBeCloseTo(1e-3, 12);
    // A block that is sent 1.11 times on average carries its bits once.
    const once = uplink({ blocks: { uses: 500, errorRatio: 0.1, attempts: 1 } });
    expect(short.rateBps(1) * 1.11).toBeCloseTo(once.rateBps(1), 6);
    expect(once.meanSends).toBe(1);
    const endless = uplink({ blocks: { uses: 1e9, errorRatio: 0.5, attempts: 1 } });
    expect(endless.rateBps(1) / long.rateBps(1)).toBeCloseTo(1, 3);
    expect(radioAssumptions(short).join()).toMatch(/500 channel uses/);
  });
  it("has path losses, and says that the paper's noise is no thermal one", () => {
    expect(10 * Math.log10(freeSpaceGain(100, 2.4e9))).toBeCloseTo(-80.05, 1);
    expect(logDistanceGain(100, 2.4e9, 2) / freeSpaceGain(100, 2.4e9)).toBeCloseTo(1, 9);
    expect(logDistanceGain(100, 2.4e9, 3.5)).toBeLessThan(logDistanceGain(100, 2.4e9, 3));
    expect(logDistanceGain(0.5, 2.4e9, 4)).toBe(freeSpaceGain(0.5, 2.4e9));
    expect(freeSpaceGain(1e-6, 2.4e9)).toBe(1);
    expect(aboveThermalDb(1e-9)).toBeCloseTo(114, 0);
    expect(radioAssumptions(uplink()).join()).toMatch(/114 dB above thermal/);
    expect(radioAssumptions(uplink({ pathGainRatio: 1e-8 })).join()).not.toMatch(/114 dB/);
  });
});

describe("time on the air", () => {
  const trace = { timeS: Float64Array.of(0, 1, 2, 3), gainRatio: Float64Array.of(1, 0, 3, 2) };
  const airtime = new Airtime(trace, (gain) => 10 * gain);
  it("is where ∫R dt reaches the bits", () => {
    expect(airtime.timeToSendS(5, 0)).toBe(0.5);
    expect(airtime.timeToSendS(10, 0)).toBe(1);
    expect(airtime.timeToSendS(25, 0)).toBe(2.5);
    expect(airtime.timeToSendS(60, 0)).toBe(4);
    expect(airtime.timeToSendS(10, 2.5)).toBeCloseTo(1 / 3, 12);
    expect(airtime.timeToSendS(0, 0)).toBe(0);
    expect(airtime.timeToSendS(20, 9)).toBeCloseTo(1, 12);
    expect(airtime.timeToSendS(15, -1)).toBeCloseTo(1.5, 12);
  });
  it("never ends on a closed channel", () => {
    const closed = new Airtime({ timeS: Float64Array.of(0), gainRatio: Float64Array.of(0) }, (gain) => gain);
    expect(closed.timeToSendS(1, 0)).toBe(Number.POSITIVE_INFINITY);
  });
  it("adds up over any message", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 0.1, max: 100, noNaN: true }),
        fc.double({ min: 0, max: 4, noNaN: true }),
        (bits, startS) => {
          const tau = airtime.timeToSendS(bits, startS);
          expect(airtime.bitsUntil(startS + tau) - airtime.bitsUntil(startS)).toBeCloseTo(bits, 6);
        },
      ),
      { seed: 5, numRuns: 100 },
    );
  });
});

describe("means over Rayleigh fading", () => {
  it("are integrals above the truncation", () => {
    expect(truncationGain({ outageRatio: 0.01 })).toBeCloseTo(-Math.log(0.99), 12);
    expect(meanOverRayleigh(() => 1)).toBeCloseTo(1, 12);
    // memoryless: the mean above g0 is 1 + g0
    expect(meanOverRayleigh((gain) => gain, { outageRatio: 0.2 })).toBeCloseTo(1 - Math.log(0.8), 6);
    expect(meanOverRayleigh((gain) => gain, { meanGainRatio: 5, outageRatio: 0.2 })).toBeCloseTo(
      5 * (1 - Math.log(0.8)),
      5,
    );
    // E1(g0)·e^g0 for 1/g; E1(0.01) = 4.03792957653811
    const outageRatio = 1 - Math.exp(-0.01);
    expect(meanOverRayleigh((gain) => 1 / gain, { outageRatio })).toBeCloseTo(4.03792957653811 * Math.exp(0.01), 4);
  });
  it("begin above the gain at which short blocks carry anything, where 1/R has no mean either", () => {
    expect(leastOpenGain(uplink())).toBe(0);
    const short = uplink({ bandwidthHz: 15e6, blocks: { uses: 50, errorRatio: 1e-3, attempts: 1 } });
    const least = leastOpenGain(short);
    expect(short.rateBps(least * 0.999)).toBe(0);
    expect(short.rateBps(least * 1.001)).toBeGreaterThan(0);
    const cut = truncationAbove(least, { meanGainRatio: 2, outageRatio: 0.01 });
    expect(truncationGain(cut)).toBeCloseTo(least + truncationGain({ meanGainRatio: 2 }), 9);
    expect(cut.outageRatio).toBeGreaterThan(0.01);
    expect(meanOverRayleigh((gain) => 1 / short.rateBps(gain), cut)).toBeLessThan(Number.POSITIVE_INFINITY);
    expect(truncationAbove(0, { meanGainRatio: 0 })).toEqual({ meanGainRatio: 0, outageRatio: 0.01 });
    expect(truncationAbove(1e-9, { outageRatio: 0.02 })).toEqual({ meanGainRatio: 1, outageRatio: 0.02 });
    expect(leastOpenGain(uplink({ blocks: { uses: 1, errorRatio: 1e-300, attempts: 1 } }))).toBeGreaterThan(1e6);
  });
  it("of 1/R grow without end as the truncation is lifted", () => {
    const link = uplink();
    const means = [1e-2, 1e-4, 1e-6, 1e-8].map((outageRatio) =>
      meanOverRayleigh((gain) => 1 / link.rateBps(gain), { outageRatio }),
    );
    const steps = means.slice(1).map((mean, i) => mean - means[i]!);
    // ∫dg/g: each factor of 100 adds the same.
    expect(steps[2]! / steps[1]!).toBeCloseTo(1, 2);
    expect(steps[2]!).toBeGreaterThan(0);
  });
});

describe("paths", () => {
  const link = uplink();
  it("choose no worse than any fixed cut, everywhere", () => {
    const gainRatio = rayleighGains(500, seededRandom(1));
    const channel = { kind: "block", gainRatio, rateBps: link.rateBps } as const;
    const own = adaptivePath(PAPER, channel, link.sending);
    for (let cut = 0; cut < PAPER.cuts.length; cut++) {
      const fixed = fixedPath(PAPER, cut, channel, link.sending);
      for (let i = 0; i < gainRatio.length; i++)
        expect(own.deviceJ[i]! + own.radioJ[i]!).toBeLessThanOrEqual(fixed.deviceJ[i]! + fixed.radioJ[i]!);
    }
    expect(new Set(own.cut).size).toBeGreaterThan(1);
  });
  it("agree for a still channel, block or varying", () => {
    const places = 5;
    const gainRatio = new Float64Array(places).fill(0.4);
    const startS = Float64Array.from({ length: places }, (_, i) => i);
    const airtime = new Airtime({ timeS: startS, gainRatio }, link.rateBps);
    const block = totalsOf(adaptivePath(PAPER, { kind: "block", gainRatio, rateBps: link.rateBps }, link.sending));
    const varying = totalsOf(adaptivePath(PAPER, { kind: "varying", startS, airtime }, link.sending));
    expect(varying.energyJ / block.energyJ).toBeCloseTo(1, 9);
    expect(varying.energyJ).toBe(varying.processingJ + varying.radioJ);
  });
  it("count places where nothing gets through, and keep them out of the sums", () => {
    const channel = { kind: "block", gainRatio: Float64Array.of(1, 0), rateBps: link.rateBps } as const;
    const pool = totalsOf(fixedPath(PAPER, 0, channel, link.sending));
    expect(pool).toMatchObject({ delivered: 1, never: 1, meanJ: pool.energyJ });
    expect(totalsOf(fixedPath(PAPER, 0, { ...channel, gainRatio: Float64Array.of(0) }, link.sending)).meanJ).toBeNaN();
    const own = adaptivePath(PAPER, channel, link.sending);
    expect(own.cut[1]).toBe(PAPER.local);
    expect(totalsOf(own)).toMatchObject({ delivered: 2, never: 0 });
    const closed = new Airtime({ timeS: Float64Array.of(0), gainRatio: Float64Array.of(0) }, link.rateBps);
    const stuck = adaptivePath(PAPER, { kind: "varying", startS: Float64Array.of(0), airtime: closed }, link.sending);
    expect(stuck.cut[0]).toBe(PAPER.local);
    const strict = adaptivePath(PAPER, channel, link.sending, { maxLatencyS: 1e-9 });
    expect(totalsOf(strict)).toMatchObject({ delivered: 0, never: 2 });
  });
  it("have a built-in walk whose gain falls with distance", () => {
    const places = walk();
    expect(places.length).toBeGreaterThan(30);
    expect(places.map(({ label }) => label).slice(0, 2)).toEqual(["P1", "P2"]);
    expect(walk(1)).toEqual(places);
    expect(walk(2)).not.toEqual(places);
    const near = places.filter(({ xM, yM }) => Math.hypot(xM!, yM!) < 10);
    const mean = (list: typeof places) => list.reduce((sum, { gainRatio }) => sum + gainRatio, 0) / list.length;
    expect(mean(near)).toBeGreaterThan(mean(places.filter((place) => !near.includes(place))));
  });
});

describe("drawn channels", () => {
  const link = uplink();
  it("have the mean gain that is asked for, and change with Doppler only", () => {
    for (const name of DRAWN_CHANNELS) {
      const gains = Array.from({ length: 60 }, (_, seed) =>
        drawnPlaces({ name, meanGainRatio: 2, count: 20, stepS: 0.02 }, link, seededRandom(seed)).map(
          ({ gainRatio }) => gainRatio,
        ),
      ).flat();
      const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
      // One gain for a band of many is at most their mean, by Jensen's inequality.
      expect(mean).toBeGreaterThan(1.2);
      expect(mean).toBeLessThan(2.6);
      const still = drawnPlaces({ name, dopplerHz: 0, count: 5 }, link, seededRandom(1));
      for (const { gainRatio } of still) expect(gainRatio / still[0]!.gainRatio).toBeCloseTo(1, 9);
    }
  });
  it("of a wide band fade less than one of a narrow band", () => {
    const spread = (bandwidthHz: number) => {
      const wide = uplink({ bandwidthHz, noiseWPerHz: 1e-3 / bandwidthHz });
      const gains = Array.from(
        { length: 200 },
        (_, seed) =>
          drawnPlaces({ name: "tdl-b", count: 1, delaySpreadS: 300e-9 }, wide, seededRandom(seed))[0]!.gainRatio,
      );
      const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
      return gains.reduce((sum, gain) => sum + (gain - mean) ** 2, 0) / gains.length;
    };
    expect(spread(50e6)).toBeLessThan(spread(100e3) / 4);
  });
});

describe("power control", () => {
  const radio = { ...DEFAULT_RADIO, powerW: 0.1 };
  it("is as slow as the deadline allows where circuits are free, near the least energy per bit", () => {
    const choice = powerFor(1e5, 0.5, 10, radio)!;
    expect(choice.airtimeS).toBeCloseTo(10, 6);
    expect(choice.radioJ / (1e5 * leastEnergyPerBitJ(0.5, 1e-9))).toBeCloseTo(1, 2);
    expect(powerFor(1e5, 0.5, 1e-6, radio)).toBeUndefined();
    expect(powerFor(1e5, 0, 1, radio)).toBeUndefined();
  });
  it("is the least of all powers that are in time", () => {
    fc.assert(
      fc.property(
        fc.double({ min: 1e-4, max: 1, noNaN: true }),
        fc.double({ min: 0.02, max: 10, noNaN: true }),
        fc.double({ min: 0, max: 0.3, noNaN: true }),
        fc.constantFrom(undefined, { uses: 200, errorRatio: 1e-3, attempts: 4 }),
        (gain, deadlineS, circuitW, blocks) => {
          const own = { ...radio, circuitW, blocks };
          const choice = powerFor(1e5, gain, deadlineS, own);
          const tried = Array.from({ length: 200 }, (_, i) => 0.1 * 10 ** (-i / 30)).flatMap((powerW) => {
            const link = uplink({ ...own, powerW });
            const airtimeS = 1e5 / link.rateBps(gain);
            return airtimeS <= deadlineS ? [link.sending.powerW * airtimeS] : [];
          });
          if (choice === undefined) expect(tried).toEqual([]);
          else for (const energyJ of tried) expect(choice.radioJ).toBeLessThanOrEqual(energyJ * (1 + 1e-9));
        },
      ),
      { seed: 6, numRuns: 60 },
    );
  });
  it("finds the least joules of short blocks, which carry nothing at little power", () => {
    const own = {
      ...DEFAULT_RADIO,
      bandwidthHz: 15e3,
      circuitW: 1e-6,
      blocks: { uses: 200, errorRatio: 1e-3, attempts: 4 },
    };
    const choice = powerFor(320, 1, Number.POSITIVE_INFINITY, own)!;
    const joules = (powerW: number) => {
      const link = uplink({ ...own, powerW });
      return (link.sending.powerW * 320) / link.rateBps(1);
    };
    const least = Math.min(...Array.from({ length: 3000 }, (_, i) => joules(1e-3 * 10 ** (-i / 1000))));
    expect(choice.radioJ).toBeLessThanOrEqual(least);
    expect(choice.radioJ / least).toBeCloseTo(1, 4);
    expect(choice.powerW).toBeLessThan(1e-4);
  });
  it("sends nothing over a closed link: the answer stays on the device", () => {
    const closed = bestPoweredCut(PAPER, 0, { ...DEFAULT_RADIO, circuitW: 0.1 }, undefined)!;
    expect(closed).toMatchObject({ cut: PAPER.local, radioJ: 0, airtimeS: 0, powerW: 0 });
    expect(closed.totalJ).toBe(PAPER.deviceJ[PAPER.local]);
    expect(closed.latencyS).toBe(PAPER.deviceS[PAPER.local]);
    expect(bestPoweredCut(PAPER, 0, DEFAULT_RADIO, 1e-9)).toBeUndefined();
  });
  it("chooses cut and power together", () => {
    const free = bestPoweredCut(PAPER, 0.3, { ...DEFAULT_RADIO, circuitW: 1e-3 }, undefined)!;
    const full = uplink({ ...DEFAULT_RADIO, circuitW: 1e-3 });
    const cut = decide(PAPER, full.rateBps(0.3), full.sending);
    const fullJ = PAPER.deviceJ[cut]! + (full.sending.powerW * PAPER.bits[cut]!) / full.rateBps(0.3);
    expect(free.totalJ).toBeLessThanOrEqual(fullJ);
    const timely = bestPoweredCut(PAPER, 0.3, DEFAULT_RADIO, 0.5)!;
    expect(timely.latencyS).toBeLessThanOrEqual(0.5 * (1 + 1e-9));
    expect(() => bestPoweredCut(PAPER, 0.3, DEFAULT_RADIO, undefined)).toThrow(/neither a deadline nor circuits/);
    expect(bestPoweredCut(PAPER, 0.3, DEFAULT_RADIO, 1e-9)).toBeUndefined();
  });
});

describe("an estimated channel", () => {
  const link = uplink();
  const gains = rayleighGains(2000, seededRandom(3)).map((gain) => truncationGain() + gain);
  const guessed = ({ centreRatio, spreadRatio }: Belief) => centreRatio + spreadRatio;
  it("is the true one with many pilots and no ageing", () => {
    const sure = beliefOf(0.7, { pilots: 1e12 }, link, seededRandom(1));
    expect(guessed(sure)).toBeCloseTo(0.7, 4);
    expect(expectedRate(sure, link, 0.01) / link.rateBps(0.7)).toBeCloseTo(1, 4);
    const many = regretOf(PAPER, gains, link, { pilots: 1e9 }, seededRandom(1));
    expect(many.differentRatio).toBeLessThan(0.002);
  });
  it("costs more the worse it is, and never less than the truth", () => {
    const [good, poor, aged] = [
      regretOf(PAPER, gains, link, { pilots: 1000 }, seededRandom(1)),
      regretOf(PAPER, gains, link, { pilots: 1 }, seededRandom(1)),
      regretOf(PAPER, gains, link, { pilots: 1000, ageing: 0 }, seededRandom(1)),
    ];
    for (const one of [good, poor, aged]) {
      expect(one.regretJ).toBeGreaterThanOrEqual(0);
      expect(one.energyJ - one.oracleJ).toBe(one.regretJ);
      expect(one.oracleJ).toBe(good.oracleJ);
      expect(one.inferences).toBe(gains.length);
    }
    expect(poor.regretJ).toBeGreaterThan(good.regretJ - good.pilotJ);
    expect(aged.regretJ).toBeGreaterThan(good.regretJ);
    expect(good.pilotJ).toBeCloseTo((2000 * 1000 * 1e-3) / 5e6, 9);
  });
  it("is no worse than the best single cut, however little pilots tell", () => {
    const single = PAPER.cuts.map((_, cut) =>
      gains.reduce((sum, gain) => sum + PAPER.deviceJ[cut]! + (1e-3 * PAPER.bits[cut]!) / link.rateBps(gain), 0),
    );
    for (const ageing of [0, 0.5, 0.9, 1]) {
      const one = regretOf(PAPER, gains, link, { pilots: 1, ageing }, seededRandom(2));
      expect(one.fixedJ / Math.min(...single)).toBeCloseTo(1, 9);
      expect(one.fixedCut).toBe(single.indexOf(Math.min(...single)));
      expect(one.energyJ - one.pilotJ).toBeLessThanOrEqual(one.fixedJ * 1.02);
    }
  });
  it("knows the mean gain of each place where it is told", () => {
    const places = Array.from({ length: 6 }, (_, i) => walk(i + 1)).flat();
    const [path, means] = [places.map((p) => p.gainRatio), places.map((p) => p.meanGainRatio!)].map((list) =>
      Float64Array.from(list),
    ) as [Float64Array, Float64Array];
    const told = regretOf(PAPER, path, link, { pilots: 2 }, seededRandom(1), {}, means);
    expect(told.regretJ).toBeLessThan(regretOf(PAPER, path, link, { pilots: 2 }, seededRandom(1)).regretJ);
  });
  it("is the estimate with the least mean square error of a Rayleigh channel", () => {
    const errors = (shrink: number) => {
      const random = seededRandom(4);
      return rayleighGains(2000, seededRandom(3)).reduce((sum, gain) => {
        const guess = guessed(beliefOf(gain, { pilots: 2, ageing: 0.8 }, uplink({ bandwidthHz: 1e6 }), random));
        return sum + (1 + shrink * (guess - 1) - gain) ** 2;
      }, 0);
    };
    for (const shrink of [0.8, 1.2]) expect(errors(1)).toBeLessThan(errors(shrink));
    // σ² = 1000 m: the estimate hardly leaves the mean
    expect(guessed(beliefOf(4, {}, uplink({ bandwidthHz: 1e9 }), seededRandom(2)))).toBeCloseTo(1, 1);
  });
  it("has an expected rate that is the integral over the fading where pilots tell nothing", () => {
    const mean = meanOverRayleigh((gain) => 1 / link.rateBps(gain));
    const blind = { centreRatio: 0, spreadRatio: 1 };
    // 256 points, and the tail of 1/g: a tenth.
    expect(Math.abs(expectedRate(blind, link, truncationGain()) * mean - 1)).toBeLessThan(0.1);
    expect(expectedRate({ centreRatio: 1e-9, spreadRatio: 0 }, link, 0.01)).toBe(link.rateBps(0.01));
    const closed = regretOf(PAPER, Float64Array.of(0, 0), link, {}, seededRandom(1));
    expect(closed).toMatchObject({ differentRatio: 0, inferences: 2, fixedCut: PAPER.local });
    const short = uplink({ blocks: { uses: 1, errorRatio: 1e-9, attempts: 1 } });
    const never = regretOf(PAPER, Float64Array.of(1e-3, 2e-3), short, {}, seededRandom(1));
    expect(never).toMatchObject({ differentRatio: 0, fixedCut: PAPER.local });
  });
});

describe("a shared band", () => {
  const radio = { ...DEFAULT_RADIO, bandwidthHz: 1e5 };
  it("is shared so that no moved hertz saves a joule", () => {
    const [bits, gains] = [
      [1e5, 1e5, 2e4],
      [0.1, 2, 1],
    ];
    const shares = bestShares(bits!, gains!, radio);
    expect(shares.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1, 9);
    const joules = (all: readonly number[]) =>
      all.reduce((sum, share, i) => {
        const link = uplink({ ...radio, bandwidthHz: 1e5 * share });
        return sum + (1e-3 * bits![i]!) / link.rateBps(gains![i]!);
      }, 0);
    for (const [from, to] of [
      [0, 1],
      [1, 0],
      [0, 2],
      [2, 0],
      [1, 2],
      [2, 1],
    ] as const) {
      const moved = shares.map((share, i) => share + (i === to ? 1e-3 : i === from ? -1e-3 : 0));
      expect(joules(shares)).toBeLessThanOrEqual(joules(moved));
    }
    expect(bestShares([0, 0], [1, 1], radio)).toEqual([0, 0]);
    expect(bestShares([0, 5], [1, 1], radio)).toEqual([0, 1]);
  });
  it("takes no more joules than equal shares, and as few as any grid of shares and cuts", () => {
    fc.assert(
      fc.property(fc.array(fc.double({ min: 0.01, max: 5, noNaN: true }), { minLength: 2, maxLength: 2 }), (gains) => {
        const devices = gains.map((gainRatio) => ({ table: PAPER, gainRatio }));
        const joint = shareBand(devices, { radio });
        expect(joint.totalJ).toBeLessThanOrEqual(equalShares(devices, { radio }).totalJ * (1 + 1e-12));
        let least = Number.POSITIVE_INFINITY;
        for (let share = 0.005; share < 1; share += 0.005) {
          const sum = [share, 1 - share].reduce((total, own, i) => {
            const link = uplink({ ...radio, bandwidthHz: radio.bandwidthHz * own });
            const cut = decide(PAPER, link.rateBps(gains[i]!), link.sending);
            return total + PAPER.deviceJ[cut]! + (1e-3 * PAPER.bits[cut]!) / link.rateBps(gains[i]!);
          }, 0);
          least = Math.min(least, sum);
        }
        expect(joint.totalJ).toBeLessThanOrEqual(least * 1.0005);
      }),
      { seed: 7, numRuns: 12 },
    );
  });
  it("takes no more joules than equal shares that keep the same load", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: 0.01, max: 5, noNaN: true }), { minLength: 2, maxLength: 2 }),
        fc.double({ min: 0.05, max: 1, noNaN: true }),
        (gains, share) => {
          const devices = gains.map((gainRatio) => ({ table: PAPER, gainRatio, ratePerS: 1000 }));
          const serverLoadRatio = equalShares(devices, { radio }).serverLoadRatio * share;
          const plan = { radio, serverLoadRatio };
          const [joint, equal] = [shareBand(devices, plan), equalShares(devices, plan)];
          expect(equal.serverLoadRatio).toBeLessThanOrEqual(serverLoadRatio);
          expect(joint.serverLoadRatio).toBeLessThanOrEqual(serverLoadRatio);
          expect(joint.totalJ).toBeLessThanOrEqual(equal.totalJ);
        },
      ),
      { seed: 8, numRuns: 4 },
    );
  });
  it("keeps the server's load", () => {
    const devices = [0.5, 1, 4].map((gainRatio) => ({ table: PAPER, gainRatio, ratePerS: 1000 }));
    const free = shareBand(devices, { radio });
    const kept = shareBand(devices, { radio, serverLoadRatio: free.serverLoadRatio / 2 });
    expect(kept.serverLoadRatio).toBeLessThanOrEqual(free.serverLoadRatio / 2);
    expect(kept.totalJ).toBeGreaterThanOrEqual(free.totalJ);
    const timeless = { ...PAPER, serverS: PAPER.serverS.map(() => Number.NaN) };
    expect(() => shareBand([{ table: timeless, gainRatio: 1 }], { radio, serverLoadRatio: 1 })).toThrow(
      /needs its times/,
    );
  });
});
