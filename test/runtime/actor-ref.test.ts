/** A run as an actor of XState: what it shows, what can be sent to it, and who is not harmed by its observers. */
import { from, lastValueFrom, map, toArray } from "rxjs";
import { describe, expect, expectTypeOf, it, onTestFinished, vi } from "vitest";
import { type ActorRef, createActor, createMachine, sendTo, waitFor } from "xstate";
import type { RunActorEvent, RunActorRef, RunActorSnapshot, RunOutput } from "../../src/index.ts";
import { runMachine } from "../../src/machines/run.machine.ts";
import { AGAIN, createWorld, LINE } from "./control-world.ts";

type Said = readonly [message: string, fields: unknown];

async function atWork() {
  const world = createWorld();
  const said: Said[] = [];
  const note = (message: string, fields?: unknown) => void said.push([message, fields]);
  const log = { debug() {}, error: note, warn: note, info: note };
  const runtime = await world.runtime({ log });
  const run = await runtime.start(LINE, { runId: "r" });
  const call = await world.call("a");
  return { world, runtime, run, call, said, ref: runtime.actorRef("r") };
}

const isPaused = (snapshot: RunActorSnapshot) => snapshot.matches({ control: "paused" });
const isDone = (snapshot: RunActorSnapshot) => snapshot.status === "done";

describe("a reference to a run", () => {
  it("is typed as one of XState, with the run's own snapshot and commands", async () => {
    const { ref } = await atWork();
    expectTypeOf(ref).toExtend<ActorRef<RunActorSnapshot, RunActorEvent>>();
    expectTypeOf(ref.getSnapshot().context.pausedMs).toEqualTypeOf<number>();
    expectTypeOf(ref.getSnapshot().output).toEqualTypeOf<RunOutput | undefined>();
    // @ts-expect-error: no state of the chart
    expect(ref.getSnapshot().matches({ control: "sleeping" })).toBe(false);
    // @ts-expect-error: an event of the chart, and no command
    ref.send({ type: "QUIET" });
    expect(ref.id).toBe("run:r");
  });

  it("is waited for with waitFor, and shows what was committed", async () => {
    const { ref, run, call } = await atWork();
    expect(ref.getSnapshot().value).toEqual({ control: "running", execution: "active" });
    const paused = waitFor(ref, isPaused);
    await run.pause();
    expect(ref.getSnapshot().matches({ control: "pausing" })).toBe(true);
    call.end();
    expect((await paused).context.pause).toMatchObject({ own: true, mode: "drain" });
    expect((await run.view()).status).toBe("paused");
  });

  it("is done with its output when the run is, seen through from()", async () => {
    const { ref, world, call } = await atWork();
    const seen = lastValueFrom(
      from(ref).pipe(
        map(({ status, output }) => ({ status, output })),
        toArray(),
      ),
    );
    call.end();
    (await world.call("b")).end();
    expect((await seen).at(-1)).toEqual({ status: "done", output: { status: "completed" } });
    expect((await seen).slice(0, -1).every(({ status }) => status === "active")).toBe(true);
    expect(isDone(ref.getSnapshot())).toBe(true);
  });

  it.each([
    ["failed", { status: "failed", failure: expect.objectContaining({ stage: "main/a@1" }) }],
    ["cancelled", { status: "cancelled" }],
  ] as const)("says so of a run that %s", async (how, output) => {
    const { ref, run, call } = await atWork();
    const done = waitFor(ref, isDone);
    if (how === "failed") call.end("fail");
    else await run.cancel();
    expect((await done).output).toEqual(output);
  });

  it("names the run that this one was started over as", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    await runtime.start(AGAIN, { runId: "r" });
    const done = waitFor(runtime.actorRef("r"), isDone);
    (await world.call("a")).end();
    expect((await done).output).toEqual({ status: "completed", newRunId: "r~r1" });
  });

  it("is the same for everybody, and known also where it was first asked for after the end", async () => {
    const { runtime, ref, run } = await atWork();
    expect(runtime.actorRef("r")).toBe(ref);
    await run.cancel();
    await run.settled("cancelled");
    const other = await runtime.start("digraph { start [shape=Mdiamond] exit [shape=Msquare] start -> exit }");
    await other.finished();
    const late = runtime.actorRef(other.id);
    expect(late.getSnapshot()).toMatchObject({ status: "done", output: { status: "completed" } });
    expect(await waitFor(late, isDone)).toBe(late.getSnapshot());
    expect(runtime.actorRef("r").getSnapshot().output).toEqual({ status: "cancelled" });
  });

  it("persists as the run's machine does, and from that the machine is restored", async () => {
    const { ref, run, call } = await atWork();
    await run.pause();
    call.end();
    await waitFor(ref, isPaused);
    const persisted = ref.getPersistedSnapshot();
    const snapshot = JSON.parse(JSON.stringify(persisted)) as typeof persisted;
    const restored = createActor(runMachine, { snapshot, input: { runId: "r", createdAtMs: 0, slot: true } });
    expect(restored.getSnapshot().value).toEqual(ref.getSnapshot().value);
    (persisted as unknown as { context: { runId: string } }).context.runId = "changed";
    expect(ref.getSnapshot().context.runId).toBe("r");
  });
});

describe("a run that is not driven here", () => {
  it("has no snapshot until it is resumed here, and then one that goes on", async () => {
    const { world, runtime, call } = await atWork();
    const other = await world.runtime();
    const ref: RunActorRef = other.actorRef("r");
    const seen: unknown[] = [];
    ref.subscribe((snapshot) => seen.push(snapshot.value));
    const refusal = { code: "run_not_found", message: "run r is not driven by this process; resume it here first" };
    expect(() => ref.getSnapshot()).toThrow(expect.objectContaining(refusal));
    expect(() => ref.getPersistedSnapshot()).toThrow(expect.objectContaining(refusal));
    // An actor of XState tells its observers of every event, also of those that change nothing.
    createActor(createMachine({ entry: sendTo(ref, { type: "CONTINUE" }) })).start();
    call.end();
    await world.call("b");
    await world.clock.runUntil(runtime.stop({ graceMs: 0 }));
    expect(seen).toEqual([]);
    await other.resume("r");
    expect(ref.getSnapshot().matches({ control: "running" })).toBe(true);
    ref.send({ type: "PAUSE", mode: "interrupt" });
    await world.clock.runUntil(waitFor(ref, isPaused));
    expect(seen.length).toBeGreaterThan(0);
  });
});

describe("an event sent to a run", () => {
  it("is the command of that verb, with its options", async () => {
    const { ref, world, call } = await atWork();
    ref.send({ type: "PAUSE", reason: "lunch", commandId: "c1", actor: "cook" });
    call.end();
    await waitFor(ref, isPaused);
    ref.send({ type: "STEER", message: "left" });
    ref.send({ type: "CONTINUE", context: { note: "again" } });
    await waitFor(ref, (snapshot) => snapshot.matches({ control: "running" }));
    ref.send({ type: "CANCEL" });
    await waitFor(ref, isDone);
    const audit = await world.store.read("journal", { runId: "r", types: ["control.accepted"] });
    expect(audit.map(({ data }) => (data as { verb: string }).verb)).toEqual(["pause", "steer", "continue", "cancel"]);
    expect(audit[0]).toMatchObject({ data: { reason: "lunch" }, cause: { commandId: "c1", actor: "cook" } });
  });

  it("may come from another machine", async () => {
    const { ref, run } = await atWork();
    const pauser = createActor(createMachine({ entry: sendTo(ref, { type: "PAUSE" }) }));
    pauser.start();
    await waitFor(ref, (snapshot) => snapshot.matches({ control: "pausing" }));
    expect((await run.view()).status).toBe("pausing");
  });

  it("that is refused is told to the log, also when the run has ended", async () => {
    const { ref, run, world, said } = await atWork();
    ref.send({ type: "CONTINUE" });
    await world.rest();
    expect(said.at(-1)).toMatchObject(["a command was refused", { runId: "r", verb: "continue", code: "not_paused" }]);
    await run.cancel();
    await waitFor(ref, isDone);
    await world.rest();
    ref.send({ type: "PAUSE" });
    await world.rest();
    expect(said.at(-1)).toMatchObject(["a command was refused", { verb: "pause", code: "run_cancelled" }]);
  });

  it("that is none of its commands changes nothing: not a forged commit, not what is no event", async () => {
    const { ref, world, said } = await atWork();
    const before = ref.getSnapshot();
    ref.send({ type: "committed", snapshot: { ...before, value: {} } } as never);
    ref.send(undefined as never);
    await world.rest();
    expect(said.map(([message]) => message)).toEqual(["an event is no command of a run", "a command was not given"]);
    expect(ref.getSnapshot()).toBe(before);
  });
});

describe("observers", () => {
  it("that throw harm neither the driver nor one another", async () => {
    const { ref, run, call } = await atWork();
    vi.useFakeTimers({ toFake: ["setTimeout"] });
    onTestFinished(() => void vi.useRealTimers());
    const seen: unknown[] = [];
    ref.subscribe(() => {
      throw new Error("observer broke");
    });
    ref.subscribe(({ value }) => seen.push(value.control));
    await run.pause();
    await run.cancel();
    await run.settled("cancelled");
    call.end();
    await waitFor(ref, isDone);
    expect(seen).toEqual(["pausing", "cancelling", "cancelled"]);
    // XState hands it to the process, as an error that nobody caught.
    expect(() => vi.runOnlyPendingTimers()).toThrow("observer broke");
    vi.clearAllTimers();
  });

  it("are called when the commit can be read, and off the driver's stack", async () => {
    const { ref, run, runtime } = await atWork();
    const { stackTraceLimit } = Error;
    onTestFinished(() => {
      Error.stackTraceLimit = stackTraceLimit;
    });
    Error.stackTraceLimit = 100;
    const stacks: string[] = [];
    ref.subscribe(() => void stacks.push(new Error("here").stack ?? ""));
    await run.pause();
    await run.cancel();
    expect((await runtime.view("r")).status).toMatch(/^cancel/);
    expect(stacks.length).toBeGreaterThan(1);
    expect(stacks.filter((stack) => /driver\.ts/.test(stack))).toEqual([]);
  });

  it("are told the end when the runtime stops, or when the reference is stopped: then the run goes on", async () => {
    const { ref, runtime, world, run } = await atWork();
    const ends: string[] = [];
    ref.subscribe({ complete: () => void ends.push("first") });
    ref.stop();
    expect(ends).toEqual(["first"]);
    const next = runtime.actorRef("r");
    expect(next).not.toBe(ref);
    expect((await run.view()).status).toBe("running");
    const waiting = waitFor(next, isDone).catch((failure: Error) => failure.message);
    await world.clock.runUntil(runtime.stop({ graceMs: 0 }));
    expect(await waiting).toMatch(/terminated/);
  });
});
