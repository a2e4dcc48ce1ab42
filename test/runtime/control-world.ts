/** Runtimes over one store and one virtual clock, with handlers that end when a test says so. */
import type { HandlerInput } from "../../src/actors/handler.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import type { Run, Runtime, RuntimeOptions } from "../../src/runtime/api.ts";
import { createRuntime } from "../../src/runtime/create-runtime.ts";
import { faultStore } from "../../src/testing/fault-store.ts";
import { type VirtualClock, virtualClock } from "../../src/testing/virtual-clock.ts";

export const LINE = `digraph line {
  start [shape=Mdiamond]
  a [prompt="a"]
  b [prompt="b"]
  exit [shape=Msquare]
  start -> a -> b -> exit
}`;

/** Starts over as another run until an outcome says `done`. */
export const AGAIN = `digraph again {
  start [shape=Mdiamond]
  a [prompt=a]
  exit [shape=Msquare]
  start -> a
  a -> exit [condition="outcome=done"]
  a -> a [condition="outcome=success", loop_restart=true]
}`;

/** A call of a handler that goes on until the test ends it. */
export interface Call {
  readonly input: HandlerInput;
  readonly node: string;
  end(outcome?: string): void;
}

export interface World {
  readonly store: Store;
  readonly clock: VirtualClock;
  readonly calls: Call[];
  /** Calls that go on. */
  readonly open: () => readonly Call[];
  /** The newest open call of a node; waits for it. */
  call(node: string, runId?: string): Promise<Call>;
  runtime(options?: RuntimeOptions): Promise<Runtime>;
  /** A runtime in this process that can be abandoned as if its process had died. */
  mortal(options?: RuntimeOptions): Promise<{ readonly runtime: Runtime; die(): void }>;
  types(run: Run | string): Promise<readonly string[]>;
  /** Lets the program come to rest without time passing. */
  rest(): Promise<void>;
}

export function createWorld(store: Store = memoryStore()): World {
  const clock = virtualClock();
  const calls: Call[] = [];
  const ended = new Set<Call>();
  const step = (input: HandlerInput) =>
    new Promise<{ status: string }>((resolve, reject) => {
      const call: Call = {
        input,
        node: input.node.id,
        end: (outcome = "success") => {
          ended.add(call);
          resolve({ status: outcome });
        },
      };
      calls.push(call);
      input.signal.addEventListener("abort", () => {
        if (input.attributes["stubborn"] === true) return;
        ended.add(call);
        reject(input.signal.reason);
      });
    });
  const open = () => calls.filter((call) => !ended.has(call));
  const options = (over: RuntimeOptions, runStore: Store): RuntimeOptions => {
    return { clock, actor: "tester", handlers: { codergen: step }, ...over, store: runStore };
  };
  return {
    store,
    clock,
    calls,
    open,
    async call(node, runId) {
      for (;;) {
        const found = open().findLast((call) => call.node === node && call.input.runId === (runId ?? call.input.runId));
        if (found) return found;
        await clock.advance(25);
      }
    },
    runtime: (over = {}) => createRuntime(options(over, store)),
    async mortal(over = {}) {
      let isDead = false;
      const mine = faultStore(store, { faultAt: () => (isDead ? { kind: "crash", when: "before" } : undefined) });
      const runtime = await createRuntime(options(over, mine));
      return {
        runtime,
        die() {
          isDead = true;
          void mine.putBlob(new Uint8Array()).catch(() => {});
          for (const call of open()) ended.add(call);
        },
      };
    },
    async types(run) {
      const entries = await store.read("journal", { runId: typeof run === "string" ? run : run.id });
      return entries.map(({ type }) => type);
    },
    async rest() {
      // A run that ends makes room for another, and that one for the next: each by turns of its own.
      for (let look = 0; look < 6; look += 1) await clock.advance(0);
    },
  };
}
