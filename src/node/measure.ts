// Measuring from within a Node program: `measure(fn)`, and windows that open and close by name and may overlap. One sampler for the
// whole program, started when first needed and ended with the program. Commands and models are run/'s business.
import { type Baseline, takeBaseline } from "../measure/baseline.ts";
import { measureWindow } from "../measure/measure.ts";
import type { Measurement } from "../measure/measurement.ts";
import type { Window } from "../measure/trace.ts";
import { InputError } from "../units/input-error.ts";
import { openSession, type Session, type SessionOptions } from "./run/session.ts";

/** Settings of the program's one sampler; those of the first call count. */
export interface MeterOptions extends Pick<SessionOptions, "rateHz" | "machine"> {
  /** Idle time to record once, before the first window, s. Default 0: net is gross. */
  readonly idleS?: number;
}

export interface MeasureFunctionOptions extends MeterOptions {
  /** Name of the window. Default "measure". */
  readonly name?: string;
  /** Wall power over the power that the sources see, ≥ 1. Default 1. */
  readonly wallFactor?: number;
}

interface Meter {
  readonly session: Session;
  readonly baseline: ReadonlyMap<string, Baseline> | undefined;
}

let starting: Promise<Meter> | undefined;
const open = new Map<string, number[]>();

async function start({ rateHz, machine, idleS = 0 }: MeterOptions): Promise<Meter> {
  const session = await openSession({
    ...(rateHz !== undefined && { rateHz }),
    ...(machine !== undefined && { machine }),
  });
  session.unref();
  if (idleS === 0) return { session, baseline: undefined };
  const window = await session.idle(idleS);
  return { session, baseline: takeBaseline([{ recording: await session.read(), window }]) };
}

/** A start that failed may be tried again. */
function meter(options: MeterOptions): Promise<Meter> {
  starting ??= start(options).catch((error: unknown) => {
    starting = undefined;
    throw error;
  });
  return starting;
}

/** The reading that a window's closing causes comes before this one's answer. */
async function energyOf({ session, baseline }: Meter, window: Window, wallFactor: number): Promise<Measurement> {
  const recording = await session.read();
  return measureWindow(recording, window, { wallFactor, ...(baseline !== undefined && { baseline }) });
}

/**
 * Joules of a function, synchronous or not: the sampler is another process, so `fn` may hold the event loop.
 * Everything that the machine draws meanwhile is in it. Work handed to a GPU must be waited for inside `fn`.
 * @throws what `fn` throws; InputError "no-sources" when nothing can be read
 */
export async function measure<T>(
  fn: () => Promise<T> | T,
  options: MeasureFunctionOptions = {},
): Promise<{ readonly value: T; readonly measurement: Measurement }> {
  const { name = "measure", wallFactor = 1 } = options;
  const running = await meter(options);
  const { value, window } = await running.session.window(name, fn);
  return { value, measurement: await energyOf(running, window, wallFactor) };
}

/** Opens a window. Windows may overlap, also of one name: then the last one opened closes first. */
export async function openWindow(name: string, options: MeterOptions = {}): Promise<void> {
  const { session } = await meter(options);
  open.set(name, [...(open.get(name) ?? []), session.openWindow(name)]);
}

/** Closes a window and gives its joules. @throws InputError "unknown-window" when none of that name is open */
export async function closeWindow(
  name: string,
  { wallFactor = 1 }: { readonly wallFactor?: number } = {},
): Promise<Measurement> {
  const running = await starting;
  const starts = open.get(name) ?? [];
  const fromS = starts.at(-1);
  if (running === undefined || fromS === undefined)
    throw new InputError(
      "unknown-window",
      `no window "${name}" is open`,
      open.size === 0 ? "open it first: await openWindow(name)" : `open are ${[...open.keys()].join(", ")}`,
    );
  const toS = running.session.closeWindow(name);
  if (starts.length === 1) open.delete(name);
  else open.set(name, starts.slice(0, -1));
  return energyOf(running, { name, fromS, toS }, wallFactor);
}

/** Ends the sampler before the program ends; the next measurement starts another one. Nothing happens where none runs. */
export async function endMeasuring(): Promise<void> {
  const running = await starting;
  starting = undefined;
  open.clear();
  await running?.session.close();
}
