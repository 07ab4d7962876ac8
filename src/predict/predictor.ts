// What a predictor is, whatever it was fitted on: features in, joules with an interval out, and a record of itself as JSON.

export interface Prediction {
  /** J. */
  readonly energyJ: number;
  /** 90 % interval, J. */
  readonly lowJ: number;
  readonly highJ: number;
  /** False where a feature lies outside of what was seen in fitting: the interval is then the widest one known. */
  readonly inRange: boolean;
}

export interface Predictor<Features> {
  predict(features: Features): Prediction;
  /** A record that rebuilds the predictor: numbers and names only. */
  toJSON(): Readonly<Record<string, unknown>>;
}
