import { from, throwError } from "rxjs";
import { describe, expect, it } from "vitest";
import {
  createMachine,
  type EventObject,
  fromCallback,
  fromEventObservable,
  fromObservable,
  fromPromise,
  fromTransition,
  setup,
  spawnChild,
} from "xstate";
import type { Handler, HandlerInput } from "../../src/actors/handler.ts";
import { builtinHandlers } from "../../src/actors/handlers/builtin.ts";
import { createRegistry, ENGINE_TYPES } from "../../src/actors/handlers/registry.ts";
import { type HandlerEnd, runHandler } from "../../src/actors/handlers/run-handler.ts";
import { RetryableError } from "../../src/errors.ts";
import { type FakeExecution, fakeExecution } from "./fake-execution.ts";

async function run(handler: Handler, execution: FakeExecution = fakeExecution()): Promise<HandlerEnd> {
  const definition = createRegistry({ mine: handler }).resolve("mine");
  if (!definition) throw new Error("not registered");
  return await runHandler(definition, execution.input);
}

const refusal =
  (handler: unknown): (() => void) =>
  () =>
    void createRegistry({ mine: handler as Handler });

describe("the registry", () => {
  it("knows types, replaces them, and lists them in order", () => {
    const registry = createRegistry(builtinHandlers());
    expect(registry.types()).toEqual(["codergen", "parallel.fan_in", "tool"]);
    const own = () => "mine";
    registry.register("tool", own);
    registry.register("alpha", { handler: own, onInterrupt: "ask", idempotent: false });
    expect(registry.types()).toEqual(["alpha", "codergen", "parallel.fan_in", "tool"]);
    expect(registry.resolve("tool")?.handler).toBe(own);
    expect(registry.resolve("alpha")).toMatchObject({ onInterrupt: "ask", idempotent: false });
    expect([registry.has("alpha"), registry.has("beta"), registry.resolve("beta")]).toEqual([true, false, undefined]);
  });

  it("refuses names it would never call", () => {
    for (const type of ENGINE_TYPES) {
      expect(() => createRegistry({ [type]: () => {} })).toThrow(/done by the engine itself/);
    }
    for (const type of ["", "two words", "-x", "a".repeat(200)]) {
      expect(() => createRegistry({ [type]: () => {} })).toThrow(expect.objectContaining({ code: "handler_invalid" }));
    }
  });

  it("refuses what is no handler, saying what it found", () => {
    expect(refusal(null)).toThrow(/found null/);
    expect(refusal("x")).toThrow(/found string/);
    expect(refusal({ handler: 5 })).toThrow(/found number/);
    expect(refusal({ handler: () => {}, onInterrupt: "later" })).toThrow(/onInterrupt is retry, ask or fail/);
    expect(refusal({ handler: () => {}, idempotent: "no" })).toThrow(/idempotent is true or false/);
    expect(refusal(fromTransition((state: number) => state, 0))).toThrow(/never ends by itself/);
  });

  it("refuses machines that would not survive being stored, and says why", () => {
    const work = fromPromise(async () => 1);
    const inline = createMachine({ id: "m", initial: "a", states: { a: { invoke: { src: work } } } });
    expect(refusal(inline)).toThrow(/state "m\.a" has an inline actor/);
    const unknown = createMachine({ id: "m", initial: "a", states: { a: { invoke: { src: "work" } } } });
    expect(refusal({ handler: unknown })).toThrow(/names the actor "work", which is not registered/);
    const spawns = createMachine({ id: "m", initial: "a", states: { a: { entry: spawnChild(work) } } });
    expect(refusal(spawns)).toThrow(/state "m\.a" has an inline actor/);
    expect(refusal(createMachine({ id: "m", context: { at: new Date() } }))).toThrow(/context\.at is a Date/);
    const lazily = createMachine({ id: "m", context: () => ({ goal: "", seen: new Set() }) });
    expect(refusal(lazily)).toThrow(/context\.seen is a Set/);
    const nested = setup({ actors: { inner: inline } }).createMachine({ id: "outer", invoke: { src: "inner" } });
    expect(refusal(nested)).toThrow(/state "m\.a" has an inline actor/);
    const good = setup({ actors: { work } }).createMachine({
      context: ({ input }) => ({ input, maybe: undefined }),
      initial: "a",
      states: { a: { invoke: { src: "work", onDone: "b" } }, b: { type: "final" } },
    });
    expect(refusal(good)).not.toThrow();
  });
});

describe("running a handler function", () => {
  it.each<[string, () => unknown, unknown]>([
    ["nothing", () => undefined, { status: "success" }],
    ["a text", () => "done", { status: "success", notes: "done" }],
    ["a promise of a text", async () => "done", { status: "success", notes: "done" }],
    [
      "an outcome",
      () => ({ status: "needs_work", contextUpdates: { a: 1 } }),
      { status: "needs_work", contextUpdates: { a: 1 } },
    ],
  ])("takes %s", async (_, handler, outcome) => {
    expect(await run(handler as Handler)).toEqual({ outcome });
  });

  it.each<[string, () => unknown, RegExp]>([
    ["a number", () => 5, /not a number/],
    ["a list", () => [], /not a list/],
    ["no status", () => ({}), /needs a `status`/],
    ["a bad status", () => ({ status: "NOT GOOD" }), /no outcome.*"NOT GOOD"/],
    [
      "a date in the context",
      () => ({ status: "success", contextUpdates: { at: new Date() } }),
      /contextUpdates\.at is a Date/,
    ],
  ])("fails on %s", async (_, handler, reason) => {
    const end = await run(handler as Handler);
    expect(end).toEqual({ outcome: { status: "fail", failureReason: expect.stringMatching(reason) } });
  });

  it("never rejects, and says what was thrown", async () => {
    const end = await run(() => {
      throw new RetryableError("busy", { retryAfterMs: 20 });
    });
    expect(end).toMatchObject({
      outcome: { status: "fail", failureReason: "busy" },
      thrown: { name: "RetryableError", failureClass: "transient", terminal: false, retryAfterMs: 20 },
    });
    expect((await run(async () => Promise.reject(undefined))).outcome.status).toBe("fail");
  });

  it("says in the log which parts of a result mean nothing", async () => {
    const execution = fakeExecution();
    await run((() => ({ status: "success", contextUpdate: { a: 1 } })) as Handler, execution);
    expect(execution.logged).toEqual([
      { level: "warn", message: expect.any(String), fields: { ignored: ["contextUpdate"] } },
    ]);
  });
});

describe("running actor logic", () => {
  it("takes a promise's result, and gives it the input", async () => {
    const logic = fromPromise(async ({ input }: { input: HandlerInput }) => ({
      status: "success",
      notes: input.stage,
    }));
    expect(await run(logic)).toEqual({ outcome: { status: "success", notes: "main/work@1" } });
    const failing = fromPromise(async () => {
      throw new RetryableError("busy");
    });
    expect((await run(failing)).thrown).toMatchObject({ name: "RetryableError", failureReason: "busy" });
  });

  it("aborts a promise by both signals, and waits for how it ends", async () => {
    const execution = fakeExecution();
    const logic = fromPromise(async ({ signal }) => {
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
      await new Promise((resolve) => void setTimeout(resolve, 30));
      return { status: "partial_success" };
    });
    const running = run(logic, execution);
    execution.abort("pause");
    expect((await running).outcome.status).toBe("partial_success");
  });

  it("takes the outcome that a callback sends back, and cleans it up", async () => {
    let disposed = 0;
    const logic = fromCallback<EventObject, HandlerInput>(({ sendBack, input }) => {
      sendBack({ type: "progress", percent: 10 });
      setTimeout(() => sendBack({ type: "outcome", outcome: { status: "fail", failureReason: input.node.id } }), 5);
      return () => {
        disposed += 1;
      };
    });
    expect((await run(logic)).outcome).toEqual({ status: "fail", failureReason: "work" });
    expect(disposed).toBe(1);
    const flat = fromCallback(({ sendBack }) => sendBack({ type: "done", outcome: "failed", notes: "n" }));
    expect((await run(flat)).outcome).toEqual({ status: "fail", notes: "n" });
    const wrong = fromCallback(({ sendBack }) => sendBack({ type: "error", error: new RetryableError("x") }));
    expect((await run(wrong)).thrown?.failureClass).toBe("transient");
    const throwing = fromCallback(() => {
      throw new Error("at once");
    });
    expect((await run(throwing)).thrown?.failureReason).toBe("at once");
  });

  it("stops a callback on abort, and reports the abort", async () => {
    const execution = fakeExecution();
    let disposed = false;
    const logic = fromCallback(() => () => {
      disposed = true;
    });
    const running = run(logic, execution);
    execution.abort("cancel");
    expect((await running).thrown?.name).toBe("ExecutionAbort");
    expect(disposed).toBe(true);
  });

  it("takes the last value of an observable, and of an event observable", async () => {
    const values = fromObservable(() => from([{ status: "fail" }, { status: "almost" }]));
    expect((await run(values)).outcome).toEqual({ status: "almost" });
    expect((await run(fromObservable(() => from([])))).outcome).toEqual({ status: "success" });
    const events = fromEventObservable(() =>
      from([
        { type: "tick", status: "fail" },
        { type: "tock", status: "success" },
      ]),
    );
    expect((await run(events)).outcome).toEqual({ status: "success" });
    const failing = fromObservable(() => throwError(() => new Error("broken")));
    expect((await run(failing)).thrown?.failureReason).toBe("broken");
  });
});
