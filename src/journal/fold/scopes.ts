/** What lies inside of what, and is cancelled with it. */
import { activationsAround, isWithin, readStageAddress } from "../address.ts";
import type { FoldState } from "./state.ts";

/**
 * Whether a branch or stage, or something it is inside of, is being cancelled: by itself, with the run, or because the
 * join it goes to was decided without it.
 */
export function isCancelling(state: FoldState, path: string): boolean {
  if (state.status === "cancelling" || state.control.cancellingScopes.some((scope) => takesAlong(scope, path)))
    return true;
  if (state.parallels.size === 0) return false;
  for (const activation of activationsAround(path)) if (state.parallels.get(activation)?.decided) return true;
  return false;
}

/** An activation whose branches are cancelled goes on itself, to fail. */
function takesAlong(scope: string, path: string): boolean {
  return isWithin(path, scope) && (path !== scope || readStageAddress(scope) === undefined);
}
