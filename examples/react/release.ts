import { setTimeout as delay } from "node:timers/promises";
import type { Handler } from "safepoint";

export const RELEASE = `digraph release {
  start   [shape=Mdiamond]
  build   [type=step]
  test    [type=step]
  publish [type=step]
  done    [shape=Msquare]
  start -> build -> test -> publish -> done
}`;

/** Work that does nothing but take its time. */
export function stepHandler(stepMs: number): Handler {
  return async ({ signal }) => {
    await delay(stepMs, undefined, { signal });
    return { status: "success" };
  };
}
