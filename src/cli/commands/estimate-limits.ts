// Limits for continuous integration: --max-j (joules per inference) and --baseline old.json --max-increase 5%.
import { readFile } from "node:fs/promises";
import { explainRefusal } from "../../node/files.ts";
import type { Section } from "../../report/document.ts";
import type { EstimateRow } from "../../report/estimate-report.ts";
import { quantityCell, ratioCell, textCell } from "../../report/show.ts";
import { formatQuantity, formatRatio } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import type { OptionSpec, OptionValues } from "../command.ts";
import { quantityOption, textOption } from "../options.ts";

export const LIMIT_OPTIONS: readonly OptionSpec[] = [
  { flags: "--max-j <J>", description: "exit 1 if any device × metric asked for needs more joules per inference" },
  { flags: "--baseline <file>", description: "JSON of an earlier estimate to compare with" },
  {
    flags: "--max-increase <ratio>",
    description: "with --baseline: exit 1 if joules per inference rise by more, such as 5% (default 0)",
  },
];

interface Change {
  readonly device: string;
  readonly metric: string;
  readonly beforeJ: number;
  readonly afterJ: number;
  readonly increaseRatio: number;
}

export interface LimitReport {
  /** One line per limit exceeded. */
  readonly exceeded: readonly string[];
  readonly result?: { readonly file: string; readonly maxIncreaseRatio: number; readonly changes: readonly Change[] };
  readonly sections?: readonly Section[];
}

async function readBaseline(
  path: string,
): Promise<readonly Pick<EstimateRow, "device" | "metric" | "perInferenceJ">[]> {
  let text: string;
  try {
    text = await readFile(path, "utf8");
  } catch (error) {
    throw explainRefusal(error, path, "read");
  }
  const notOurs = new InputError(
    "bad-baseline",
    `"${path}" is not the JSON of an estimate`,
    "make it with `joulecast estimate MODEL --on DEV --json --out old.json`",
  );
  let estimates: unknown;
  try {
    estimates = (JSON.parse(text) as { result?: { estimates?: unknown } } | null)?.result?.estimates;
  } catch {
    throw notOurs;
  }
  if (!Array.isArray(estimates)) throw notOurs;
  return estimates.filter(
    (each) =>
      typeof each?.device === "string" && typeof each?.metric === "string" && typeof each?.perInferenceJ === "number",
  );
}

function changesTable(changes: readonly Change[]): Section {
  return {
    kind: "table",
    title: "Against the baseline",
    name: "baseline",
    columns: [
      { title: "device", group: true },
      { title: "metric" },
      { title: "before", align: "right" },
      { title: "now", align: "right" },
      { title: "change", align: "right" },
    ],
    rows: changes.map((change) => [
      textCell(change.device),
      textCell(change.metric),
      quantityCell(change.beforeJ, "J"),
      quantityCell(change.afterJ, "J"),
      ratioCell(change.increaseRatio),
    ]),
  };
}

/** Holds every estimate against the limits the user set. */
export async function checkLimits(rows: readonly EstimateRow[], options: OptionValues): Promise<LimitReport> {
  const maxJ = quantityOption(options, "--max-j", "J");
  const path = textOption(options, "--baseline");
  const maxIncrease = quantityOption(options, "--max-increase", "ratio");
  if (maxIncrease !== undefined && path === undefined)
    throw new InputError("no-baseline", "--max-increase needs --baseline", "give the JSON of an earlier estimate");
  const above = rows
    .filter((row) => maxJ !== undefined && row.perInferenceJ > maxJ)
    .map(
      (row) =>
        `limit exceeded: ${row.device} ${row.metric} needs ${formatQuantity(row.perInferenceJ, "J")} per inference, --max-j allows ${formatQuantity(maxJ, "J")}`,
    );
  if (path === undefined) return { exceeded: above };
  const before = new Map((await readBaseline(path)).map((row) => [`${row.device} ${row.metric}`, row.perInferenceJ]));
  const changes = rows.flatMap((row): Change[] => {
    const beforeJ = before.get(`${row.device} ${row.metric}`);
    if (beforeJ === undefined || !(beforeJ > 0)) return [];
    return [
      {
        device: row.device,
        metric: row.metric,
        beforeJ,
        afterJ: row.perInferenceJ,
        increaseRatio: row.perInferenceJ / beforeJ - 1,
      },
    ];
  });
  if (changes.length === 0)
    throw new InputError(
      "bad-baseline",
      `"${path}" has no device × metric in common with this estimate`,
      "make it with the same --on and --metric",
    );
  const allowed = maxIncrease ?? 0;
  const risen = changes
    .filter((change) => change.increaseRatio > allowed + 1e-9)
    .map(
      (change) =>
        `limit exceeded: ${change.device} ${change.metric} rose by ${formatRatio(change.increaseRatio)}, --max-increase allows ${formatRatio(allowed)}`,
    );
  return {
    exceeded: [...above, ...risen],
    result: { file: path, maxIncreaseRatio: allowed, changes },
    sections: [changesTable(changes)],
  };
}
