/**
 * A store that fails on purpose: the n-th write is refused, takes effect without an answer, waits, or is the last thing
 * the process does. What a test learns with it, a user need not.
 */
import { type ErrorCode, SafepointError } from "../errors.ts";
import type { Store } from "../persistence/store.ts";

/** `before` the write reached the medium, or `after` it took effect and before anybody was told. */
export type FaultMoment = "before" | "after";

export type StoreErrorCode = Extract<ErrorCode, `store_${string}`>;

export type Fault =
  | { readonly kind: "fail"; readonly when: FaultMoment; readonly code: StoreErrorCode }
  /** Nothing works any more, as for a process that died; see {@link FaultPlan.onCrash}. */
  | { readonly kind: "crash"; readonly when: FaultMoment }
  /** The write waits for the promise. */
  | { readonly kind: "wait"; readonly when: FaultMoment; readonly until: Promise<unknown> };

/** Methods that write. */
export type WriteOperation =
  | "commit"
  | "claim"
  | "renew"
  | "release"
  | "submit"
  | "writeSide"
  | "clearOutbox"
  | "putPipeline"
  | "putBlob";

export interface FaultPlan {
  /** Asked before each write: what goes wrong with the `n`-th call of this operation, counted from 1. */
  readonly faultAt: (n: number, operation: WriteOperation) => Fault | undefined;
  /** Called at a crash; a test in a process of its own kills itself here. */
  readonly onCrash?: () => void;
}

export interface FaultStore extends Store {
  /** Calls of an operation so far, those that failed with them. */
  count(operation: WriteOperation): number;
  readonly isCrashed: boolean;
}

/** The plan that does something to the n-th commit, and nothing else. */
export function faultAtCommit(n: number, fault: Fault): FaultPlan {
  return { faultAt: (at, operation) => (operation === "commit" && at === n ? fault : undefined) };
}

export const failBefore = (code: StoreErrorCode = "store_unavailable"): Fault => ({
  kind: "fail",
  when: "before",
  code,
});
export const failAfter = (code: StoreErrorCode = "store_unavailable"): Fault => ({ kind: "fail", when: "after", code });
export const crashBefore: Fault = { kind: "crash", when: "before" };
export const crashAfter: Fault = { kind: "crash", when: "after" };

/** Wraps `store`. After a crash every call rejects with `store_unavailable`; what is stored is read from the inner one. */
export function faultStore(store: Store, plan: FaultPlan): FaultStore {
  const counts = new Map<WriteOperation, number>();
  let isCrashed = false;

  const assertAlive = () => {
    if (isCrashed) throw new SafepointError("store_unavailable", "the store crashed, as its fault plan says");
  };
  const strike = async (fault: Fault, when: FaultMoment): Promise<void> => {
    if (fault.when !== when) return;
    if (fault.kind === "wait") {
      await fault.until;
      return;
    }
    if (fault.kind === "crash") {
      isCrashed = true;
      plan.onCrash?.();
      assertAlive();
      return;
    }
    throw new SafepointError(fault.code, `the store fails ${when} this write, as its fault plan says`);
  };
  const write = async <T>(operation: WriteOperation, work: () => Promise<T>): Promise<T> => {
    assertAlive();
    const n = (counts.get(operation) ?? 0) + 1;
    counts.set(operation, n);
    const fault = plan.faultAt(n, operation);
    if (fault !== undefined) await strike(fault, "before");
    // Another call may have crashed the store while this one waited.
    assertAlive();
    const result = await work();
    if (fault !== undefined) await strike(fault, "after");
    assertAlive();
    return result;
  };
  const read = async <T>(work: () => Promise<T>): Promise<T> => {
    assertAlive();
    const result = await work();
    assertAlive();
    return result;
  };

  return {
    kind: store.kind,
    location: store.location,
    commit: (turns) => write("commit", () => store.commit(turns)),
    claim: (request) => write("claim", () => store.claim(request)),
    renew: (leases, untilMs) => write("renew", () => store.renew(leases, untilMs)),
    release: (leases) => write("release", () => store.release(leases)),
    submit: (command) => write("submit", () => store.submit(command)),
    writeSide: (side) => write("writeSide", () => store.writeSide(side)),
    clearOutbox: (rows) => write("clearOutbox", () => store.clearOutbox(rows)),
    putPipeline: (pipeline) => write("putPipeline", () => store.putPipeline(pipeline)),
    putBlob: (bytes) => write("putBlob", () => store.putBlob(bytes)),
    load: (runId) => read(() => store.load(runId)),
    read: (topic, query) => read(() => store.read(topic, query)),
    getBlob: (hash) => read(() => store.getBlob(hash)),
    check: () => read(() => store.check()),
    watch: (onChange) => store.watch(() => isCrashed || onChange()),
    close: () => store.close(),
    count: (operation) => counts.get(operation) ?? 0,
    get isCrashed() {
      return isCrashed;
    },
  };
}
