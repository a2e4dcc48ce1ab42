/** The inspection feed: committed steps, in order, to whoever wants them, at nobody's expense. */
import { filter, lastValueFrom, map, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import type { Inspection, InspectOptions } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Runtime } from "../../src/runtime/api.ts";
import { createInspections } from "../../src/runtime/inspection/inspections.ts";
import { failAfter, failBefore, faultAtCommit, faultStore } from "../../src/testing/fault-store.ts";
import { createWorld, LINE } from "../runtime/control-world.ts";
import { entryOf, gate, openRuntime, pipeline } from "../runtime/fixtures.ts";
import { expectAsStored, REGIONS, seenAt, storedAt, told } from "./inspected.ts";

const HELLO = pipeline("start -> a -> exit");

/** Everything a runtime shows until it stops. */
function collect(runtime: Runtime, options?: InspectOptions) {
  const seen: Inspection[] = [];
  const ended = new Promise<void>((complete) => {
    runtime.inspect(options).subscribe({ next: (each) => void seen.push(each), complete });
  });
  return { seen, ended };
}

describe("what is seen of a run", () => {
  it("is every step of every actor, from the first on", async () => {
    const seen: Inspection[] = [];
    const ended = Promise.withResolvers<void>();
    const inspect = { next: (each: Inspection) => void seen.push(each), complete: ended.resolve };
    const runtime = await openRuntime({ handlers: { step: () => {} }, inspect });
    const run = await runtime.start(HELLO, { runId: "r" });
    await run.finished();
    await runtime.stop();
    await ended.promise;
    expect(told(seen)).toEqual([
      "run xstate.init",
      "run PROCEED",
      "branch:main xstate.init",
      "branch:main HEAD",
      "stage:main/start@1 xstate.init",
      "branch:main STAGE_ENDED",
      "stage:main/a@1 xstate.init",
      "stage:main/a@1 EXECUTION_ENDED",
      "branch:main STAGE_ENDED",
      "stage:main/exit@1 xstate.init",
      "branch:main STAGE_ENDED",
      "branch:main CHECKED",
      "run BRANCH_ENDED",
    ]);
    expect(seen.find(({ actor }) => actor === "stage:main/a@1")).toMatchObject({
      runId: "r",
      event: { type: "xstate.init" },
      snapshot: { status: "active", value: { control: "running", execution: "executing" }, context: { node: "a" } },
    });
    const last = new Map(seen.map((each) => [each.actor, each]));
    expect([...last.values()].map(({ snapshot }) => snapshot.status)).toEqual(Array(last.size).fill("done"));
    expect(seen.filter(({ snapshot }) => snapshot.status === "done")).toHaveLength(last.size);
    const entries = await runtime.entries("r");
    const turns = new Map(entries.map(({ turn, at }) => [turn, at]));
    for (const { seq, at } of seen) expect(turns.get(seq)).toBe(at);
  });

  it("is what the store has, at every turn, through branches, items and rounds", async () => {
    const store = memoryStore();
    const runtime = await openRuntime({ store, handlers: { step: () => {} } });
    const { seen, ended } = collect(runtime);
    await (await runtime.start(REGIONS, { runId: "r" })).finished();
    await runtime.stop();
    await ended;
    expect(await expectAsStored(store, "r", seen)).toBeGreaterThan(10);
    expect(new Set(seen.map(({ actor }) => actor)).size).toBeGreaterThan(30);
  });

  it("can be read from the store as soon as it is seen", async () => {
    const store = memoryStore();
    const runtime = await openRuntime({ store, handlers: { step: () => {} } });
    const looks: Promise<boolean>[] = [];
    runtime.inspect().subscribe(({ runId, seq }) => {
      looks.push(store.read("run", { runId }).then(([row]) => (row?.seq ?? 0) >= seq));
    });
    await (await runtime.start(HELLO)).finished();
    await runtime.stop();
    expect(looks.length).toBeGreaterThan(10);
    expect(await Promise.all(looks)).toEqual(looks.map(() => true));
  });

  it("is a copy that nobody can change the run with", async () => {
    const runtime = await openRuntime({ handlers: { step: () => {} } });
    const { seen, ended } = collect(runtime);
    await (await runtime.start(HELLO)).finished();
    await runtime.stop();
    await ended;
    const [{ snapshot, event }] = seen as [Inspection];
    expect([snapshot, snapshot.context, snapshot.value, event].every((each) => Object.isFrozen(each))).toBe(true);
    expect(() => Object.assign(snapshot.context, { runId: "other" })).toThrow(TypeError);
  });

  it("is only what was asked for", async () => {
    const runtime = await openRuntime({ handlers: { step: () => {} } });
    const ask = (options: InspectOptions) => lastValueFrom(runtime.inspect(options).pipe(toArray()));
    const asked = {
      run: ask({ runId: "r2" }),
      actor: ask({ actor: "stage:main/a@1" }),
      chart: ask({ runId: "r1", chart: "branch" }),
      nothing: ask({ runId: "r3" }),
    };
    for (const runId of ["r1", "r2"]) await (await runtime.start(HELLO, { runId })).finished();
    await runtime.stop();
    expect(new Set((await asked.run).map(({ runId }) => runId))).toEqual(new Set(["r2"]));
    expect((await asked.actor).map(({ runId, event }) => `${runId} ${event?.type}`)).toEqual(
      ["r1", "r2"].flatMap((runId) => [`${runId} xstate.init`, `${runId} EXECUTION_ENDED`]),
    );
    expect(new Set((await asked.chart).map(({ runId, actor }) => `${runId} ${actor}`))).toEqual(
      new Set(["r1 branch:main"]),
    );
    expect(await asked.nothing).toEqual([]);
  });
});

describe("whoever comes later", () => {
  it("finds the live actors as they were committed, then sees what they do", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(LINE, { runId: "r" });
    const call = await world.call("a");
    const { seen, ended } = collect(runtime);
    call.end();
    (await world.call("b")).end();
    await run.finished();
    await world.clock.runUntil(runtime.stop());
    await ended;
    expect(told(seen.slice(0, 3))).toEqual(["run found", "branch:main found", "stage:main/a@1 found"]);
    const [{ seq }] = seen as [Inspection];
    expect(seenAt(seen, seq)).toEqual(await storedAt(world.store, "r", seq));
    expect(told(seen.slice(3))).not.toContain("run found");
    expect(seen.at(-1)).toMatchObject({ actor: "run", snapshot: { status: "done" } });
  });

  it("while a turn is being committed sees what came of it", async () => {
    const free = gate();
    const holding = gate();
    const store = faultStore(memoryStore(), {
      faultAt: (n, operation) => {
        if (operation !== "commit" || n !== 2) return undefined;
        holding.resolve();
        return { kind: "wait", when: "before", until: free.promise };
      },
    });
    const runtime = await openRuntime({ store, handlers: { step: () => {} } });
    const run = await runtime.start(HELLO, { runId: "r" });
    await holding.promise;
    const { seen, ended } = collect(runtime);
    free.resolve();
    await run.finished();
    await runtime.stop();
    await ended;
    // Found live in the last turn before, done in the one that nobody looked at while it was made.
    expect(seen.filter(({ actor }) => actor === "stage:main/a@1").map(({ snapshot }) => snapshot.status)).toEqual([
      "active",
      "done",
    ]);
    expect(seen.at(-1)).toMatchObject({ actor: "run", snapshot: { status: "done" } });
  });

  it("to a run that was taken up finds its actors in the process that took it", async () => {
    const world = createWorld();
    const first = await world.mortal();
    await first.runtime.start(LINE, { runId: "r" });
    await world.call("a");
    first.die();
    const second = await world.runtime();
    const { seen, ended } = collect(second);
    await world.clock.advance(20_000);
    const run = await second.resume("r");
    (await world.call("a")).end();
    (await world.call("b")).end();
    await run.finished();
    await world.clock.runUntil(second.stop());
    await ended;
    const taken = (await world.store.read("journal", { runId: "r", types: ["run.resumed"] }))[0]?.turn ?? 0;
    expect(taken).toBeGreaterThan(0);
    expect(Math.min(...seen.map(({ seq }) => seq))).toBeGreaterThanOrEqual(taken);
    const entries = await world.store.read("journal", { runId: "r", after: taken - 1 });
    for (const { turn } of entries) expect(seenAt(seen, turn)).toEqual(await storedAt(world.store, "r", turn));
  });
});

describe("a turn", () => {
  it.each([
    ["was refused", failBefore()],
    ["took effect unanswered", failAfter()],
  ])("whose commit %s is seen once it is committed, and once", async (_what, fault) => {
    const inner = memoryStore();
    const runtime = await openRuntime({
      store: faultStore(inner, faultAtCommit(2, fault)),
      handlers: { step: () => {} },
    });
    const { seen, ended } = collect(runtime);
    await (await runtime.start(HELLO, { runId: "r" })).finished();
    await runtime.stop();
    await ended;
    expect(told(seen).filter((each) => each === "stage:main/a@1 EXECUTION_ENDED")).toHaveLength(1);
    await expectAsStored(inner, "r", seen);
  });

  it("that is never committed is never seen", async () => {
    const inner = memoryStore();
    const store = faultStore(inner, faultAtCommit(2, failBefore("store_corrupt")));
    const runtime = await openRuntime({ store, handlers: { step: () => {} } });
    const { seen, ended } = collect(runtime);
    await runtime.start(HELLO, { runId: "r" });
    await runtime.stop();
    await ended;
    const [row] = await inner.read("run", { runId: "r" });
    expect(seen.length).toBeGreaterThan(0);
    expect(new Set(seen.map(({ seq }) => seq))).toEqual(new Set([row?.seq]));
  });

  it("without entries is seen with the next one, which commits it", async () => {
    const store = memoryStore();
    const hold = gate();
    const items = JSON.stringify(Array.from({ length: 300 }, (_, index) => index)).replaceAll(" ", "");
    const runtime = await openRuntime({ store, handlers: { step: () => hold.promise } });
    const { seen, ended } = collect(runtime, { keep: 100_000 });
    const wide = pipeline(
      `each [type=foreach, items="${items}", body=item, max_parallel=300]; subgraph item { one }; start -> each -> exit`,
    );
    const run = await runtime.start(wide, { runId: "r" });
    await entryOf(run, "stage.started", "main/each@1/299/one@1");
    await run.pause();
    hold.resolve();
    await run.settled("paused");
    await run.continue();
    await run.finished();
    await runtime.stop();
    await ended;
    expect(await expectAsStored(store, "r", seen)).toBeGreaterThan(5);
  });
});

describe("a subscriber", () => {
  it("that is too slow loses the oldest steps, is told how many, and holds nobody up", async () => {
    const runtime = await openRuntime({ handlers: { step: () => {} } });
    const all = collect(runtime, { keep: 100_000 });
    const slow: Inspection[] = [];
    const done = new Promise<void>((complete) => {
      runtime.inspect({ keep: 5 }).subscribe({ next: (each) => void slow.push(each), complete });
    });
    await (await runtime.start(REGIONS)).finished();
    await runtime.stop();
    await Promise.all([all.ended, done]);
    const lost = slow.reduce((sum, { dropped }) => sum + (dropped ?? 0), 0);
    expect(lost).toBeGreaterThan(0);
    expect(slow.length + lost).toBe(all.seen.length);
    expect(all.seen.every(({ dropped }) => dropped === undefined)).toBe(true);
    // What it did get is in order, the end included.
    const whole = (each: Inspection) => JSON.stringify({ ...each, dropped: undefined });
    const everything = all.seen.map(whole);
    let place = -1;
    for (const each of slow) {
      const next = everything.indexOf(whole(each), place + 1);
      expect(next).toBeGreaterThan(place);
      place = next;
    }
    expect(place).toBe(all.seen.length - 1);
  });

  it("that takes its time for each step leaves the loop to others in between", async () => {
    const runtime = await openRuntime({ handlers: { step: () => {} } });
    let isBusy = false;
    let rounds = 0;
    let isDone = false;
    const done = Promise.withResolvers<void>();
    const next = () => {
      isBusy = true;
      for (const endMs = performance.now() + 5; performance.now() < endMs; );
    };
    runtime.inspect().subscribe({ next, complete: done.resolve });
    const look = () => {
      if (isBusy) rounds += 1;
      isBusy = false;
      if (!isDone) setImmediate(look);
    };
    setImmediate(look);
    await (await runtime.start(HELLO)).finished();
    await runtime.stop();
    await done.promise;
    isDone = true;
    // Each step takes longer than a slice.
    expect(rounds).toBeGreaterThan(9);
  });

  it("that throws is logged, and harms neither the run nor the others", async () => {
    const said: unknown[] = [];
    const error = (message: string, fields?: unknown) => void said.push([message, fields]);
    const runtime = await openRuntime({
      handlers: { step: () => {} },
      log: { debug() {}, info() {}, warn() {}, error },
      inspect: () => {
        throw new Error("option broke");
      },
    });
    const breaks = (what: string) => () => {
      throw new Error(what);
    };
    runtime.inspect().subscribe(breaks("function broke"));
    runtime
      .inspect()
      .pipe(filter(() => true))
      .subscribe({ next: breaks("piped broke"), complete: breaks("end broke") });
    runtime
      .inspect()
      .pipe(map(breaks("operator broke")))
      .subscribe();
    const { seen, ended } = collect(runtime);
    const { status } = await (await runtime.start(HELLO)).finished();
    await runtime.stop();
    await ended;
    expect(status).toBe("completed");
    expect(seen.at(-1)).toMatchObject({ actor: "run", snapshot: { status: "done" } });
    const messages = new Set(said.map((each) => JSON.stringify(each)));
    const expected = ["option", "function", "piped", "end", "operator"].map((who) => {
      return JSON.stringify(["a subscriber of the inspection feed failed", { message: `${who} broke` }]);
    });
    expect(messages).toEqual(new Set(expected));
  });

  it("is called off the driver's stack", async () => {
    const runtime = await openRuntime({ handlers: { step: () => {} } });
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 100;
    const stacks: string[] = [];
    const done = Promise.withResolvers<void>();
    const next = () => void stacks.push(new Error("here").stack ?? "");
    runtime.inspect().subscribe({ next, complete: done.resolve });
    await (await runtime.start(HELLO)).finished();
    await runtime.stop();
    await done.promise;
    Error.stackTraceLimit = stackTraceLimit;
    expect(stacks.length).toBeGreaterThan(5);
    expect(stacks.filter((stack) => /driver\.ts|turn\.ts/.test(stack))).toEqual([]);
  });

  it("gets nothing more once it has left", async () => {
    const runtime = await openRuntime({ handlers: { step: () => {} } });
    const seen: Inspection[] = [];
    const first = Promise.withResolvers<void>();
    const subscription = runtime.inspect().subscribe((each) => {
      seen.push(each);
      subscription.unsubscribe();
      first.resolve();
    });
    await (await runtime.start(HELLO)).finished();
    await first.promise;
    await runtime.stop();
    expect(seen).toHaveLength(1);
  });

  it("of a runtime that has stopped is told so at once", async () => {
    const runtime = await openRuntime();
    await runtime.stop();
    expect(await lastValueFrom(runtime.inspect().pipe(toArray()))).toEqual([]);
  });
});

it("nothing is noted where nobody looks on", () => {
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const closing = new AbortController().signal;
  const inspections = createInspections({ driven: () => [], now: () => 0, log, closing });
  const asked = () => [inspections.isInspected("r"), inspections.isInspected("s")];
  expect(asked()).toEqual([false, false]);
  const one = inspections.of({ runId: "r" }).subscribe();
  expect(asked()).toEqual([true, false]);
  const all = inspections.of().subscribe();
  expect(asked()).toEqual([true, true]);
  for (const subscription of [one, all]) subscription.unsubscribe();
  expect(asked()).toEqual([false, false]);
});
