// Charts in Node: Observable Plot drawing into linkedom. Both are loaded on the first call (0.2 s), so that commands that
// draw nothing do not pay for them.
import type { Chart } from "../report/document.ts";
import { InputError } from "../units/input-error.ts";

/** Both are optional packages. @throws InputError "no-charts" */
function loadDrawing() {
  return Promise.all([import("linkedom"), import("../report/chart.ts")]).catch((error: Error) => {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new InputError(
      "no-charts",
      `charts need linkedom and @observablehq/plot: ${error.message.split("\n")[0]}`,
      "install them beside joulecast (npm install linkedom @observablehq/plot), or take --markdown",
    );
  });
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
