// Every action considered and judged, best first; what cannot be said of is listed with its reason, never left out in silence.
import type { Action, AdviceContext, Advised } from "./action.ts";
import { ACTIONS } from "./actions/table.ts";
import { advised, ranked } from "./verdict.ts";

export interface Advice {
  readonly actions: readonly Advised[];
  /** Nothing can be said of these here. */
  readonly unsaid: readonly { readonly action: string; readonly why: string }[];
}

export function advise(context: AdviceContext, actions: readonly Action[] = ACTIONS): Advice {
  const all: Advised[] = [];
  const unsaid: { action: string; why: string }[] = [];
  for (const action of actions) {
    const proposal = action.consider(context);
    if (proposal === undefined) unsaid.push({ action: action.id, why: action.silence(context) });
    else all.push(advised(action.id, proposal, context));
  }
  return { actions: ranked(all), unsaid };
}
