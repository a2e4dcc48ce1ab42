/** What broke in other systems, each as it showed there; those that need processes are in test/process and test/crash. */
import { firstValueFrom, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import { systemClock } from "../../src/actors/clock.ts";
import { groupMembers } from "../../src/actors/processes/process-table.ts";
import type { JournalEntry, Run } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { codeOf } from "../../src/testing/store-fixtures.ts";
import { EagerClock } from "./eager-clock.ts";
import { entryOf, gate, openMortal, openRuntime, perNode, pipeline, storyOf, untilAborted } from "./fixtures.ts";

const never = () => new Promise<never>(() => {});
const ONE = pipeline("start -> a -> b -> exit");
const NAP = pipeline('w [type=wait, duration="1h"]; start -> w -> exit');

describe("pause and resume", () => {
  it("does not say paused while work still runs", async () => {
    const release = gate();
    const runtime = await openRuntime({ handlers: { step: perNode({ a: () => release.promise }) } });
    const run = await runtime.start(ONE, { runId: "r" });
    await entryOf(run, "stage.started");
    expect(await run.pause()).toMatchObject({ accepted: true, after: "pausing", draining: ["main/a@1#1.1"] });
    const view = await run.view();
    expect([view.status, view.control.draining.map(({ execution }) => execution)]).toEqual([
      "pausing",
      ["main/a@1#1.1"],
    ]);
    release.resolve();
    expect((await run.settled("paused")).control.draining).toEqual([]);
    expect(await storyOf(runtime, "r", ["stage.started"])).toEqual(["stage.started main/a@1#1.1"]);
  });

  it("does not start what comes next, and says that it is held", async () => {
    const release = gate();
    const runtime = await openRuntime({ handlers: { step: perNode({ a: () => release.promise }) } });
    const run = await runtime.start(ONE, { runId: "r" });
    await entryOf(run, "stage.started");
    await run.pause();
    release.resolve();
    const view = await run.settled("paused");
    expect(view.control.held).toMatchObject([{ what: "stage", stage: "main/b@1" }]);
    expect((await runtime.verify("r")).problems).toEqual([]);
    await run.continue();
    expect((await run.finished()).status).toBe("completed");
  });

  it("can be stopped while it is suspended, also after a restart", async () => {
    const store: Store = memoryStore();
    const clock = new EagerClock();
    clock.hold();
    const { runtime, kill } = await openMortal(store, clock);
    const run = await runtime.start(NAP, { runId: "r" });
    await run.pause();
    await run.settled("paused");
    kill();
    const next = await openRuntime({ store, clock });
    const again = await next.resume("r");
    expect((await again.view()).status).toBe("paused");
    expect(await again.cancel()).toMatchObject({ accepted: true, before: "paused" });
    expect((await again.finished()).status).toBe("cancelled");
  });

  it("does not let its counters begin anew at every resume", async () => {
    const store: Store = memoryStore();
    const clock = new EagerClock();
    const source = pipeline(
      'a [max_visits=5]; start -> a -> w; w [type=wait, duration="1h"]; w -> a [condition="outcome=success"]; w -> exit',
    );
    const visits: number[] = [];
    const handlers = { step: ({ visit }: { visit: number }) => void visits.push(visit) };
    let run: Run | undefined;
    // Every second wait a new process takes it up; the last process sees it fail at the limit.
    for (let life = 0; life < 4; life += 1) {
      clock.hold();
      const { runtime, kill } = await openMortal(store, clock, { handlers });
      run = life === 0 ? await runtime.start(source, { runId: "r" }) : await runtime.resume("r");
      await entryOf(run, "timer.set", `main/w@${life + 1}`);
      kill();
      clock.advance(3_600_000);
    }
    clock.release();
    const last = await openRuntime({ store, clock, handlers });
    const view = await (await last.resume("r")).finished();
    expect([view.status, view.failure?.code]).toEqual(["failed", "max_visits"]);
    expect(visits).toEqual([1, 2, 3, 4, 5]);
  });

  it("does not succeed having done nothing: a run that has ended is not resumed", async () => {
    const runtime = await openRuntime({ handlers: { step: () => {} } });
    const run = await runtime.start(ONE, { runId: "r" });
    await run.finished();
    expect(await codeOf(runtime.resume("r"))).toBe("run_finished");
    expect(await run.continue()).toMatchObject({ accepted: false, code: "run_finished" });
  });

  it("does not miss the wake-up of a continue that comes right behind the pause", async () => {
    const runtime = await openRuntime({ handlers: { step: () => new Promise((resolve) => setImmediate(resolve)) } });
    const chain = Array.from({ length: 30 }, (_, index) => `n${index}`).join(" -> ");
    const run = await runtime.start(pipeline(`start -> ${chain} -> exit`), { runId: "r" });
    const commands: string[] = [];
    for (let round = 0; round < 12; round += 1) {
      for (const result of await Promise.all([run.pause(), run.continue()]))
        commands.push(`${result.verb} ${result.accepted}`);
    }
    expect(commands.filter((command) => command.endsWith("true")).length).toBeGreaterThan(0);
    expect((await run.finished()).status).toBe("completed");
    const starts = await storyOf(runtime, "r", ["stage.started"]);
    expect(new Set(starts).size).toBe(30);
    expect(starts).toHaveLength(30);
  });

  it("does not flood when many are continued at once", async () => {
    let running = 0;
    let most = 0;
    const runtime = await openRuntime({
      maxConcurrentRuns: 3,
      handlers: {
        async step() {
          running += 1;
          most = Math.max(most, running);
          await new Promise((resolve) => setImmediate(resolve));
          running -= 1;
        },
      },
    });
    const runs: Run[] = [];
    for (let index = 0; index < 20; index += 1) {
      const run = await runtime.start(ONE, { runId: `r${index}` });
      runs.push(run);
      await run.pause();
      await run.settled("paused").catch(() => {});
    }
    const paused = await Promise.all(runs.map(async (run) => (await run.view()).status));
    expect(paused.filter((status) => status === "paused").length).toBeGreaterThan(10);
    await Promise.all(runs.map((run) => run.continue()));
    await Promise.all(runs.map((run) => run.finished()));
    expect(most).toBeLessThanOrEqual(3);
  });

  it("does not fill its journal while it waits", async () => {
    const clock = new EagerClock();
    const runtime = await openRuntime({ clock });
    clock.hold();
    const run = await runtime.start(NAP, { runId: "r" });
    await run.pause();
    await run.settled("paused");
    const { seq } = await run.view();
    clock.release();
    await new Promise<void>((resolve) => clock.setTimer(resolve, 24 * 3_600_000));
    expect((await run.view()).seq).toBe(seq);
  });
});

describe("cancel", () => {
  it("is not routed as a failure, retried, or recorded as a result", async () => {
    const body =
      'a [max_retries=5, retry_target=b]; start -> a; a -> b [condition="outcome=fail"]; a -> exit; b -> exit';
    const runtime = await openRuntime({ handlers: { step: ({ signal }) => untilAborted(signal) } });
    const run = await runtime.start(pipeline(body), { runId: "r" });
    await entryOf(run, "stage.started");
    expect(await run.cancel({ reason: "enough" })).toMatchObject({ accepted: true, after: "cancelling" });
    expect((await run.finished()).status).toBe("cancelled");
    const types = new Set(
      (await runtime.entries("r")).filter(({ stage }) => stage === "main/a@1").map(({ type }) => type),
    );
    expect([...types]).toEqual(["stage.started", "stage.cancelled"]);
    expect(await codeOf(runtime.resume("r"))).toBe("run_cancelled_new_run_required");
  });

  it("given while nobody drives the run holds over the restart", async () => {
    const store: Store = memoryStore();
    const clock = new EagerClock();
    const { runtime, kill } = await openMortal(store, clock, { handlers: { step: never } });
    const run = await runtime.start(ONE, { runId: "r" });
    await entryOf(run, "stage.started");
    await run.cancel({ graceMs: 1_000_000_000 });
    kill();
    const next = await openRuntime({ store, clock, handlers: { step: () => {} } });
    expect((await (await next.resume("r")).finished()).status).toBe("cancelled");
    expect(await storyOf(next, "r", ["stage.started"])).toEqual(["stage.started main/a@1#1.1"]);
  });

  it("ends the processes of a tool with it", async () => {
    const runtime = await openRuntime({ clock: systemClock });
    const source =
      'digraph { start [shape=Mdiamond]; exit [shape=Msquare]; t [shape=parallelogram, tool_command="sleep 300 & sleep 300"]; start -> t -> exit }';
    const run = await runtime.start(source, { runId: "r" });
    let pid = 0;
    while (pid === 0) {
      pid = (await runtime.store.read("processes", { runId: "r" }))[0]?.pid ?? 0;
      await new Promise((resolve) => setImmediate(resolve));
    }
    await run.cancel();
    expect((await run.finished()).status).toBe("cancelled");
    expect(groupMembers(pid)).toEqual([]);
  });
});

describe("a person's gate", () => {
  it("is not approved because nobody is there", async () => {
    const clock = new EagerClock();
    const runtime = await openRuntime({ clock });
    const source = pipeline(
      "ask [type=wait.human]; start -> ask; ask -> exit [label=Yes]; ask -> no [label=No]; no [type=wait, duration=1]; no -> exit",
    );
    const run = await runtime.start(source, { runId: "r" });
    await entryOf(run, "gate.opened");
    await new Promise<void>((resolve) => clock.setTimer(resolve, 24 * 3_600_000));
    expect((await run.view()).status).toBe("running");
    expect((await run.view()).waitingOn).toMatchObject([{ kind: "gate" }]);
  });
});

describe("events", () => {
  it("have no gap and no duplicate between what was and what comes, whenever somebody subscribes", async () => {
    const runtime = await openRuntime({ handlers: { step: () => new Promise((resolve) => setImmediate(resolve)) } });
    const chain = Array.from({ length: 40 }, (_, index) => `n${index}`).join(" -> ");
    const run = await runtime.start(pipeline(`start -> ${chain} -> exit`), { runId: "r" });
    const streams: Promise<JournalEntry[]>[] = [];
    let isOver = false;
    const end = run.finished().then(() => {
      isOver = true;
    });
    while (!isOver) {
      if (streams.length < 25) streams.push(firstValueFrom(run.events({ after: streams.length }).pipe(toArray())));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await end;
    const stored = await runtime.entries("r");
    for (const [after, stream] of streams.entries()) expect(await stream).toEqual(stored.slice(after));
    expect(streams.length).toBeGreaterThan(5);
  });

  it("of a finished run are what live clients saw", async () => {
    const runtime = await openRuntime({
      handlers: { step: perNode({ a: ({ attempt }) => ({ status: attempt < 2 ? "retry" : "odd" }) }) },
    });
    const run = await runtime.start(pipeline("a [max_retries=2]; start -> a -> b -> exit"), { runId: "r" });
    const live = await firstValueFrom(run.events$.pipe(toArray()));
    expect(await firstValueFrom(run.events$.pipe(toArray()))).toEqual(live);
    expect(live.map(({ seq }) => seq)).toEqual(live.map((_, index) => index + 1));
  });
});

describe("leases", () => {
  it("that are lost end the work: a refused renewal aborts the handlers, and nothing is written after", async () => {
    const store: Store = memoryStore();
    const clock = new EagerClock();
    clock.hold();
    const reasons: unknown[] = [];
    const handler = async ({ signal }: { signal: AbortSignal }) => {
      await untilAborted(signal).catch((reason: { reason: string }) => reasons.push(reason.reason));
    };
    const runtime = await openRuntime({ store, clock, leaseMs: 15_000, handlers: { step: handler } });
    const run = await runtime.start(ONE, { runId: "r" });
    await entryOf(run, "stage.started");
    const rival = { host: "elsewhere", bootId: "b", pid: 1, processStart: "1" };
    const claim = await store.claim({ runId: "r", owner: rival, nowMs: clock.now() + 16_000, leaseMs: 60_000 });
    expect(claim.ok).toBe(true);
    const before = await store.load("r");
    clock.advance(6_000);
    while (reasons.length === 0) await new Promise((resolve) => setImmediate(resolve));
    clock.release();
    await runtime.stop({ graceMs: 0 });
    expect(reasons).toEqual(["lease_lost"]);
    expect(await store.load("r")).toEqual(before);
  });
});
