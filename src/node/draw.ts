// Charts in Node: Observable Plot drawing into linkedom. Both are loaded on the first call (0.2 s), so that commands that
// draw nothing do not pay for them.
import type { Chart } from "../report/document.ts";
import { loadOptional } from "./optional-package.ts";

/** @throws InputError "no-charts" */
async function loadDrawing() {
  const load = <T>(name: string, importIt: () => Promise<T>) =>
    loadOptional("no-charts", name, importIt, "or take --markdown");
  return [
    await load("linkedom", () => import("linkedom")),
    await load("@observablehq/plot", () => import("../report/chart.ts")),
  ] as const;
}

/** Loads what drawing needs and returns the drawer: the `charts` option of `renderHtml`. @throws InputError "no-charts" */
export async function chartDrawer(): Promise<(chart: Chart) => string> {
  const [{ parseHTML }, { drawChart }] = await loadDrawing();
  const { document } = parseHTML("<!doctype html><html><body></body></html>") as unknown as { document: unknown };
  return (chart) => drawChart(chart, document);
}

/** One chart as SVG text. */
export async function chartSvg(chart: Chart): Promise<string> {
  return (await chartDrawer())(chart);
}
