// The question that an address asks: parameters → numbers, with the defaults of `joulecast estimate`. What cannot be meant is left out.
import type { Question } from "../engine/messages.ts";

/** One of each kind, as on the command line. */
export const DEFAULT_DEVICES: readonly string[] = ["rtx-2080-ti", "xeon-gold-5220", "coral-edge-tpu"];
export const DEFAULT_REGION = "WORLD";
/** Prefix of parameters that give a dimension: "dim.seq=128". */
const DIMENSION = "dim.";

export const dimensionParam = (name: string): string => `${DIMENSION}${name}`;

/** A whole number of at least 1, or undefined. */
export function countOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && Number.isSafeInteger(value) && value >= 1 ? value : undefined;
}

/** A number above 0, or undefined. */
export function positiveOf(text: string | undefined): number | undefined {
  const value = Number(text);
  return text !== undefined && text !== "" && Number.isFinite(value) && value > 0 ? value : undefined;
}

export const devicesOf = (text: string | undefined): readonly string[] => {
  const names = [...new Set((text ?? "").split(",").filter((name) => name !== ""))];
  return names.length > 0 ? names : DEFAULT_DEVICES;
};

export function questionOf(params: ReadonlyMap<string, string>, devices = devicesOf(params.get("on"))): Question {
  const batch = countOf(params.get("batch"));
  const share = positiveOf(params.get("share"));
  const dims = [...params].flatMap(([name, text]) => {
    const length = countOf(text);
    return name.startsWith(DIMENSION) && length !== undefined ? [[name.slice(DIMENSION.length), length] as const] : [];
  });
  return {
    devices,
    dims: Object.fromEntries(dims),
    phase: params.get("phase") === "training" ? "training" : "inference",
    region: params.get("region") || DEFAULT_REGION,
    peakShareRatio: share !== undefined && share <= 1 ? share : 1,
    ...(batch !== undefined && { batch }),
  };
}
