import { lastValueFrom, toArray } from "rxjs";
import { describe, expect, it } from "vitest";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { AGAIN, createWorld, LINE } from "./control-world.ts";

async function running() {
  const world = createWorld();
  const runtime = await world.runtime();
  const run = await runtime.start(LINE, { runId: "r" });
  const call = await world.call("a");
  return { world, runtime, run, call };
}

/** What a promise has come to so far. */
async function soFar(promise: Promise<{ status: string }>, rest: () => Promise<void>): Promise<string> {
  let state = "open";
  promise.then(
    ({ status }) => {
      state = status;
    },
    ({ code }) => {
      state = code;
    },
  );
  await rest();
  return state;
}

describe("settled", () => {
  it("paused is told when nothing is in flight any more, and not before", async () => {
    const { world, run, call } = await running();
    const settled = run.settled("paused");
    expect(await run.pause()).toMatchObject({ before: "running", after: "pausing", draining: ["main/a@1#1.1"] });
    expect(await soFar(settled, world.rest)).toBe("open");
    call.end();
    expect(await settled).toMatchObject({ status: "paused", control: { draining: [] } });
  });

  it("is told of a pause that was reached and left again between two looks, with the view of that moment", async () => {
    const { run, call } = await running();
    const settled = run.settled("paused");
    await run.pause();
    const until = run.settled("paused");
    call.end();
    await run.settled("paused");
    await run.continue();
    expect((await run.view()).status).toBe("running");
    expect(await settled).toMatchObject({
      status: "paused",
      control: { held: [{ what: "stage", stage: "main/b@1" }] },
    });
    expect((await until).status).toBe("paused");
  });

  it("rejects pause_withdrawn when the pause is taken back before it is reached", async () => {
    const { world, run } = await running();
    await run.pause();
    const settled = run.settled("paused");
    expect(await soFar(settled, world.rest)).toBe("open");
    expect(await run.continue()).toMatchObject({ accepted: true, before: "pausing", after: "running" });
    await expect(settled).rejects.toMatchObject({ code: "pause_withdrawn" });
  });

  it("rejects run_finished when the run ends otherwise, also when it had ended before", async () => {
    const { world, run, call } = await running();
    const settled = run.settled("paused");
    const cancelled = run.settled("cancelled");
    call.end();
    (await world.call("b")).end();
    await expect(settled).rejects.toMatchObject({ code: "run_finished" });
    await expect(cancelled).rejects.toMatchObject({ code: "run_finished", details: { status: "completed" } });
    await expect(run.settled("paused")).rejects.toMatchObject({ code: "run_finished" });
    expect((await run.settled("completed")).status).toBe("completed");
  });

  it("of what is so already resolves at once; of a run that is not there rejects", async () => {
    const { runtime, run } = await running();
    expect((await run.settled("running")).status).toBe("running");
    await expect(runtime.get("nobody")).rejects.toMatchObject({ code: "run_not_found" });
  });

  it("sees what another runtime does to the run", async () => {
    const { world, call } = await running();
    const elsewhere = await (await world.runtime()).get("r");
    const settled = elsewhere.settled("paused");
    await world.clock.runUntil(elsewhere.pause());
    call.end();
    expect((await world.clock.runUntil(settled)).status).toBe("paused");
  });
});

describe("a command id", () => {
  it("given twice at once is one command with one result", async () => {
    const { world, run } = await running();
    const [first, second] = await Promise.all([run.pause({ commandId: "c" }), run.pause({ commandId: "c" })]);
    expect(second).toEqual(first);
    expect(first).toMatchObject({ accepted: true, changed: true });
    expect((await world.types(run)).filter((type) => type.startsWith("control."))).toHaveLength(1);
  });

  it("given at once for two commands is refused for one", async () => {
    const { run } = await running();
    const given = await Promise.allSettled([run.pause({ commandId: "c" }), run.cancel({ commandId: "c" })]);
    expect(given[0]).toMatchObject({ status: "fulfilled", value: { accepted: true } });
    expect(given[1]).toMatchObject({ status: "rejected", reason: { code: "command_id_reused" } });
  });

  it("that comes from here and through the inbox takes effect once", async () => {
    const { world, run } = await running();
    const elsewhere = await (await world.runtime()).get("r");
    const options = { commandId: "c", actor: "ada" };
    const both = Promise.all([elsewhere.pause(options), run.pause(options)]);
    const [there, here] = await world.clock.runUntil(both);
    expect(there).toEqual(here);
    await world.clock.advance(1_000);
    expect((await world.types(run)).filter((type) => type.startsWith("control."))).toHaveLength(1);
  });

  it("is of one run: for another it is another command", async () => {
    const { world, runtime, run } = await running();
    const other = await runtime.start(LINE, { runId: "s" });
    await world.rest();
    expect(await run.pause({ commandId: "c" })).toMatchObject({ accepted: true });
    expect(await other.cancel({ commandId: "c" })).toMatchObject({ accepted: true });
  });
});

describe("a command that arrives while the run ends", () => {
  it.each(["before", "after"] as const)("is answered as for one that has ended: %s the last turn", async (when) => {
    const { world, run, call } = await running();
    call.end();
    const last = await world.call("b");
    const elsewhere = await (await world.runtime()).get("r");
    if (when === "before") {
      const given = elsewhere.pause({ commandId: "c" });
      last.end();
      const result = await world.clock.runUntil(given);
      expect([true, false]).toContain(result.accepted);
      if (result.accepted === false) expect(result.code).toBe("run_finished");
    } else {
      last.end();
      const result = await world.clock.runUntil(elsewhere.pause({ commandId: "c" }));
      expect(result).toMatchObject({ accepted: false, code: "run_finished", before: "completed" });
    }
    expect((await world.types(run)).filter((type) => type.startsWith("control."))).toHaveLength(1);
    const pending = await world.store.read("commands", { runId: "r", pending: true });
    expect(pending).toEqual([]);
  });

  it("and lay in the inbox when its sender had gone is answered all the same, with its audit entry", async () => {
    const { world, runtime, run, call } = await running();
    call.end();
    const last = await world.call("b");
    const row = { runId: "r", commandId: "left", verb: "pause", body: {}, actor: "ghost", atMs: world.clock.now() };
    await world.store.submit(row);
    last.end();
    await world.rest();
    const [stored] = await world.store.read("commands", { runId: "r", commandId: "left" });
    expect(stored?.result).toMatchObject({ accepted: false, code: "run_finished" });
    const [audit] = await world.store.read("journal", { runId: "r", types: ["control.rejected"] });
    expect(audit).toMatchObject({ cause: { commandId: "left", actor: "ghost" } });
    expect((await run.view()).status).toBe("completed");
    expect(await runtime.verify("r")).toMatchObject({ problems: [] });
  });

  it("given a hundred times leaves a hundred entries, and the folded state as it was", async () => {
    const { runtime, run, world } = await running();
    await run.cancel();
    await run.settled("cancelled");
    const before = await run.view();
    await Promise.all(Array.from({ length: 100 }, () => run.pause()));
    const after = await run.view();
    expect(after).toEqual({ ...before, seq: before.seq + 100 });
    expect((await world.types(run)).filter((type) => type === "control.rejected")).toHaveLength(100);
    expect(await runtime.verify("r")).toMatchObject({ problems: [] });
  });

  it("to a run that was started over is told where it goes on", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(AGAIN, { runId: "r" });
    (await world.call("a")).end();
    await world.call("a", "r~r1");
    expect(await run.pause()).toMatchObject({ code: "run_restarted", hint: expect.stringContaining("r~r1") });
  });

  it("an event stream goes on with the run that follows, and ends with the last", async () => {
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(AGAIN, { runId: "r" });
    const seen = [run.events$, run.events({ after: 2 })].map((each) => lastValueFrom(each.pipe(toArray())));
    (await world.call("a")).end();
    (await world.call("a", "r~r1")).end();
    (await world.call("a", "r~r2")).end("done");
    const journals: JournalEntry[] = [];
    for (const runId of ["r", "r~r1", "r~r2"]) {
      await (await runtime.get(runId)).finished();
      journals.push(...(await world.store.read("journal", { runId })));
    }
    const [all, later] = await Promise.all(seen);
    expect(all).toEqual(journals);
    expect(later).toEqual(journals.slice(2));
  });
});

it("commands that waited in the inbox when the driver died go before one that is given then", async () => {
  const world = createWorld();
  const { runtime, die } = await world.mortal();
  await runtime.start(LINE, { runId: "r" });
  await world.call("a");
  die();
  const row = { runId: "r", verb: "pause", body: {}, actor: "ghost", atMs: world.clock.now() };
  await world.store.submit({ ...row, commandId: "left" });
  const other = await world.runtime();
  const run = await other.get("r");
  expect(await run.continue({ commandId: "mine" })).toMatchObject({
    accepted: true,
    before: "paused",
    after: "queued",
    needs: "resume",
  });
  const [left] = await world.store.read("commands", { runId: "r", commandId: "left" });
  expect(left?.result).toMatchObject({ accepted: true, after: "paused" });
  expect(await other.verify("r")).toMatchObject({ problems: [] });
});

it("a client waits so long and no longer; the command stays in force", async () => {
  const world = createWorld();
  const runtime = await world.runtime();
  await runtime.start(LINE, { runId: "r" });
  const call = await world.call("a");
  const elsewhere = await (await world.runtime()).get("r");
  const given = await elsewhere.pause({ commandId: "c", timeoutMs: 0 });
  expect(given).toMatchObject({ accepted: null, pending: true, commandId: "c" });
  await world.clock.advance(100);
  expect(await elsewhere.pause({ commandId: "c" })).toMatchObject({
    accepted: true,
    before: "running",
    after: "pausing",
  });
  call.end();
  await world.rest();
  expect((await elsewhere.view()).status).toBe("paused");
});
