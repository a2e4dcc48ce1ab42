/** Ready-made fault plans, and how several are one. */

import { type Fault, type FaultMoment, type FaultPlan, faultAtCommit, type StoreErrorCode } from "./fault-store.ts";
import type { VirtualClock } from "./virtual-clock.ts";

/** The process dies at its n-th commit, before it took effect or after. */
export function crashAtCommit(n: number, when: FaultMoment): FaultPlan {
  return faultAtCommit(n, { kind: "crash", when });
}

/** The n-th commit is refused; with `after` it took effect all the same. */
export function failCommit(
  n: number,
  when: FaultMoment = "before",
  code: StoreErrorCode = "store_unavailable",
): FaultPlan {
  return faultAtCommit(n, { kind: "fail", when, code });
}

/** Every commit takes as long as `delayMs(n)` says, on the virtual clock. */
export function slowCommits(clock: Pick<VirtualClock, "sleep">, delayMs: (n: number) => number): FaultPlan {
  return {
    faultAt: (n, operation): Fault | undefined =>
      operation === "commit" ? { kind: "wait", when: "before", until: clock.sleep(delayMs(n)) } : undefined,
  };
}

/** Of each write, what the first of these plans has for it. */
export function combinePlans(...plans: readonly FaultPlan[]): FaultPlan {
  return {
    faultAt(n, operation) {
      for (const plan of plans) {
        const fault = plan.faultAt(n, operation);
        if (fault !== undefined) return fault;
      }
      return undefined;
    },
    onCrash: () => {
      for (const { onCrash } of plans) onCrash?.();
    },
  };
}
