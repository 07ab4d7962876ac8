// A report as one HTML file with its charts: the pure renderer given a DOM to draw in and the command line that made it.
import type { Document } from "../report/document.ts";
import { renderHtml } from "../report/html.ts";
import { chartDrawer } from "./draw.ts";

/** The last part of a path: pages are sent to others, folders of this machine are nobody's business. */
function withoutFolder(word: string): string {
  return word.replace(/^.*[\\/](?=[^\\/]+\.\w+$)/, "");
}

/** @param argv the words after "joulecast" */
export async function htmlPage(
  document: Document,
  made: { readonly version: string; readonly argv: readonly string[] },
): Promise<string> {
  return renderHtml(document, {
    charts: await chartDrawer(),
    generatedBy: `joulecast ${made.version}`,
    command: ["joulecast", ...made.argv.map(withoutFolder)].join(" "),
  });
}
