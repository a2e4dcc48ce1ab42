/** What lies inside of what, and is cancelled with it. */
import { isWithin, readBranchAddress, readStageAddress } from "../address.ts";
import type { FoldState } from "./state.ts";

/** The activations that a branch or stage is inside of, innermost first. */
export function* activationsAround(path: string): Iterable<string> {
  let branch = readBranchAddress(path) ?? readBranchAddress(readStageAddress(path)?.branch ?? "");
  while (branch) {
    yield branch.activation;
    branch = readBranchAddress(readStageAddress(branch.activation)?.branch ?? "");
  }
}

/**
 * Whether a branch or stage, or something it is inside of, is being cancelled: by itself, with the run, or because the
 * join it goes to was decided without it.
 */
export function isCancelling(state: FoldState, path: string): boolean {
  if (state.status === "cancelling" || state.control.cancellingScopes.some((scope) => isWithin(path, scope)))
    return true;
  if (state.parallels.size === 0) return false;
  for (const activation of activationsAround(path)) if (state.parallels.get(activation)?.decided) return true;
  return false;
}
