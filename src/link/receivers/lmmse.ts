// LMMSE channel estimation with known statistics (delays, powers, Doppler shift, noise), then LMMSE combining. The response is a sum of few paths,
// so instead of filtering all pilots with one large matrix the estimator solves for the paths' gains and adds them up: the same estimate
// [Kay1993, 12.3], in time linear in the grid. In time a gain has as many unknowns as there are pilot symbols at which it differs.

import type { Channel, Path } from "../channels/channel.ts";
import { addRows, steering } from "../channels/steering.ts";
import type { DemapRule } from "../demap.ts";
import { besselJ0 } from "../fading/bessel.ts";
import { type ComplexSeries, complexSeries } from "../fading/rayleigh.ts";
import type { Grid } from "../grid.ts";
import type { Slot } from "../slot.ts";
import { combine } from "./combine.ts";
import { factorise, solve } from "./hermitian.ts";
import { estimateAtPilots } from "./pilots.ts";
import type { Receiver } from "./receiver.ts";

/** One unknown of every path of a family: how it shows at the pilot symbols, and in every symbol. */
interface Mode {
  readonly atPilots: ComplexSeries;
  readonly overTime: ComplexSeries;
}

/** Paths that move alike. */
interface Family {
  readonly paths: readonly Path[];
  readonly table: ComplexSeries;
  readonly modes: readonly Mode[];
}

interface Unknown {
  readonly family: number;
  readonly path: number;
  readonly mode: number;
}

interface Filter {
  readonly channel: Channel;
  readonly grid: Grid;
  readonly noise: number;
  readonly families: readonly Family[];
  readonly unknowns: readonly Unknown[];
  /** Cholesky factor of ΦᴴΦ + noise·I. */
  readonly factor: ComplexSeries;
}

/** Below this share of its power a gain is taken to be the same at two pilot symbols. */
const SAME = 1e-9;

/** E[a(t)·a(0)*]/power. */
function correlation({ kind, dopplerHz }: Path, timeS: number): readonly [number, number] {
  const angle = 2 * Math.PI * dopplerHz * timeS;
  return kind === "sight" ? [Math.cos(angle), Math.sin(angle)] : [besselJ0(angle), 0];
}

/** A gain at all symbols as orthonormal unknowns of its values at the pilot symbols (Cholesky of their correlation, at most two). */
function modesOf(path: Path, { pilotSymbols, symbols, symbolS }: Grid): Mode[] {
  const to = (t: number, pilot: number) => correlation(path, (t - pilotSymbols[pilot]!) * symbolS);
  const mode = (): Mode => ({ atPilots: complexSeries(pilotSymbols.length), overTime: complexSeries(symbols) });
  const first = mode();
  for (let t = 0; t < symbols; t++) [first.overTime.re[t], first.overTime.im[t]] = to(t, 0) as [number, number];
  for (const [p, t] of pilotSymbols.entries()) {
    first.atPilots.re[p] = first.overTime.re[t]!;
    first.atPilots.im[p] = first.overTime.im[t]!;
  }
  const [, later] = pilotSymbols;
  if (later === undefined) return [first];
  const [x, y] = [first.atPilots.re[1]!, first.atPilots.im[1]!];
  const left = 1 - x * x - y * y;
  if (left < SAME) return [first];
  const second = mode();
  const size = Math.sqrt(left);
  for (let t = 0; t < symbols; t++) {
    const [cr, ci] = to(t, 1);
    const [p, q] = [first.overTime.re[t]!, first.overTime.im[t]!];
    // (E[a(t)a₁*] − E[a(t)z₀*]·E[z₀a₁*])/size
    second.overTime.re[t] = (cr - (p * x + q * y)) / size;
    second.overTime.im[t] = (ci - (q * x - p * y)) / size;
  }
  second.atPilots.re[1] = size;
  return [first, second];
}

function familiesOf(paths: readonly Path[], grid: Grid): Family[] {
  const kinds = (["sight", "rayleigh"] as const).map((kind) => paths.filter((path) => path.kind === kind));
  return kinds
    .filter((some) => some.length > 0)
    .map((some) => ({ paths: some, table: steering(some, grid), modes: modesOf(some[0]!, grid) }));
}

/** Σ conj(a)·b over rows of two tables, at the given places. */
function product(a: ComplexSeries, aFrom: number, b: ComplexSeries, bFrom: number, places: Iterable<number>) {
  let [x, y] = [0, 0];
  for (const k of places) {
    const [ar, ai, br, bi] = [a.re[aFrom + k]!, a.im[aFrom + k]!, b.re[bFrom + k]!, b.im[bFrom + k]!];
    x += ar * br + ai * bi;
    y += ar * bi - ai * br;
  }
  return [x, y] as const;
}

function prepare(channel: Channel, grid: Grid, noise: number): Filter {
  const families = familiesOf(channel.paths ?? [], grid);
  const unknowns = families.flatMap(({ paths, modes }, family) =>
    paths.flatMap((_, path) => modes.map((_, mode) => ({ family, path, mode }))),
  );
  const n = unknowns.length;
  const factor = complexSeries(n * n);
  for (const [i, one] of unknowns.entries())
    for (const [j, two] of unknowns.slice(0, i + 1).entries()) {
      const [a, b] = [families[one.family]!, families[two.family]!];
      const { subcarriers, pilotSubcarriers, pilotSymbols } = grid;
      const [fr, fi] = product(a.table, one.path * subcarriers, b.table, two.path * subcarriers, pilotSubcarriers);
      const [tr, ti] = product(a.modes[one.mode]!.atPilots, 0, b.modes[two.mode]!.atPilots, 0, pilotSymbols.keys());
      const size = Math.sqrt(a.paths[one.path]!.power * b.paths[two.path]!.power);
      factor.re[i * n + j] = size * (fr * tr - fi * ti) + (i === j ? noise : 0);
      factor.im[i * n + j] = size * (fr * ti + fi * tr);
    }
  factorise(factor, n);
  return { channel, grid, noise, families, unknowns, factor };
}

/** Φᴴ·z of one antenna's estimates at the pilots, [pilot symbol][pilot]. */
function correlate({ grid, families, unknowns }: Filter, atPilots: ComplexSeries): ComplexSeries {
  const { subcarriers, pilotSubcarriers, pilotSymbols } = grid;
  const result = complexSeries(unknowns.length);
  const count = pilotSubcarriers.length;
  const onPath = complexSeries(pilotSymbols.length);
  for (const [i, { family, path, mode }] of unknowns.entries()) {
    const { table, modes, paths } = families[family]!;
    if (mode === 0)
      for (let p = 0; p < pilotSymbols.length; p++) {
        let [x, y] = [0, 0];
        for (let k = 0; k < count; k++) {
          const at = path * subcarriers + pilotSubcarriers[k]!;
          const er = table.re[at]!;
          const ei = table.im[at]!;
          const zr = atPilots.re[p * count + k]!;
          const zi = atPilots.im[p * count + k]!;
          x += er * zr + ei * zi;
          y += er * zi - ei * zr;
        }
        onPath.re[p] = x;
        onPath.im[p] = y;
      }
    const [x, y] = product(modes[mode]!.atPilots, 0, onPath, 0, pilotSymbols.keys());
    const size = Math.sqrt(paths[path]!.power);
    result.re[i] = size * x;
    result.im[i] = size * y;
  }
  return result;
}

/** Adds the response that the solved unknowns make, one antenna. */
function synthesise(
  { grid, families, unknowns }: Filter,
  solved: ComplexSeries,
  into: ComplexSeries,
  offset: number,
): void {
  const { subcarriers, symbols } = grid;
  for (const [f, { paths, table, modes }] of families.entries()) {
    const first = unknowns.findIndex(({ family }) => family === f);
    for (const [m, { overTime }] of modes.entries()) {
      const gains = complexSeries(paths.length);
      for (const [l, { power }] of paths.entries()) {
        const at = first + l * modes.length + m;
        gains.re[l] = Math.sqrt(power) * solved.re[at]!;
        gains.im[l] = Math.sqrt(power) * solved.im[at]!;
      }
      const row = complexSeries(subcarriers);
      addRows(row, 0, table, subcarriers, paths.length, gains, 0, 1);
      for (let t = 0; t < symbols; t++) addRows(into, offset + t * subcarriers, row, subcarriers, 1, overTime, t, 1);
    }
  }
}

/** The estimate of one slot, [antenna][symbol][subcarrier]. `into` is overwritten. */
function estimateWith(filter: Filter, slot: Slot, into: ComplexSeries): void {
  const { grid, antennas, channel } = slot;
  const atPilots = complexSeries(grid.pilotSubcarriers.length * grid.pilotSymbols.length);
  into.re.fill(channel.mean);
  into.im.fill(0);
  for (let antenna = 0; antenna < antennas; antenna++) {
    estimateAtPilots(slot, antenna, atPilots);
    for (let i = 0; i < atPilots.re.length; i++) atPilots.re[i]! -= channel.mean;
    const solved = correlate(filter, atPilots);
    solve(filter.factor, filter.unknowns.length, solved);
    synthesise(filter, solved, into, antenna * grid.size);
  }
}

export function lmmse(rule: DemapRule): Receiver {
  let estimate = complexSeries(0);
  let filter: Filter | undefined;
  return {
    name: "lmmse",
    batch: 1,
    receive: (slots, llrs) => {
      for (const [i, slot] of slots.entries()) {
        const { channel, grid, noisePower, interferencePower } = slot;
        // of an estimate at one pilot; the other cell's pilots are as strong as ours
        const noise = noisePower / grid.pilotAmplitude ** 2 + interferencePower;
        if (filter?.channel !== channel || filter.grid !== grid || filter.noise !== noise)
          filter = prepare(channel, grid, noise);
        if (estimate.re.length !== slot.response.re.length) estimate = complexSeries(slot.response.re.length);
        estimateWith(filter, slot, estimate);
        combine(slot, estimate, llrs[i]!, rule);
      }
    },
  };
}
