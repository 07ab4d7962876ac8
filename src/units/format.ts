// Quantities as people read them: "3.21 mJ". Three significant digits, one space, an SI prefix. Never used in JSON.

const PREFIXES: readonly (readonly [number, string])[] = [
  [1e18, "E"],
  [1e15, "P"],
  [1e12, "T"],
  [1e9, "G"],
  [1e6, "M"],
  [1e3, "k"],
  [1, ""],
  [1e-3, "m"],
  [1e-6, "µ"],
  [1e-9, "n"],
  [1e-12, "p"],
  [1e-15, "f"],
  [1e-18, "a"],
];

/** What a screen shows for a number that is not known. */
export const NOT_KNOWN = "–";

/** A number with `digits` significant digits and no exponent between 1e-4 and 1e15: 1234.5 → "1,230". */
export function formatNumber(value: number | undefined, digits = 3): string {
  if (value === undefined || Number.isNaN(value)) return NOT_KNOWN;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e15 || size < 1e-4) return value.toExponential(digits - 1);
  const rounded = Number(value.toPrecision(digits));
  const decimals = Math.max(0, digits - 1 - Math.floor(Math.log10(Math.abs(rounded))));
  return grouped(rounded, decimals);
}

/** Thousands separators by hand: toLocaleString takes some 20 µs a number, and loading Intl 20 ms of a command's start. */
function grouped(value: number, decimals: number): string {
  const [whole = "", fraction] = value.toFixed(decimals).split(".");
  const separated = whole.replace(/\B(?=(?:\d{3})+$)/g, ",");
  return fraction === undefined ? separated : `${separated}.${fraction}`;
}

/** An integer with thousands separators, every digit kept: 11173962 → "11,173,962". */
export function formatCount(value: number | undefined): string {
  return value === undefined ? NOT_KNOWN : grouped(Math.round(value), 0);
}

/** A number with an SI prefix and its unit: (0.003214, "J") → "3.21 mJ". An empty unit gives "5.31 G". */
export function formatQuantity(value: number | undefined, unit: string, digits = 3): string {
  if (value === undefined || Number.isNaN(value)) return NOT_KNOWN;
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return `0 ${unit}`.trimEnd();
  const rounded = Number(value.toPrecision(digits));
  const [scale, prefix] = PREFIXES.find(([size]) => Math.abs(rounded) >= size * 0.9999999) ?? PREFIXES.at(-1)!;
  const shown = rounded / scale;
  if (Math.abs(shown) < 1e-3 || Math.abs(shown) >= 1e6) return `${value.toExponential(digits - 1)} ${unit}`.trimEnd();
  return `${formatNumber(shown, digits)} ${prefix}${unit}`.trimEnd();
}

const DURATIONS: readonly (readonly [number, string])[] = [
  [31_557_600, "years"],
  [86_400, "days"],
  [3600, "h"],
  [60, "min"],
];

/** A duration for people: seconds with SI prefixes below a minute, then min, h, days, years. */
export function formatDuration(seconds: number | undefined): string {
  if (seconds === undefined || !Number.isFinite(seconds) || seconds < 60) return formatQuantity(seconds, "s");
  const [scale, name] = DURATIONS.find(([size]) => seconds >= size)!;
  return `${formatNumber(seconds / scale)} ${name}`;
}

/** A ratio in [0, 1] as per cent: 0.1234 → "12.3 %". */
export function formatRatio(ratio: number | undefined): string {
  return ratio === undefined || Number.isNaN(ratio) ? NOT_KNOWN : `${formatNumber(ratio * 100)} %`;
}
