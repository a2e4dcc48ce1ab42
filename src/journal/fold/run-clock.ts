import type { FoldState } from "./state.ts";

/** Run time: ms since the run was created without those spent pausing or paused. */
export function runTimeAt(state: Pick<FoldState, "clock">, nowMs: number): number {
  const { runTimeMs, sinceMs } = state.clock;
  return sinceMs === undefined ? runTimeMs : runTimeMs + Math.max(0, nowMs - sinceMs);
}

/** When the run's clock will show `runMs`, epoch ms; undefined while it stands. */
export function wallTimeOf(state: Pick<FoldState, "clock">, runMs: number): number | undefined {
  const { runTimeMs, sinceMs } = state.clock;
  return sinceMs === undefined ? undefined : sinceMs + (runMs - runTimeMs);
}
