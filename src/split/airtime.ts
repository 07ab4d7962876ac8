// Sending over a channel that changes meanwhile: the time τ at which ∫R dt reaches the bits [Krouka2021, equation 4]. The gain is
// piecewise constant; before the first sample it is the first, after the last one the last.

/** A channel over time. */
export interface GainTrace {
  /** Where each gain begins, s; rising, from any origin. */
  readonly timeS: Float64Array;
  /** |h|² from there on. */
  readonly gainRatio: Float64Array;
}

/** A trace with its bits summed up, for one radio. */
export class Airtime {
  readonly #timeS: Float64Array;
  readonly #rateBps: Float64Array;
  /** Bits that pass from the first sample's time to each sample's. */
  readonly #passed: Float64Array;

  /** @param rateBps of a gain: `Uplink.rateBps` */
  constructor({ timeS, gainRatio }: GainTrace, rateBps: (gainRatio: number) => number) {
    this.#timeS = timeS;
    this.#rateBps = gainRatio.map(rateBps);
    this.#passed = new Float64Array(timeS.length);
    for (let i = 1; i < timeS.length; i++)
      this.#passed[i] = this.#passed[i - 1]! + this.#rateBps[i - 1]! * (timeS[i]! - timeS[i - 1]!);
  }

  /** Last sample at or before a time; 0 before the first. */
  #sampleAt(atS: number): number {
    let [low, high] = [0, this.#timeS.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#timeS[middle]! <= atS) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /** Bits that pass from the first sample's time to `atS`; negative before it. */
  bitsUntil(atS: number): number {
    const i = this.#sampleAt(atS);
    return this.#passed[i]! + this.#rateBps[i]! * (atS - this.#timeS[i]!);
  }

  /** Rate at a time, bit/s. */
  rateAt(atS: number): number {
    return this.#rateBps[this.#sampleAt(atS)]!;
  }

  /** τ: how long sending `bits` takes from `startS` on, s; 0 for nothing, Infinity when the channel stays closed. */
  timeToSendS(bits: number, startS: number): number {
    if (bits === 0) return 0;
    const goal = this.bitsUntil(startS) + bits;
    const last = this.#timeS.length - 1;
    // The last sample with fewer bits passed than the goal: the goal is reached in it.
    let [low, high] = [this.#sampleAt(startS), last];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.#passed[middle]! < goal) low = middle;
      else high = middle - 1;
    }
    return this.#timeS[low]! + (goal - this.#passed[low]!) / this.#rateBps[low]! - startS;
  }
}
