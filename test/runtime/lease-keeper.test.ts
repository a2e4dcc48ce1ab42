import { describe, expect, it } from "vitest";
import type { HandlerInput } from "../../src/actors/handler.ts";
import { SafepointError } from "../../src/errors.ts";
import { createRuntime } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";

/** A store that is there for everything but renewals. */
function deafToRenewals(store: Store, refused: { count: number }): Store {
  return new Proxy(store, {
    get(target, name) {
      if (name !== "renew") return Reflect.get(target, name).bind?.(target) ?? Reflect.get(target, name);
      return async () => {
        refused.count += 1;
        throw new SafepointError("store_unavailable", "no answer");
      };
    },
  });
}

describe("a lease that cannot be renewed", () => {
  it("ends the work at its end and writes nothing more, whatever the store's silence means", async () => {
    const refused = { count: 0 };
    const store = memoryStore();
    const started = Promise.withResolvers<HandlerInput>();
    const runtime = await createRuntime({
      store: deafToRenewals(store, refused),
      leaseMs: 300,
      handlers: {
        work: (input) => {
          started.resolve(input);
          return new Promise(() => {});
        },
      },
    });
    const run = await runtime.start("digraph { start; exit; w [type=work]; start -> w -> exit }");
    const { signal } = await started.promise;
    const before = await store.read("journal", { runId: run.id });
    if (!signal.aborted) await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
    expect((signal.reason as { reason: string }).reason).toBe("lease_lost");
    expect(refused.count).toBeGreaterThan(1);
    expect(await store.read("journal", { runId: run.id })).toEqual(before);
    await runtime.stop({ graceMs: 0 });
  });
});
