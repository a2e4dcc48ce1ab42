/** What lies inside of what, and is cancelled with it. */
import { activationsAround, isWithin, readStageAddress } from "../address.ts";
import type { FoldState } from "./state.ts";

/**
 * Whether a branch or stage, or something it is inside of, is being cancelled: by itself, with the run, or because
 * what it would count for was decided without it.
 */
export function isCancelling(state: FoldState, path: string): boolean {
  if (state.status === "cancelling" || state.control.cancellingScopes.some((scope) => takesAlong(scope, path)))
    return true;
  if (state.parallels.size === 0 && state.containers.size === 0) return false;
  for (const activation of activationsAround(path)) if (windsDown(state, activation)) return true;
  return false;
}

/** Whether the branches of an activation that are still open are being cancelled: what it comes to is decided. */
export function windsDown({ containers, parallels }: FoldState, activation: string): boolean {
  const container = containers.get(activation);
  if (!container) return parallels.get(activation)?.decided !== undefined;
  const { aborted, onItemFailure, unsuccessful } = container;
  return aborted !== undefined || (onItemFailure !== "continue" && unsuccessful?.isActedOn === true);
}

/** An activation whose branches are cancelled goes on itself, to fail. */
function takesAlong(scope: string, path: string): boolean {
  return isWithin(path, scope) && (path !== scope || readStageAddress(scope) === undefined);
}
