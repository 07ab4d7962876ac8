// `measure --replay FILE` without a program: the joules of a recording, computed anew from its samples and windows.
import type { Recording, Window } from "../../../measure/trace.ts";
import { windowsFrom } from "../../../measure/windows.ts";
import { InputError } from "../../../units/input-error.ts";
import type { OptionValues, Outcome } from "../../command.ts";
import { countOption } from "../../options.ts";
import { IDLE } from "./in-session.ts";

/** "run/2", "a/1", "batch 8/1": what is repeated, and which time. */
const RUN = /^(run|a|b|batch (\d+))\/\d+$/;
const WARM_UP = /^(run|a|b)\/warm-up-\d+$/;

function endOf({ traces, marks }: Recording): number {
  return Math.max(0, ...traces.map(({ timeS }) => timeS.at(-1) ?? 0), ...marks.map(({ timeS }) => timeS));
}

export async function measureReplay(path: string, options: OptionValues): Promise<Outcome> {
  const { readRecording, replayedRecording } = await import("../../../node/meters/replay.ts");
  const { analyse } = await import("./measure-outcome.ts");
  const recording = replayedRecording(readRecording(path), path);
  const inferences = countOption(options, "--inferences");
  const { windows, remarks } = windowsFrom(recording.marks, endOf(recording));
  const runs = windows.filter(({ name }) => RUN.test(name));
  const subject = ({ name }: Window) => RUN.exec(name)![1]!;
  const groups = [...new Set(runs.map(subject))].map((name) => {
    const own = runs.filter((window) => subject(window) === name);
    const batch = RUN.exec(own[0]!.name)?.[2];
    return {
      name,
      windows: own,
      ...(batch !== undefined && { batch: Number(batch) }),
      ...(inferences !== undefined && { inferences }),
    };
  });
  if (groups.length === 0)
    throw new InputError(
      "no-runs",
      `"${path}" holds no run: its windows are ${windows.map(({ name }) => `"${name}"`).join(", ") || "none"}`,
      "record it with `joulecast measure --record FILE -- COMMAND`, or give a command to run beside the replay",
    );
  const { outcome } = await analyse(
    {
      title: `${path}, computed anew`,
      recording,
      idle: windows.filter(({ name }) => IDLE.test(name)),
      groups,
      windows: windows.filter(({ name }) => ![IDLE, RUN, WARM_UP].some((pattern) => pattern.test(name))),
      unusable: [],
      warnings: remarks,
    },
    options,
  );
  return { ...outcome, result: { recording: path, ...outcome.result } };
}
