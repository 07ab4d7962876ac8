// Channels taken out until half of the MACs are left: the network really is smaller, wherever it runs. Fine-tuning has to bring accuracy back.
import { InputError } from "../../../units/input-error.ts";
import type { WeightedNetwork } from "../../network.ts";
import { DEFAULT_MULTIPLE } from "../../prune/pipeline.ts";
import { pruneChannels } from "../../prune/structured.ts";
import type { Action, Subject } from "../action.ts";
import { bestTried, bottleneckText, savingBy, trainingJ } from "../evidence.ts";
import { narrower } from "../what-if.ts";

const ID = "prune-structured";
const MACS_RATIO = 0.5;

/** In multiples that processors like, where so few channels can be had. @throws InputError where the channels do not allow it */
async function halved({ network, dims }: Pick<Subject, "network" | "dims">): Promise<WeightedNetwork> {
  const how = { macsRatio: MACS_RATIO, dims };
  try {
    return (await pruneChannels(network, { ...how, multiple: DEFAULT_MULTIPLE })).network;
  } catch (error) {
    if (!(error instanceof InputError)) throw error;
    return (await pruneChannels(network, how)).network;
  }
}

export const pruneStructured: Action = {
  id: ID,
  candidates: async ({ network, dims, isHere }) => {
    if (!isHere) return [];
    const smaller = await halved({ network, dims });
    return [{ name: "half of the MACs", network: smaller, isJudged: false }];
  },
  consider: (context) => {
    const { refused, training } = context;
    const cannot = refused.get(ID);
    const tried = bestTried(context, ID);
    const saving =
      cannot === undefined ? savingBy(context, tried, narrower(context.work, Math.sqrt(MACS_RATIO))) : undefined;
    if (saving === undefined && cannot === undefined) return undefined;
    return {
      change: "half of the MACs",
      saving,
      costJ: trainingJ(context),
      costBasis: training?.basis ?? "estimated",
      risk: "some",
      obstacle: cannot,
      why: `channels removed, then fine-tuned; accuracy is known only after that${bottleneckText(context)}`,
    };
  },
  silence: () => "the metric tells nothing of a smaller network",
};
