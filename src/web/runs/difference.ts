// Two runs beside each other: their difference with an interval, window by window. One run each says little: `joulecast compare`
// alternates runs and judges; here nothing is called a verdict.
import { LEAST_COVERAGE, type Measurement } from "../../measure/measurement.ts";

export interface Difference {
  readonly window: string;
  readonly a: Measurement | undefined;
  readonly b: Measurement | undefined;
  /** b − a, net J, with the 95 % interval of independent doubts; undefined where one of them is not known or not covered. */
  readonly differenceJ: number | undefined;
  readonly lowJ: number | undefined;
  readonly highJ: number | undefined;
  /** Whether the interval leaves out 0. */
  readonly isSeen: boolean;
}

const halfJ = ({ netJ, netLowJ, netHighJ }: Measurement): readonly [below: number, above: number] | undefined =>
  netJ === undefined || netLowJ === undefined || netHighJ === undefined ? undefined : [netJ - netLowJ, netHighJ - netJ];

function differenceOf(window: string, a: Measurement | undefined, b: Measurement | undefined): Difference {
  const unknown = { window, a, b, differenceJ: undefined, lowJ: undefined, highJ: undefined, isSeen: false };
  if (a?.netJ === undefined || b?.netJ === undefined) return unknown;
  const [ofA, ofB] = [halfJ(a), halfJ(b)];
  if (ofA === undefined || ofB === undefined || Math.min(a.coverage, b.coverage) < LEAST_COVERAGE) return unknown;
  const differenceJ = b.netJ - a.netJ;
  const lowJ = differenceJ - Math.hypot(ofB[0], ofA[1]);
  const highJ = differenceJ + Math.hypot(ofB[1], ofA[0]);
  return { window, a, b, differenceJ, lowJ, highJ, isSeen: lowJ > 0 || highJ < 0 };
}

/** The whole run first, then the windows that have the same name in both. */
export function differences(a: readonly Measurement[], b: readonly Measurement[]): readonly Difference[] {
  const whole = differenceOf("whole run", a[0], b[0]);
  const named = new Map(b.slice(1).map((each) => [each.window, each]));
  const pairs = a.slice(1).flatMap((each) => {
    const other = named.get(each.window);
    return other === undefined ? [] : [differenceOf(each.window, each, other)];
  });
  return [whole, ...pairs];
}
