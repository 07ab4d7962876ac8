// The device of a split network: chooses the cut for the link there is, runs its half, sends the representation at the link's pace, and
// takes the server's answer; or finishes itself when the server is gone, too slow, or the link closed. Joules are accounted by component:
// processing is what the metric says of the layers that ran, radio is power × the time the sending took.
import type { Tensors } from "../../runtime/runtime.ts";
import type { Airtime } from "../../split/airtime.ts";
import type { CostTable } from "../../split/costs.ts";
import { decide, type Limits, NO_CUT } from "../../split/decide.ts";
import type { FeatureBits } from "../../split/features.ts";
import type { Uplink } from "../../split/radio.ts";
import { InputError } from "../../units/input-error.ts";
import { ask, refused, type SplitClock, Unreachable } from "./connect.ts";
import type { HalvesCache } from "./halves.ts";
import { cutToText, HEADERS, messageBytes, PATHS, packTensors, unpackTensors } from "./protocol.ts";

export interface SplitClientOptions {
  readonly server: URL;
  /** Of the model that this device has. */
  readonly digest: string;
  readonly table: CostTable;
  readonly halves: HalvesCache;
  readonly link: Uplink;
  /** The channel over time; times are those of the trace. */
  readonly airtime: Airtime;
  readonly bits: FeatureBits;
  readonly limits?: Limits;
  /** Always this cut. Default: the best for the channel. */
  readonly cut?: number;
  /** Longest wait for an answer after the sending, and longest time on the air, s. Default 10. */
  readonly patienceS?: number;
  readonly clock: SplitClock;
}

/** Joules of one inference, by component. */
export interface SplitJoules {
  readonly processingJ: number;
  readonly radioJ: number;
  readonly totalJ: number;
}

export interface SplitInference {
  /** The layer before the cut that was chosen. */
  readonly cut: string;
  /** Bytes that went out; 0 when nothing was sent. */
  readonly sentBytes: number;
  /** What the plan says: the chosen cut, at the channel of that moment and onwards. */
  readonly planned: SplitJoules & { readonly airtimeS: number };
  /** What was spent: the layers that ran here, and the time the radio was on. */
  readonly spent: SplitJoules & { readonly airtimeS: number };
  readonly finishedBy: "server" | "device";
  /** Why the device finished; undefined: as planned. */
  readonly why: string | undefined;
  /** From input to answer on this machine, s. */
  readonly seconds: number;
  readonly outputs: Tensors;
}

const DEFAULT_PATIENCE_S = 10;
/** Pieces that a message is sent in, each when the link has carried what came before. */
const PARTS = 16;

const joules = (processingJ: number, radioJ: number): SplitJoules => ({
  processingJ,
  radioJ,
  totalJ: processingJ + radioJ,
});

interface Attempt {
  readonly outputs: Tensors | undefined;
  readonly airtimeS: number;
  readonly sentBytes: number;
  readonly why: string | undefined;
}

/** The device's side of a split network; the halves are the caller's to close. */
export class SplitClient {
  readonly #options: SplitClientOptions;

  constructor(options: SplitClientOptions) {
    this.#options = options;
  }

  /** The cut for the channel from `startS` of the trace on. */
  #choose(startS: number): number {
    const { cut, table, airtime, link, limits = {} } = this.#options;
    if (cut !== undefined) return cut;
    const chosen = decide(table, airtime.rateAt(startS), link.sending, limits);
    return chosen === NO_CUT ? table.local : chosen;
  }

  /**
   * One inference.
   * @param feeds every input of the network
   * @param startS time in the channel's trace, s
   * @throws InputError "other-model" when the server has another model, and what the runtime throws
   */
  async infer(feeds: Tensors, startS: number): Promise<SplitInference> {
    const { table, halves, airtime, link, bits, clock } = this.#options;
    const beganS = clock.nowS();
    const index = this.#choose(startS);
    const cut = table.cuts[index]!;
    const { device, server, crossing } = halves.of(cut.onDevice);
    const own = { ...feeds, ...(await device.run(feeds)) };
    const size = cut.isLocal ? 0 : messageBytes(crossing, halves.shaped.graph.tensors, bits);
    const plannedS = airtime.timeToSendS(size * 8, startS);
    const planned = {
      ...joules(table.deviceJ[index]!, size === 0 ? 0 : link.sending.powerW * plannedS),
      airtimeS: plannedS,
    };
    const tried: Attempt = cut.isLocal
      ? { outputs: {}, airtimeS: 0, sentBytes: 0, why: undefined }
      : await this.#send(cut.onDevice, packTensors(crossing, own, bits), server.graph.outputs, startS);
    const answer = tried.outputs ?? (await server.run(own));
    const isOwn = cut.isLocal || tried.outputs === undefined;
    const processingJ = table.deviceJ[isOwn ? table.local : index]!;
    return {
      cut: cut.after,
      sentBytes: tried.sentBytes,
      planned,
      spent: { ...joules(processingJ, link.sending.powerW * tried.airtimeS), airtimeS: tried.airtimeS },
      finishedBy: isOwn ? "device" : "server",
      why: tried.why,
      seconds: clock.nowS() - beganS,
      outputs: Object.fromEntries(halves.shaped.graph.outputs.map((name) => [name, answer[name] ?? own[name]!])),
    };
  }

  /** Sends at the link's pace and waits for the answer. */
  async #send(onDevice: Uint8Array, body: Uint8Array, wanted: readonly string[], startS: number): Promise<Attempt> {
    const { server, digest, halves, airtime, bits, clock, patienceS = DEFAULT_PATIENCE_S } = this.#options;
    const needsS = airtime.timeToSendS(body.length * 8, startS);
    if (!(needsS <= patienceS))
      return {
        outputs: undefined,
        airtimeS: 0,
        sentBytes: 0,
        why: Number.isFinite(needsS) ? `sending would take ${needsS.toPrecision(3)} s` : "the link carries nothing",
      };
    let [beganS, airtimeS, sentParts] = [Number.NaN, 0, 0];
    const before = async (part: number): Promise<void> => {
      // The sending begins once there is a connection to send over.
      if (part === 0) beganS = clock.nowS();
      // Part i may go once the link has carried parts 0 to i: the last one ends with the message. Timers may fire early.
      const dueS = beganS + airtime.timeToSendS((body.length * 8 * (part + 1)) / PARTS, startS);
      for (let nowS = clock.nowS(); nowS < dueS; nowS = clock.nowS()) await clock.waitS(dueS - nowS);
    };
    const after = (part: number): void => {
      sentParts = part + 1;
      airtimeS = clock.nowS() - beganS;
    };
    const failed = (why: string): Attempt => ({
      outputs: undefined,
      airtimeS,
      sentBytes: Math.floor((body.length * sentParts) / PARTS),
      why,
    });
    try {
      const reply = await ask(server, {
        method: "POST",
        path: PATHS.infer,
        headers: {
          [HEADERS.digest]: digest,
          [HEADERS.cut]: cutToText(onDevice),
          [HEADERS.bits]: String(bits),
          "content-type": "application/octet-stream",
        },
        body,
        timeoutS: patienceS,
        pace: { parts: PARTS, before, after },
      });
      if (reply.status === 200) {
        const outputs = unpackTensors(reply.body, wanted, halves.shaped.graph.tensors, 32);
        return { outputs, airtimeS, sentBytes: body.length, why: undefined };
      }
      const { code, message, status } = refused(reply);
      if (status === 409)
        throw new InputError(
          "other-model",
          `server and device have different models: ${message}`,
          "give both the same file",
        );
      return failed(`the server refuses (${status} ${code}): ${message}`);
    } catch (error) {
      if (error instanceof Unreachable) return failed(error.message);
      if (error instanceof InputError && error.code === "bad-length")
        return failed(`its answer is no answer: ${error.message}`);
      throw error;
    }
  }
}
