// [Krouka2021] again: where to cut its MNIST network between a device and a server, before and after compression. Its equations 1–4 and
// E_tr = P·τ, its prices, and our channel: the paper prints neither the gains along its path nor a path loss. Networks come in ready;
// training and pruning them is krouka-train.ts.
import { co2eKg } from "../../carbon/emissions.ts";
import { opEnergy } from "../../estimate/op-energy.ts";
import { bindDimensions } from "../../graph/bind.ts";
import { inferShapes } from "../../graph/shape/infer.ts";
import type { Hardware } from "../../hardware/hardware.ts";
import type { WeightedNetwork } from "../../reduce/network.ts";
import { type Zeros, zerosOf } from "../../reduce/zeros.ts";
import type { CostTable } from "../../split/costs.ts";
import { decide, sendingJ } from "../../split/decide.ts";
import { firstPool, type PlannedSplit, planSplit } from "../../split/plan.ts";
import { type Uplink, uplink } from "../../split/radio.ts";
import { DEFAULT_OUTAGE, meanOverRayleigh } from "../../split/rayleigh.ts";
import { adaptivePath, fixedPath, type Path, type Place, totalsOf, walk } from "../../split/trajectory.ts";
import { InputError } from "../../units/input-error.ts";
import { exact } from "../../units/range.ts";
import { countWork } from "../../work/count.ts";
import type { WorkReport } from "../../work/work.ts";
import {
  CHOICES,
  type Choice,
  EU_KG_PER_KWH,
  FC_PARAMETER_RATIO,
  FC_SAVING_RATIO,
  type PublishedColumn,
  reasonFor,
  TABLE_III,
} from "./krouka-published.ts";
import { type ReproducedRow, reproducedRow } from "./reproduced.ts";

/** Bandwidth of figure 4, Hz. */
const FIGURE_4_HZ = 5e6;

/** A network, planned. */
export interface KroukaNetwork {
  readonly work: WorkReport;
  readonly zeros: Zeros;
  readonly planned: PlannedSplit;
}

/** One network of figure 5. */
export interface CurvePoint {
  /** C_r: parameters that are not zero, of the original over those left. */
  readonly ratio: number;
  /** On the test set, in [0, 1]. */
  readonly accuracy: number;
  readonly network: KroukaNetwork;
}

export interface KroukaInput {
  readonly original: KroukaNetwork;
  readonly compressed: KroukaNetwork;
  /** Accuracy on the test set, where it is known. */
  readonly accuracy?: { readonly original: number; readonly compressed: number };
  /** Networks of figure 5, by rising ratio. Default: none. */
  readonly curve?: readonly CurvePoint[];
}

/** Counts a network, its zeros and its cuts at the paper's prices. @param process the record "horowitz-45nm" */
export async function kroukaNetwork(network: WeightedNetwork, process: Hardware): Promise<KroukaNetwork> {
  const shaped = inferShapes(bindDimensions(network.graph).graph);
  const work = countWork(shaped);
  const zeros = await zerosOf({ graph: shaped.graph, weights: network.weights });
  const planned = planSplit(shaped, work, {
    device: { hardware: process, metric: opEnergy, options: { nonzeroRatio: zeros.nonzeroRatio } },
  });
  return { work, zeros, planned };
}

/** One layer of figure 3. */
export interface LayerRow {
  readonly name: string;
  readonly beforeJ: number | undefined;
  readonly afterJ: number | undefined;
  /** Elements that leave it. */
  readonly beforeElements: number | undefined;
  readonly afterElements: number | undefined;
}

function layersOf({ planned: { network, all } }: KroukaNetwork) {
  return new Map(
    network.layers.map(({ name, makes }, i) => {
      const cut = all.cuts.findIndex(({ layers, onDevice }) => layers === i + 1 && onDevice[i] === 1);
      const before = all.cuts.findIndex(({ layers, onDevice }) => layers === i && (i === 0 || onDevice[i - 1] === 1));
      const energyJ = cut < 0 || before < 0 ? undefined : all.deviceJ[cut]! - all.deviceJ[before]!;
      return [name, { energyJ, elements: network.tensors[makes[0]!]?.elements }] as const;
    }),
  );
}

/** Figure 3: processing energy and output size of every layer, before and after compression. */
export function figure3({ original, compressed }: KroukaInput): readonly LayerRow[] {
  const [before, after] = [layersOf(original), layersOf(compressed)];
  return [...before].map(([name, { energyJ, elements }]) => ({
    name,
    beforeJ: energyJ,
    afterJ: after.get(name)?.energyJ,
    beforeElements: elements,
    afterElements: after.get(name)?.elements,
  }));
}

/** One choice along the path of figure 4. */
export interface PathChoice {
  readonly id: Choice | "raw";
  readonly table: CostTable;
  readonly path: Path;
}

export interface Figure4 {
  readonly places: readonly Place[];
  readonly choices: readonly PathChoice[];
}

/** The paper's network has pooling layers. @throws InputError "no-pool" for one that has none */
function poolOf(planned: PlannedSplit): number {
  const cut = firstPool(planned);
  if (cut !== undefined) return cut;
  throw new InputError(
    "no-pool",
    `"${planned.network.shaped.graph.name}" has no pooling layer, the paper's network has four`,
    "give networks like zoo:mnist-cnn",
  );
}

/** Figures 4 (a) to (d): our path, since the paper's has no coordinates; 5 MHz. */
export function figure4({ original, compressed }: KroukaInput, places = walk()): Figure4 {
  const link = uplink({ bandwidthHz: FIGURE_4_HZ });
  const gainRatio = Float64Array.from(places, (place) => place.gainRatio);
  const channel = { kind: "block", gainRatio, rateBps: link.rateBps } as const;
  const own = compressed.planned;
  const before = original.planned;
  const fixed = (id: PathChoice["id"], table: CostTable, cut: number): readonly PathChoice[] =>
    cut < 0 ? [] : [{ id, table, path: fixedPath(table, cut, channel, link.sending) }];
  return {
    places,
    choices: [
      { id: "ps", table: own.table, path: adaptivePath(own.table, channel, link.sending) },
      { id: "psnc", table: before.table, path: adaptivePath(before.table, channel, link.sending) },
      ...fixed("pool1", own.all, firstPool(own) ?? -1),
      ...fixed("softmax", own.all, own.all.local),
      ...fixed("raw", own.all, own.raw ?? -1),
    ],
  };
}

interface Column {
  readonly processingJ: number;
  readonly radioJ: number;
}

/** Mean energies over the fading of a cut, or of the cut that is best at each gain. */
function meanColumn(table: CostTable, cutAt: (rate: number) => number, link: Uplink, outageRatio: number): Column {
  const mean = (part: (cut: number, rate: number) => number) =>
    meanOverRayleigh(
      (gain) => {
        const rate = link.rateBps(gain);
        return part(cutAt(rate), rate);
      },
      { outageRatio },
    );
  return {
    processingJ: mean((cut) => table.deviceJ[cut]!),
    radioJ: mean((cut, rate) => sendingJ(table.bits[cut]!, rate, link.sending)),
  };
}

/** Table III at one bandwidth, ours: means over Rayleigh fading of unit mean, above the truncation. */
export function meanColumns(
  { original, compressed }: KroukaInput,
  bandwidthHz: number,
  outageRatio = DEFAULT_OUTAGE,
): Readonly<Record<Choice | "raw", Column>> {
  const link = uplink({ bandwidthHz });
  const own = compressed.planned;
  const adaptive = ({ table }: PlannedSplit) =>
    meanColumn(table, (rate) => decide(table, rate, link.sending), link, outageRatio);
  const fixed = (cut: number) => meanColumn(own.all, () => cut, link, outageRatio);
  return {
    pool1: fixed(poolOf(own)),
    softmax: fixed(own.all.local),
    ps: adaptive(own),
    psnc: adaptive(original.planned),
    raw: fixed(own.raw ?? own.all.local),
  };
}

const QUANTITIES: readonly (readonly [keyof PublishedColumn, string])[] = [
  ["processingJ", "E_p, J"],
  ["radioJ", "E_tr, J"],
  ["energyJ", "E, J"],
  ["co2eKg", "CO2e, kg"],
];

function asPublished({ processingJ, radioJ }: Column): PublishedColumn {
  const energyJ = processingJ + radioJ;
  return { processingJ, radioJ, energyJ, co2eKg: co2eKg(exact(energyJ), exact(EU_KG_PER_KWH)).value };
}

/** The gain at which a message takes the printed joules: P·bits/R(g) = E. */
export function impliedGain(bits: number, radioJ: number, bandwidthHz: number): number {
  const link = uplink({ bandwidthHz });
  const rateBps = (link.sending.powerW * bits) / radioJ;
  return Math.expm1((rateBps / bandwidthHz) * Math.LN2) / link.snrPerGain;
}

function tableRows(input: KroukaInput, outageRatio: number): readonly ReproducedRow[] {
  const pool = input.original.planned;
  const poolBits = pool.all.bits[poolOf(pool)]!;
  return TABLE_III.flatMap(({ bandwidthHz, shown, columns }) => {
    const ours = meanColumns(input, bandwidthHz, outageRatio);
    const cells = CHOICES.flatMap((choice) =>
      QUANTITIES.map(([quantity, title]) =>
        reproducedRow(
          `Table III, ${shown}, ${choice}: ${title}`,
          columns[choice][quantity],
          asPublished(ours[choice])[quantity],
          reasonFor(choice, quantity, shown),
        ),
      ),
    );
    const raw = asPublished(ours.raw);
    return [
      ...cells,
      reproducedRow(
        `Table III, ${shown}, raw input in 8-bit pixels: E, J`,
        undefined,
        raw.energyJ,
        `${raw.energyJ < asPublished(ours.ps).energyJ ? "less than" : "not less than"} PS; the paper leaves it out for privacy: who receives it sees the picture`,
      ),
      reproducedRow(
        `gain |h|² that pool1's printed E_tr at ${shown} implies; the mean is 1`,
        1,
        impliedGain(poolBits, columns.pool1.radioJ, bandwidthHz),
        "one gain for all 16 channels of pool1 at P·τ: what the printed average would need",
      ),
    ];
  });
}

function figure3Rows(input: KroukaInput): readonly ReproducedRow[] {
  const layers = new Map(figure3(input).map((row) => [row.name, row]));
  const saving = (name: string) => {
    const row = layers.get(name);
    return row?.beforeJ === undefined || row.afterJ === undefined ? undefined : 1 - row.afterJ / row.beforeJ;
  };
  const params = new Map(input.original.work.layers.map((layer) => [layer.name, layer.params]));
  const dense = (params.get("fc1") ?? 0) + (params.get("fc2") ?? 0);
  return [
    ...["fc1", "fc2"].map((name) =>
      reproducedRow(
        `Fig 3: share of the energy of ${name} that compression saves`,
        FC_SAVING_RATIO,
        saving(name),
        "published: more than 98 %; depends on how far the network is pruned",
      ),
    ),
    reproducedRow(
      "Fig 3: share of the parameters in fc1 and fc2",
      FC_PARAMETER_RATIO,
      dense / input.original.work.total.params,
      "published: around 60 %",
    ),
  ];
}

function figure4Rows({ places, choices }: Figure4): readonly ReproducedRow[] {
  const at = (id: PathChoice["id"]) => choices.find((choice) => choice.id === id)?.path;
  const total = (path: Path, place: number) => path.deviceJ[place]! + path.radioJ[place]!;
  const ps = at("ps")!;
  const share = (holds: (place: number) => boolean) =>
    places.filter((_, place) => holds(place)).length / Math.max(1, places.length);
  const rivals = (["psnc", "pool1", "softmax"] as const).flatMap((id) => at(id) ?? []);
  const best = places.reduce((a, { gainRatio }, i) => (gainRatio > places[a]!.gainRatio ? i : a), 0);
  const [softmax, pool] = [at("softmax")!, at("pool1")];
  return [
    reproducedRow(
      "Fig 4(b): share of places where PS takes the least of the paper's choices",
      1,
      share((place) => rivals.every((path) => total(ps, place) <= total(path, place) * (1 + 1e-12))),
      "published: PS outperforms all baselines",
    ),
    reproducedRow(
      "Fig 4(b): softmax over PS where the channel is best",
      undefined,
      total(softmax, best) / total(ps, best),
      "published: softmax is bad where processing dominates",
    ),
    reproducedRow(
      "Fig 4(d): share of places where softmax sends with the least energy",
      1,
      share((place) => rivals.every((path) => softmax.radioJ[place]! <= path.radioJ[place]!)),
      "published: always",
    ),
    reproducedRow(
      "Fig 4(d): share of places where pool1 sends with the most energy",
      1,
      pool && share((place) => [ps, ...rivals].every((path) => pool.radioJ[place]! >= path.radioJ[place]!)),
      "published: the highest",
    ),
    ...choices.map(({ id, path }) =>
      reproducedRow(
        `Fig 4(b): sum over the path, ${id}, J`,
        undefined,
        totalsOf(path).energyJ,
        id === "raw" ? "not in the paper: privacy" : "our path: the paper prints no coordinates",
      ),
    ),
  ];
}

/** Mean energy of PS at 5 MHz. */
const meanEnergy = (input: KroukaInput, outageRatio: number): number => {
  const { processingJ, radioJ } = meanColumns(input, FIGURE_4_HZ, outageRatio).ps;
  return processingJ + radioJ;
};

/** Figure 5: joules of PS at 5 MHz and accuracy, by compression ratio. */
export function figure5(input: KroukaInput, outageRatio = DEFAULT_OUTAGE) {
  return (input.curve ?? []).map(({ ratio, accuracy, network }) => ({
    ratio,
    accuracy,
    energyJ: meanEnergy({ original: input.original, compressed: network }, outageRatio),
  }));
}

function figure5Rows(input: KroukaInput, outageRatio: number): readonly ReproducedRow[] {
  return figure5(input, outageRatio).flatMap(({ ratio, accuracy, energyJ }) => [
    reproducedRow(
      `Fig 5: mean energy of PS at 5 MHz, compression ratio ${ratio.toPrecision(3)}, J`,
      undefined,
      energyJ,
      "published as a curve without numbers: falls as the ratio grows",
    ),
    reproducedRow(
      `Fig 5: accuracy at compression ratio ${ratio.toPrecision(3)}`,
      undefined,
      accuracy,
      "published as a curve without numbers: falls at high ratios",
    ),
  ]);
}

const nonzero = ({ work, zeros }: KroukaNetwork): number => work.total.params - zeros.count;

/** C_r: parameters that are not zero, of the original over those of the compressed network. */
export const compressionRatio = ({ original, compressed }: Pick<KroukaInput, "original" | "compressed">): number =>
  nonzero(original) / nonzero(compressed);

/** All rows of `joulecast reproduce krouka`. @param outageRatio share of the fading below which nothing is sent. Default 0.01 */
export function reproduceKrouka(input: KroukaInput, outageRatio = DEFAULT_OUTAGE): readonly ReproducedRow[] {
  const { original, accuracy } = input;
  return [
    reproducedRow("parameters of the network", undefined, original.work.total.params, "433,274 from the layer sizes"),
    reproducedRow(
      "compression ratio",
      undefined,
      compressionRatio(input),
      "parameters that are not zero, before over after",
    ),
    ...(accuracy
      ? [
          reproducedRow("test accuracy before compression", undefined, accuracy.original),
          reproducedRow("test accuracy after compression", undefined, accuracy.compressed),
        ]
      : []),
    ...figure3Rows(input),
    ...figure4Rows(figure4(input)),
    ...figure5Rows(input, outageRatio),
    ...tableRows(input, outageRatio),
  ];
}
