// Assumptions of many estimates, each said once: for all, for a metric, for a device, or for one metric on one device.
import type { EnergyEstimate } from "../estimate/metric.ts";

type Place = Pick<EnergyEstimate, "device" | "metric">;

/** The shortest true description of where an assumption holds; "" is everywhere. */
function scopeOf(places: readonly Place[], all: readonly Place[]): string[] {
  if (places.length === all.length) return [""];
  const covers = (key: keyof Place, value: string) =>
    all.filter((place) => place[key] === value).length === places.filter((place) => place[key] === value).length;
  for (const key of ["metric", "device"] as const) {
    const values = [...new Set(places.map((place) => place[key]))];
    if (values.every((value) => covers(key, value))) return values;
  }
  return places.map((place) => `${place.metric} on ${place.device}`);
}

/** One note per scope, the general ones first. */
export function assumptionNotes(
  general: readonly string[],
  estimates: readonly Pick<EnergyEstimate, "device" | "metric" | "assumptions">[],
): string[] {
  const places = new Map<string, Place[]>();
  for (const { device, metric, assumptions } of estimates) {
    for (const text of new Set(assumptions)) places.set(text, [...(places.get(text) ?? []), { device, metric }]);
  }
  const everywhere = new Set(general);
  for (const text of everywhere) places.delete(text);
  const scoped = new Map<string, string[]>();
  for (const [text, where] of places) {
    const scopes = scopeOf(where, estimates);
    if (scopes[0] === "") everywhere.add(text);
    else {
      const scope = scopes.join(", ");
      scoped.set(scope, [...(scoped.get(scope) ?? []), text]);
    }
  }
  return [...everywhere, ...[...scoped].map(([scope, texts]) => `${scope}: ${texts.join("; ")}`)];
}
