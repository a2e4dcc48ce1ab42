import type { FoldState } from "../fold/state.ts";

export function isPausing(state: Pick<FoldState, "status">): boolean {
  return state.status === "pausing" || state.status === "paused";
}
