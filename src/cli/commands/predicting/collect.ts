// `joulecast collect`: layers run alone on this machine, one JSON line each, for `fit`. It reads options and shows what came;
// drawing is predict/collect, running node/collect.

import type { RunnablePoint } from "../../../node/collect/collect.ts";
import type { CollectedKind, ParameterRange } from "../../../predict/collect/kinds/kind.ts";
import { COLLECTED_KINDS, collectedKind } from "../../../predict/collect/kinds/table.ts";
import { drawPoints, oneLayerNetwork } from "../../../predict/collect/points.ts";
import type { SampleRow } from "../../../predict/collect/sample-row.ts";
import { collectDocument } from "../../../report/predicting/collect-report.ts";
import { formatDuration } from "../../../units/format.ts";
import { InputError } from "../../../units/input-error.ts";
import { parseCount } from "../../../units/parse.ts";
import type { Command, OptionValues } from "../../command.ts";
import { countOption, flagOption, listOption, quantityOption, textOption } from "../../options.ts";
import { collectedOn, RUNNING_OPTIONS, runningOptions, sessionOptions } from "./collect-options.ts";

const DEFAULT_OUT = "samples.jsonl";
const DEFAULT_POINTS = 100;

const rangeText = (range: ParameterRange): string =>
  "choices" in range ? [...new Set(range.choices)].join("|") : `${range.low}–${range.high}`;

/** "conv (batch_size 1–64, …); relu, tanh (…)": what --layers can name, and the ranges it draws from. */
function rangesHelp(kinds: readonly CollectedKind[]): string {
  const byRanges = new Map<string, string[]>();
  for (const { id, ranges } of kinds) {
    const named = Object.entries(ranges).map(([name, range]) => `${name} ${rangeText(range)}`);
    byRanges.set(named.join(", "), [...(byRanges.get(named.join(", ")) ?? []), id]);
  }
  return [...byRanges].map(([ranges, ids]) => `${ids.join(", ")} (${ranges})`).join("; ");
}

async function networkNames(options: OptionValues): Promise<readonly string[]> {
  const named = listOption(options, "--networks");
  if (named !== undefined)
    return named.map((name) => (name.includes(":") || name.endsWith(".onnx") ? name : `zoo:${name}`));
  if (!flagOption(options, "--networks")) return [];
  const { ZOO } = await import("../../../zoo/catalogue.ts");
  return ZOO.map(({ name }) => `zoo:${name}`);
}

async function pointsOf(
  options: OptionValues,
): Promise<{ points: readonly RunnablePoint[]; remarks: readonly string[] }> {
  const names = await networkNames(options);
  const given = listOption(options, "--layers")?.map(collectedKind);
  const kinds = given ?? (names.length > 0 ? [] : COLLECTED_KINDS);
  const count = countOption(options, "--points") ?? DEFAULT_POINTS;
  const seed = countOption(options, "--seed", 0) ?? 0;
  const drawn = drawPoints(
    kinds.map((kind) => ({ kind, count })),
    seed,
  ).map(
    ({ id, kind, parameters }): RunnablePoint => ({
      sample: { id, op: kind.id, parameters },
      graph: () => oneLayerNetwork(kind, parameters, seed),
    }),
  );
  if (names.length === 0) return { points: drawn, remarks: [] };
  const { networkPoints } = await import("../../../node/collect/network-points.ts");
  const batches = listOption(options, "--batch")?.map((text) => parseCount(text, 1, "--batch")) ?? [1];
  const { points, without } = await networkPoints(names, batches);
  const remarks = without.map(
    ({ network, layers }) => `${network}: ${layers} layers are of types that are not collected`,
  );
  return { points: [...drawn, ...points], remarks };
}

export const collect: Command = {
  name: "collect",
  summary: "run layers of many sizes alone on this machine and keep time and energy of each, for fit",
  arguments: [],
  options: [
    {
      flags: "--layers <types>",
      description: `layer types, with the ranges that sizes are drawn from: ${rangesHelp(COLLECTED_KINDS)}. The largest tensor has 64 KiB to 64 MiB, a pass at most 4.3 GMAC (default: all)`,
    },
    { flags: "--points <n>", description: `configurations of each type (default ${DEFAULT_POINTS})` },
    {
      flags: "--networks [names]",
      description:
        "zoo networks or files, end to end and layer by layer (default: the whole zoo), instead of --layers or with it",
    },
    { flags: "--batch <n,…>", description: "with --networks: samples in one pass (default 1)" },
    { flags: "--target-time <time>", description: "length of one repetition (default 0.5s)" },
    { flags: "--min-passes <n>", description: "least passes of one repetition (default 3)" },
    { flags: "--idle <time>", description: "idle time now and then, for joules above idle; 0 for none (default 2s)" },
    ...RUNNING_OPTIONS,
  ],
  out: `the file that samples are appended to; points in it are not run again (default ${DEFAULT_OUT})`,
  examples: [
    "joulecast collect --layers conv,linear,maxpool,relu --points 1000 --out samples.jsonl",
    "joulecast collect --networks alexnet,vgg16 --batch 1,8 --out networks.jsonl",
    "joulecast fit samples.jsonl --out predictor.json",
  ],
  run: async (_args, options, context) => {
    const [{ collectPoints }, { openSamples }, { withInterrupts }] = await Promise.all([
      import("../../../node/collect/collect.ts"),
      import("../../../node/collect/samples-file.ts"),
      import("../../../node/run/interrupts.ts"),
    ]);
    const running = runningOptions(options, 0.5, 3);
    const on = collectedOn(running);
    const out = textOption(options, "--out") ?? DEFAULT_OUT;
    const file = openSamples(out, on);
    const { points, remarks } = await pointsOf(options);
    const pending = points.filter(({ sample }) => !file.has(sample.id));
    const known = points.length - pending.length;
    const rows: SampleRow[] = [];
    const session = await sessionOptions(options);
    const collected = await withInterrupts((signal) =>
      collectPoints({
        ...running,
        points: pending,
        session,
        idleS: quantityOption(options, "--idle", "s") ?? 2,
        on,
        signal,
        onRow: (row) => {
          file.append(row);
          rows.push(row);
        },
        onProgress: (done, leftS) =>
          context.progress(
            `${known + done} of ${points.length} points${leftS === undefined ? "" : `, ${formatDuration(leftS)} left`}`,
          ),
      }),
    );
    context.progress("");
    const { failed, interrupted, left } = collected;
    if (rows.length === 0 && failed.length > 0)
      throw new InputError("no-samples", `none of ${failed.length} points could be run: ${failed[0]!.reason}`, "");
    return {
      result: {
        samples: out,
        points: points.length,
        known,
        collected: rows.length,
        failed,
        left,
        interrupted,
        kinds: [...new Set(rows.map(({ energy_kind }) => energy_kind))],
        withoutEnergy: rows.filter(({ energy_j }) => energy_j === undefined).length,
        machine: on,
        remarks,
      },
      document: collectDocument({ out, rows, known, failed, left, interrupted, remarks }),
      exitCode: interrupted ? 130 : 0,
      remarks: [
        `${rows.length} samples appended to ${out}${known > 0 ? `, ${known} were there` : ""}`,
        ...(interrupted ? ["interrupted: the same command goes on where it ended"] : []),
      ],
    };
  },
};
