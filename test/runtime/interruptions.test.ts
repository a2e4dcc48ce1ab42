import { describe, expect, it } from "vitest";
import { type createMachine, fromPromise, setup } from "xstate";
import type { HandlerDefinition, Run } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { EagerClock } from "./eager-clock.ts";
import { entryOf, openMortal, openRuntime, pipeline } from "./fixtures.ts";

const never = () => new Promise<never>(() => {});

/** Dies `crashes` times in the middle of the stage `a`, then is taken up for good. */
async function crashIn(
  attributes: string,
  crashes = 1,
  handler: Pick<HandlerDefinition, "onInterrupt" | "idempotent"> = {},
) {
  const store: Store = memoryStore();
  const clock = new EagerClock();
  const source = pipeline(
    `a [${attributes}]; start -> a; a -> other [condition="outcome=fail"]; a -> exit; other -> exit`,
  );
  for (let crash = 0; crash < crashes; crash += 1) {
    const { runtime, kill } = await openMortal(store, clock, { handlers: { step: { ...handler, handler: never } } });
    const run = crash === 0 ? await runtime.start(source, { runId: "r" }) : await runtime.resume("r");
    const starts = await entriesOf(store, "stage.started");
    expect(starts).toHaveLength(crash + 1);
    expect(run.id).toBe("r");
    kill();
  }
  const calls: string[] = [];
  const runtime = await openRuntime({
    store,
    clock,
    handlers: { step: { ...handler, handler: ({ execution }) => void calls.push(execution) } },
  });
  return { store, runtime, calls, run: await runtime.resume("r") };
}

const entriesOf = (store: Store, type: "stage.started" | "stage.interrupted" | "gate.opened" | "stage.failed") =>
  store.read("journal", { runId: "r", types: [type] });

async function askedGate(run: Run): Promise<string> {
  await entryOf(run, "gate.opened");
  const [question] = await run.questions();
  expect(question?.question).toMatchObject({ purpose: "interrupted" });
  return question?.gate ?? "";
}

describe("an execution that was open when its process died", () => {
  it("is executed again under the same attempt, which uses up no retry", async () => {
    const { run, calls, store } = await crashIn("");
    expect((await run.finished()).status).toBe("completed");
    expect(calls).toEqual(["main/a@1#1.2"]);
    const [entry] = await entriesOf(store, "stage.interrupted");
    expect(entry).toMatchObject({ execution: "main/a@1#1.1", data: { cause: "crash", inARow: 1, policy: "retry" } });
  });

  it("is marked as run again in the view", async () => {
    const { run } = await crashIn("");
    await run.finished();
    const stage = (await run.view()).stages.find(({ node }) => node === "a");
    expect(stage?.attempts.at(-1)).toMatchObject({ n: 1, rerun: true });
  });

  it("asks a person after three crashes of one attempt in a row", async () => {
    const { run, calls } = await crashIn("", 3);
    const gate = await askedGate(run);
    expect((await run.view()).waitingOn).toMatchObject([{ kind: "gate", id: gate }]);
    expect(calls).toEqual([]);
    expect(await run.answer(gate, "retry")).toMatchObject({ accepted: true });
    expect((await run.finished()).status).toBe("completed");
    expect(calls).toEqual(["main/a@1#1.4"]);
  });

  it("asks at once where it may not be repeated, and takes the word of the person", async () => {
    for (const [attributes, handler] of [
      ["on_interrupt=ask", {}],
      ["idempotent=false", {}],
      ["", { idempotent: false }],
      ["", { onInterrupt: "ask" }],
    ] as const) {
      const { run, calls } = await crashIn(attributes, 1, handler);
      expect(await run.answer(await askedGate(run), "done")).toMatchObject({ accepted: true });
      expect((await run.finished()).status).toBe("completed");
      expect(calls, "the word `done` stands for the execution").toEqual([]);
    }
    const { run, calls } = await crashIn("on_interrupt=ask");
    await run.answer(await askedGate(run), "fail");
    expect((await run.finished()).status).toBe("completed");
    expect(calls, "routed as a failure").toEqual(["main/other@1#1.1"]);
  });

  it("keeps its question over further restarts, under the same id", async () => {
    const { runtime, run, store } = await crashIn("on_interrupt=ask");
    const gate = await askedGate(run);
    await runtime.stop({ graceMs: 0 });
    const next = await openRuntime({ store, handlers: { step: () => {} } });
    const again = await next.resume("r");
    expect((await again.questions()).map((question) => question.gate)).toEqual([gate]);
    expect(await entriesOf(store, "gate.opened")).toHaveLength(1);
    await again.answer(gate, "retry");
    expect((await again.finished()).status).toBe("completed");
  });

  it("fails where the node says so, and is routed as a failure", async () => {
    const { run, calls, store } = await crashIn("on_interrupt=fail");
    expect((await run.finished()).status).toBe("completed");
    expect(calls).toEqual(["main/other@1#1.1"]);
    const [failed] = await entriesOf(store, "stage.failed");
    expect(failed?.data).toMatchObject({ code: "interrupted", failureClass: "transient" });
  });

  it("of another host asks: nobody here knows whether its process still runs", async () => {
    const store: Store = memoryStore();
    const clock = new EagerClock();
    const { runtime, kill } = await openMortal(store, clock, { handlers: { step: never } });
    await runtime.start(pipeline("start -> a -> exit"), { runId: "r" });
    const token = (await store.read("run", { runId: "r" }))[0]?.token ?? 0;
    const place = { host: "elsewhere", bootId: "b", pid: 4_000_000, processStart: "1" };
    await store.writeSide({ kind: "process_started", runId: "r", token, execution: "main/a@1#1.1", ...place });
    kill();
    const next = await openRuntime({ store, clock, handlers: { step: () => {} } });
    const run = await next.resume("r");
    const gate = await askedGate(run);
    const [interrupted] = await entriesOf(store, "stage.interrupted");
    expect(interrupted?.data).toMatchObject({ cause: "foreign_host", policy: "ask" });
    await run.answer(gate, "retry");
    expect((await run.finished()).status).toBe("completed");
  });
});

describe("a machine as handler", () => {
  it("goes on after a crash from where it was stored; what it had invoked runs again", async () => {
    const store: Store = memoryStore();
    const clock = new EagerClock();
    const done: string[] = [];
    const reached = Promise.withResolvers<void>();
    const machineFor = (second: () => Promise<void>) =>
      setup({
        actors: {
          first: fromPromise(async () => void done.push("first")),
          second: fromPromise(async () => {
            done.push("second begins");
            await second();
          }),
        },
      }).createMachine({
        id: "twoSteps",
        version: "1",
        initial: "one",
        states: {
          one: { invoke: { src: "first", onDone: "rest" } },
          rest: { after: { 500: "two" } },
          two: { invoke: { src: "second", onDone: "end" } },
          end: { type: "final" },
        },
        output: { status: "success", contextUpdates: { machine: "done" } },
      }) as ReturnType<typeof createMachine>;
    const doomed = machineFor(async () => {
      reached.resolve();
      await never();
    });
    const { runtime, kill } = await openMortal(store, clock, { handlers: { step: doomed } });
    await runtime.start(pipeline("start -> a -> exit"), { runId: "r" });
    await reached.promise;
    await until(async () => (await store.load("r"))?.handlerSnapshots[0]?.snapshot.includes('"two"') === true);
    kill();
    const next = await openRuntime({ store, clock, handlers: { step: machineFor(async () => {}) } });
    const run = await next.resume("r");
    expect((await run.finished()).status).toBe("completed");
    expect(done).toEqual(["first", "second begins", "second begins"]);
    expect(await run.context()).toMatchObject({ machine: "done" });
    expect((await store.load("r"))?.handlerSnapshots).toEqual([]);
    expect((await next.verify("r")).problems).toEqual([]);
  });
});

async function until(isSo: () => Promise<boolean>): Promise<void> {
  while (!(await isSo())) await new Promise((resolve) => setImmediate(resolve));
}
