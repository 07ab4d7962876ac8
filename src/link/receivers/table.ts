// The receivers that need no network, by name.

import { InputError } from "../../units/input-error.ts";
import type { Channel } from "../channels/channel.ts";
import type { DemapRule } from "../demap.ts";
import { lmmse } from "./lmmse.ts";
import { ls } from "./ls.ts";
import { perfect } from "./perfect.ts";
import type { Receiver } from "./receiver.ts";

const MAKERS: Readonly<Record<string, (rule: DemapRule) => Receiver>> = { perfect, lmmse, ls };

export const RECEIVERS: readonly string[] = Object.keys(MAKERS);

/** The receiver of that name, or undefined: it may be a file. @param rule of demapping. Default "max-log" */
export function receiverNamed(name: string, rule: DemapRule = "max-log"): Receiver | undefined {
  return Object.hasOwn(MAKERS, name) ? MAKERS[name]!(rule) : undefined;
}

/** @throws InputError "bad-receiver" where pilots say nothing of the data's channel, which all but `perfect` rely on */
export function checkReceiver(name: string, channel: Channel): void {
  if (name === "perfect" || channel.paths !== undefined) return;
  throw new InputError(
    "bad-receiver",
    `receiver ${name} estimates the channel from pilots, which say nothing of it where each resource element fades on its own`,
    "take --receiver perfect, or --fading block",
  );
}
