// Limits for continuous integration: --max-j (joules per inference) and --baseline old.json --max-increase 5%.
import { readFile } from "node:fs/promises";
import type { MissingEstimate } from "../../estimate/metric.ts";
import { explainRefusal } from "../../node/files.ts";
import type { Section } from "../../report/document.ts";
import type { EstimateRow } from "../../report/estimate-report.ts";
import { quantityCell, ratioCell, textCell } from "../../report/show.ts";
import { plural } from "../../report/work-sections.ts";
import { formatQuantity, formatRatio } from "../../units/format.ts";
import { InputError } from "../../units/input-error.ts";
import type { WorkReport } from "../../work/work.ts";
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
  /** One line per limit exceeded, or that cannot be proven to be kept. */
  readonly exceeded: readonly string[];
  /** What else a reader should know. */
  readonly remarks?: readonly string[];
  readonly result?: { readonly file: string; readonly maxIncreaseRatio: number; readonly changes: readonly Change[] };
  readonly sections?: readonly Section[];
}

interface Baseline {
  readonly phase: string;
  readonly batch: number;
  readonly rows: readonly Pick<EstimateRow, "device" | "metric" | "perInferenceJ">[];
}

async function readBaseline(path: string): Promise<Baseline> {
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
  let result:
    | { readonly estimates?: unknown; readonly model?: { readonly phase?: unknown; readonly batch?: unknown } }
    | undefined;
  try {
    result = (JSON.parse(text) as { result?: typeof result } | null)?.result;
  } catch {
    throw notOurs;
  }
  const { phase, batch } = result?.model ?? {};
  if (!Array.isArray(result?.estimates) || typeof phase !== "string" || typeof batch !== "number") throw notOurs;
  const rows = result.estimates.filter(
    (each) =>
      typeof each?.device === "string" && typeof each?.metric === "string" && typeof each?.perInferenceJ === "number",
  );
  return { phase, batch, rows };
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

/** What is held against the limits. */
export interface Judged {
  readonly rows: readonly EstimateRow[];
  readonly work: WorkReport;
  /** Estimates that the user asked for by name and that cannot be made. */
  readonly missing: readonly MissingEstimate[];
}

/** Why a limit cannot be vouched for: what was not counted could be above it. */
function unproven({ rows, work, missing }: Judged): readonly string[] {
  return [
    ...(work.unknown.length > 0
      ? [`limit not proven: ${plural(work.unknown.length, "layer")} could not be counted`]
      : []),
    ...missing.map((each) => `limit not proven: ${each.metric} on ${each.device} is missing ${each.needs.join(", ")}`),
    ...(rows.length === 0 && missing.length === 0 ? ["limit not proven: nothing could be estimated"] : []),
  ];
}

/** Holds every estimate against the limits the user set; what cannot be proven to keep one counts as exceeding it. */
export async function checkLimits(judged: Judged, options: OptionValues): Promise<LimitReport> {
  const { rows, work } = judged;
  const maxJ = quantityOption(options, "--max-j", "J");
  const path = textOption(options, "--baseline");
  const maxIncrease = quantityOption(options, "--max-increase", "ratio");
  if (maxIncrease !== undefined && path === undefined)
    throw new InputError("no-baseline", "--max-increase needs --baseline", "give the JSON of an earlier estimate");
  if (maxJ === undefined && path === undefined) return { exceeded: [] };
  const each = work.phase === "training" ? "sample" : "inference";
  const above = rows
    .filter((row) => maxJ !== undefined && row.perInferenceJ > maxJ)
    .map(
      (row) =>
        `limit exceeded: ${row.device} ${row.metric} needs ${formatQuantity(row.perInferenceJ, "J")} per ${each}, --max-j allows ${formatQuantity(maxJ, "J")}`,
    );
  const exceeded = [...unproven(judged), ...above];
  if (path === undefined) return { exceeded };
  const baseline = await readBaseline(path);
  if (baseline.phase !== work.phase)
    throw new InputError(
      "bad-baseline",
      `"${path}" is of ${baseline.phase}, this estimate of ${work.phase}`,
      "compare estimates made with the same --training",
    );
  const before = new Map(baseline.rows.map((row) => [`${row.device} ${row.metric}`, row.perInferenceJ]));
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
  const now = new Set(rows.map((row) => `${row.device} ${row.metric}`));
  const gone = [...before.keys()]
    .filter((key) => !now.has(key))
    .map((key) => `not compared: ${key} is only in the baseline`);
  const batch =
    baseline.batch === work.batch
      ? []
      : [`the baseline is of batch ${baseline.batch}, this estimate of ${work.batch}: joules per ${each} are compared`];
  const allowed = maxIncrease ?? 0;
  const risen = changes
    .filter((change) => change.increaseRatio > allowed + 1e-9)
    .map(
      (change) =>
        `limit exceeded: ${change.device} ${change.metric} rose by ${formatRatio(change.increaseRatio)}, --max-increase allows ${formatRatio(allowed)}`,
    );
  return {
    exceeded: [...exceeded, ...risen],
    remarks: [...batch, ...gone],
    result: { file: path, maxIncreaseRatio: allowed, changes },
    sections: [changesTable(changes)],
  };
}
