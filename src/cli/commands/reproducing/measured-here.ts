// Joules of one inference on this machine, where a power source can be read: what stands beside the modelled numbers of a paper.
import { openLedger } from "../../../measure/ledger.ts";
import { InputError } from "../../../units/input-error.ts";
import type { CommandContext, OptionValues } from "../../command.ts";
import { offOption } from "../../options.ts";
import { machineSpec } from "../measuring/machine-options.ts";

export interface MeasuredHere {
  readonly perInferenceJ: number;
  readonly kind: string;
}

/** @returns undefined with --no-measure, or where nothing can be read or the network cannot be run */
export async function measuredHere(
  model: string,
  options: OptionValues,
  context: CommandContext,
): Promise<MeasuredHere | undefined> {
  if (offOption(options, "--no-measure")) return undefined;
  const [{ openSession }, { runModel }] = await Promise.all([
    import("../../../node/run/session.ts"),
    import("../../../node/run/model.ts"),
  ]);
  try {
    const session = await openSession({ machine: await machineSpec(options) });
    try {
      const { runs, idle } = await runModel(session, {
        model,
        idleS: 3,
        durationS: 3,
        onProgress: (text) => context.progress(text),
      });
      const recording = await session.read();
      const [run] = runs;
      const measured = run && openLedger(recording, idle).window(run.window);
      if (run === undefined || measured?.netJ === undefined) return undefined;
      return { perInferenceJ: measured.netJ / run.timing.passes / run.batch, kind: measured.kind };
    } finally {
      await session.close();
    }
  } catch (error) {
    if (error instanceof InputError) return undefined;
    throw error;
  }
}
