/** What the visits of one node come to over all branches of a run. */
import { MAIN_BRANCH } from "../../../journal/address.ts";

/** What a node's last stage is at. */
export type NodeState =
  | "waiting"
  | "running"
  | "backing_off"
  | "interrupted"
  | "succeeded"
  | "partial"
  | "failed"
  | "skipped"
  | "cancelled";

/** Branches by what their last visit of a node came to. */
export interface NodeCounts {
  /** Ended, and not as one of the two below. */
  readonly done: number;
  readonly running: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** States of a stage that goes on, the most telling first. */
const LIVE = ["running", "backing_off", "interrupted", "waiting"] as const;

export function isLive(state: NodeState): boolean {
  return (LIVE as readonly NodeState[]).includes(state);
}

/** Memory is O(branches at the node, and those that failed there or were cut), not O(branches that were). */
export class NodeTally {
  readonly #live = new Map<string, NodeState>();
  readonly #failed = new Set<string>();
  readonly #cancelled = new Set<string>();
  #done = 0;
  #newestDone: NodeState = "succeeded";
  #ofMain: NodeState | undefined;

  /** A stage of this node is at this state now. */
  mark({ branch, visit }: { readonly branch: string; readonly visit: number }, state: NodeState): void {
    if (branch === MAIN_BRANCH) this.#ofMain = state;
    // The visit before is no longer the branch's last.
    if (!this.#live.has(branch) && visit > 1) this.#forget(branch);
    if (isLive(state)) {
      this.#live.set(branch, state);
      return;
    }
    this.#live.delete(branch);
    if (state === "failed") this.#failed.add(branch);
    else if (state === "cancelled") this.#cancelled.add(branch);
    else {
      this.#done += 1;
      this.#newestDone = state;
    }
  }

  counts(): NodeCounts {
    const { size: running } = this.#live;
    return { done: this.#done, running, failed: this.#failed.size, cancelled: this.#cancelled.size };
  }

  /** Main speaks for a node that it visits. Else what goes on, then what failed, then how it ended. */
  state(): NodeState {
    if (this.#ofMain !== undefined) return this.#ofMain;
    const live = new Set(this.#live.values());
    const going = LIVE.find((state) => live.has(state));
    if (going !== undefined) return going;
    if (this.#failed.size > 0) return "failed";
    return this.#done > 0 ? this.#newestDone : "cancelled";
  }

  #forget(branch: string): void {
    if (this.#failed.delete(branch) || this.#cancelled.delete(branch)) return;
    this.#done = Math.max(0, this.#done - 1);
  }
}

/** `97 done, 2 running, 1 failed`. */
export function describeCounts({ done, running, failed, cancelled }: NodeCounts): string {
  const words = [
    ...(done > 0 ? [`${done} done`] : []),
    ...(running > 0 ? [`${running} running`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(cancelled > 0 ? [`${cancelled} cancelled`] : []),
  ];
  return words.join(", ");
}
