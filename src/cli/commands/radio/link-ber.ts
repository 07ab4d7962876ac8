// `joulecast link ber`: bit error ratios of receivers over a simulated 5G uplink, with intervals, resumable.
import { openLink } from "../../../link/ber/chunk.ts";
import { runSweep, slotLimit } from "../../../link/ber/sweep.ts";
import { ratioOf, type Tally } from "../../../link/ber/tally.ts";
import { monotonicS } from "../../../node/clock.ts";
import { checkWritable } from "../../../node/files.ts";
import { receiverKey, type SweepState, sweepState } from "../../../node/radio/sweep-state.ts";
import { withInterrupts } from "../../../node/run/interrupts.ts";
import { type BerRow, linkBerDocument } from "../../../report/radio/link-ber-report.ts";
import type { Command, CommandContext, OptionValues, Outcome } from "../../command.ts";
import { textOption } from "../../options.ts";
import { BER_OPTIONS, type BerPlan, berPlan } from "./link-ber-options.ts";

/** Exit code after Ctrl-C. */
const INTERRUPTED = 130;
/** Between two states that are written, s. */
const SAVE_EVERY_S = 5;

interface Simulated {
  readonly tallies: readonly (readonly Tally[])[];
  /** Of this run, without those of an earlier one. */
  readonly slots: number;
  readonly seconds: number;
  readonly interrupted: boolean;
}

async function stateOf(plan: BerPlan, file: string | undefined): Promise<SweepState | undefined> {
  if (file === undefined) return undefined;
  checkWritable(file);
  const keys = await Promise.all(plan.receivers.map(receiverKey));
  return sweepState(
    file,
    plan.setup,
    plan.points.map(({ snrDb }) => snrDb),
    keys,
  );
}

async function simulate(plan: BerPlan, state: SweepState | undefined, context: CommandContext): Promise<Simulated> {
  const { linkPool } = await import("../../../node/radio/link-pool.ts");
  const { setup, receivers, points, stop, threads } = plan;
  const pool = await linkPool(setup, receivers, threads);
  const total = points.length * slotLimit(stop);
  let [slots, savedS] = [0, monotonicS()];
  const startS = monotonicS();
  try {
    return await withInterrupts(async (signal) => {
      const tallies = await runSweep({
        snrsDb: points.map(({ snrDb }) => snrDb),
        receivers: receivers.length,
        stop,
        parallel: threads === 1 ? 1 : 2 * threads,
        ...(state && { earlier: state.earlier }),
        run: pool.run,
        isStopped: () => signal.aborted,
        onChunk: async (now, count) => {
          slots += count;
          const done = now.reduce((sum, row) => sum + Math.min(...row.map((tally) => tally.slots)), 0);
          // points that stop on errors leave slots over
          context.progress({
            label: "simulating",
            done,
            total: stop.minErrors === undefined ? total : undefined,
            unit: "slots",
          });
          if (monotonicS() - savedS < SAVE_EVERY_S) return;
          await state?.save(now);
          savedS = monotonicS();
        },
      });
      await state?.save(tallies);
      return { tallies, slots, seconds: monotonicS() - startS, interrupted: signal.aborted };
    });
  } finally {
    await pool.close();
  }
}

function rowsOf({ setup, receivers, points }: BerPlan, tallies: readonly (readonly Tally[])[]): BerRow[] {
  const { channel, sirDb } = setup;
  const independent = sirDb === undefined && (channel.name === "awgn" || channel.fading === "re");
  return points.flatMap(({ snrDb, sinrDb }, i) =>
    receivers.flatMap((receiver, r) => {
      const tally = tallies[i]![r]!;
      if (tally.slots === 0) return [];
      const { slots, bits, errors } = tally;
      return [{ snrDb, sinrDb, receiver, ...ratioOf(tally, independent), bits, errors, slots }];
    }),
  );
}

async function linkBerRun(options: OptionValues, context: CommandContext): Promise<Outcome> {
  const plan = berPlan(options);
  const { grid, antennas } = openLink(plan.setup);
  const file = textOption(options, "--resume");
  const state = await stateOf(plan, file);
  const { tallies, slots, seconds, interrupted } = await simulate(plan, state, context);
  context.progress("");
  const rows = rowsOf(plan, tallies);
  const { modulation, channel, sirDb, seed, demap = "max-log" } = plan.setup;
  const slotsPerSecond = slots > 0 && seconds > 0 ? slots / seconds : null;
  const isTdl = channel.name.startsWith("tdl");
  const settings = {
    modulation,
    channel: channel.name,
    delaySpreadS: isTdl ? (channel.delaySpreadS ?? 100e-9) : null,
    dopplerHz: isTdl ? (channel.dopplerHz ?? 0) : null,
    fading: channel.fading ?? null,
    antennas,
    subcarriers: grid.subcarriers,
    symbols: grid.symbols,
    spacingHz: grid.spacingHz,
    pilotSymbols: grid.pilotSymbols,
    pilotGroups: Math.round(grid.pilotAmplitude ** 2),
    sirDb: sirDb ?? null,
    demap,
    seed,
    slots: slotLimit(plan.stop),
    minErrors: plan.stop.minErrors ?? null,
    threads: plan.threads,
  };
  const remarks = interrupted
    ? [
        `interrupted: ${file === undefined ? "give --resume FILE next time to go on later" : `run it again to go on from "${file}"`}`,
      ]
    : [];
  return {
    result: { points: rows, slotsPerSecond, end: interrupted ? "interrupted" : "finished", settings, remarks },
    get document() {
      const points = textOption(options, "--sinr") === undefined ? "snr" : "sinr";
      return linkBerDocument({ points, rows, settings, slotsPerSecond: slotsPerSecond ?? undefined, remarks });
    },
    remarks,
    ...(interrupted && { exitCode: INTERRUPTED }),
  };
}

export const linkBer: Command = {
  name: "link ber",
  summary: "simulate a 5G uplink and count the bit errors of receivers",
  arguments: [],
  options: BER_OPTIONS,
  notes: [
    "Receivers:",
    "  perfect  LMMSE combining with the channel known: the bound",
    "  lmmse    LMMSE channel estimate (delays, powers, Doppler and noise known),",
    "           LMMSE combining",
    "  ls       least squares at the pilots, straight lines between, LMMSE combining",
    "  FILE     a network from batch×(4·antennas + 2)×symbols×subcarriers planes",
    "           (received, raw estimate, pilots) to a logit per bit and element",
    "All receivers get the same slots; to all but FILE interference is white noise.",
  ],
  examples: [
    "joulecast link ber --channel tdl-c --receiver lmmse,ls --sinr -4:32:2",
    "joulecast link ber --channel rayleigh --antennas 1 --snr 0:30:5 --slots 5000",
    "joulecast link ber --receiver ls,rx.onnx --min-errors 1000 --resume counts.json",
  ],
  run: (_args, options, context) => linkBerRun(options, context),
};
