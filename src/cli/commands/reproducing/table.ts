// Papers by the name on the command line, loaded only when asked for.
import { deeprx } from "./deeprx.ts";
import { getzner } from "./getzner.ts";
import { krouka } from "./krouka.ts";
import { mavromatis } from "./mavromatis.ts";
import type { Reproduction } from "./reproduction.ts";
import { step } from "./step.ts";

export const REPRODUCTIONS: Readonly<Record<string, Reproduction>> = { deeprx, getzner, krouka, mavromatis, step };
