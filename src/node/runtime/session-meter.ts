// A measuring session as the trainer's energy meter: windows into its recording, and the joules so far out of it.

import type { EnergyMeter } from "../../learn/train/plan.ts";
import { openLedger } from "../../measure/ledger.ts";
import type { Session } from "../run/session.ts";

/**
 * @param prefix before the windows' names, to tell several trainings in one recording apart. Default ""
 * @param wallFactor wall power over what the sources see. Default 1
 */
export function sessionMeter(session: Session, { prefix = "", wallFactor = 1 } = {}): EnergyMeter {
  const fromS = session.nowS();
  return {
    openWindow: (name) => session.openWindow(`${prefix}${name}`),
    closeWindow: (name) => session.closeWindow(`${prefix}${name}`),
    spentJ: async () => {
      const toS = session.nowS();
      if (toS <= fromS) return undefined;
      const ledger = openLedger(await session.read(), [], wallFactor);
      return ledger.window({ name: "so far", fromS, toS }).grossJ;
    },
  };
}
