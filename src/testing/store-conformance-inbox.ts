/** Commands, gates and timers: what waits for somebody. */
import type { CommandRow, TimerRow } from "../persistence/store.ts";
import type { ConformanceKit } from "./store-conformance.ts";
import { codeOf, commitAll, creation, turn } from "./store-fixtures.ts";

const command = (commandId: string, changes: Partial<CommandRow> = {}): CommandRow => ({
  ...{ runId: "a", commandId, verb: "pause", body: { mode: "drain", deadline: null }, actor: "ann", atMs: 5 },
  ...changes,
});

export function testInbox(kit: ConformanceKit): void {
  kit.describe("inbox", () => {
    testCommands(kit);
    testGates(kit);
    testTimers(kit);
  });
}

function testCommands({ promise, expect }: ConformanceKit): void {
  promise("keeps commands in order until a turn consumes them, then their results", async (_store, under) => {
    await commitAll(under.store, creation("a"));
    await under.store.submit(command("z", { reason: "deploy" }));
    await under.store.submit(command("b"));
    const store = await under.reopen();
    expect((await store.load("a"))?.commands).toEqual([command("z", { reason: "deploy" }), command("b")]);
    await commitAll(store, turn("a", 1, { commands: [{ commandId: "z", result: { accepted: true } }] }));
    expect((await store.load("a"))?.commands.map((row) => row.commandId)).toEqual(["b"]);
    expect(await store.submit(command("z"))).toEqual({
      ...command("z", { reason: "deploy" }),
      result: { accepted: true },
    });
    expect((await store.read("commands", { runId: "a", pending: false })).map((row) => row.commandId)).toEqual(["z"]);
    expect((await store.read("commands", { pending: true })).map((row) => row.commandId)).toEqual(["b"]);
  });

  promise("refuses an id that was used for another command", async (store) => {
    await commitAll(store, creation("a"), creation("b"));
    await store.submit(command("c"));
    expect(await codeOf(store.submit(command("c", { verb: "cancel" })))).toBe("command_id_reused");
    expect(await codeOf(store.submit(command("c", { body: { mode: "interrupt" } })))).toBe("command_id_reused");
    expect(await codeOf(store.submit(command("c", { body: { deadline: null, mode: "drain" } })))).toBe("resolved");
    expect(await codeOf(store.submit(command("c", { runId: "b", verb: "cancel" })))).toBe("resolved");
    expect(await codeOf(store.submit(command("c", { runId: "nowhere" })))).toBe("run_not_found");
    expect(await codeOf(store.submit(command("d", { body: { at: new Date(0) } as never })))).toBe("not_json");
  });

  promise("stores the result of a command that came another way, with its row", async (store) => {
    const row = command("direct");
    await commitAll(store, creation("a"), turn("a", 1, { commands: [{ commandId: "direct", result: 1, row }] }));
    expect(await store.read("commands", { runId: "a", commandId: "direct" })).toEqual([{ ...row, result: 1 }]);
    await commitAll(store, turn("a", 2, { commands: [{ commandId: "direct", result: 2, row }] }));
    expect((await store.submit(row)).result).toBe(1);
  });
}

function testGates({ promise, expect }: ConformanceKit): void {
  promise("keeps questions, their answers and when they were asked", async (_store, under) => {
    const question = { kind: "yes_no", text: "Go?" };
    const gate = { gate: "main/g@1", stage: "main/g@1" };
    await commitAll(under.store, creation("a"), turn("a", 1, { gates: [{ ...gate, status: "open", question }] }));
    const store = await under.reopen();
    expect((await store.load("a"))?.gates).toEqual([{ ...gate, status: "open", question, openedSeq: 2 }]);
    await commitAll(store, turn("a", 2, { gates: [{ ...gate, status: "answered", answer: "yes" }] }));
    expect((await store.load("a"))?.gates).toEqual([]);
    const answered = { ...gate, runId: "a", status: "answered", question, answer: "yes", openedSeq: 2 };
    expect(await store.read("gates", { runId: "a" })).toEqual([answered]);
    expect(await store.read("gates", { open: false, gate: gate.gate })).toEqual([answered]);
    expect(await store.read("gates", { open: true })).toEqual([]);
  });

  promise("lists the gates of all runs by run", async (store) => {
    const open = (gate: string) => ({ gates: [{ gate, stage: gate, status: "open" as const, question: null }] });
    await commitAll(store, creation("b"), creation("a"), turn("b", 1, open("g1")), turn("a", 1, open("g2")));
    expect((await store.read("gates", { open: true })).map((row) => [row.runId, row.gate])).toEqual([
      ["a", "g2"],
      ["b", "g1"],
    ]);
  });
}

function testTimers({ promise, expect }: ConformanceKit): void {
  promise("keeps timers until they are cleared", async (_store, under) => {
    const timer = (name: string, dueMs: number): TimerRow => ({
      timer: name,
      actor: "stage:x",
      kind: "backoff",
      clock: "run",
      dueMs,
    });
    await commitAll(under.store, creation("a"), turn("a", 1, { timers: [timer("t2", 10.25), timer("t1", 5)] }));
    await commitAll(under.store, turn("a", 2, { timers: [timer("t1", 50), { timer: "t3", cleared: true }] }));
    const store = await under.reopen();
    expect((await store.load("a"))?.timers).toEqual([timer("t1", 50), timer("t2", 10.25)]);
    await commitAll(store, turn("a", 3, { timers: [{ timer: "t1", cleared: true }] }));
    expect(await store.read("timers", { runId: "a" })).toEqual([timer("t2", 10.25)]);
  });
}
