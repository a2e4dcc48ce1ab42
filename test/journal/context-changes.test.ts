import { describe, expect, it } from "vitest";
import { contextChanges } from "../../src/journal/context-changes.ts";
import type { NewEntry } from "../../src/journal/entry.ts";
import { contextOf, readContext } from "../../src/journal/fold/queries.ts";
import { fold } from "../../src/journal/fold.ts";
import { Script } from "./script.ts";

const stage = "main/fan@1/2/write@1";
const end = (data: NewEntry<"stage.succeeded">["data"]): NewEntry => ({ type: "stage.succeeded", stage, data });

describe("contextChanges", () => {
  it("applies the updates of a stage's end to its branch's scope, then the engine's keys", () => {
    const outcome = { status: "success", contextUpdates: { a: 1 }, preferredLabel: "Ship" };
    expect(contextChanges(end({ outcome }))).toEqual([
      { scope: "main/fan@1/2", key: "a", value: 1 },
      { scope: "main/fan@1/2", key: "outcome", value: "success" },
      { scope: "main/fan@1/2", key: "last_stage", value: "write" },
      { scope: "main/fan@1/2", key: "preferred_label", value: "Ship" },
    ]);
  });

  it("clears the preferred label where the outcome names none", () => {
    const changes = contextChanges(end({ outcome: { status: "success" } }));
    expect(changes.at(-1)).toEqual({ scope: "main/fan@1/2", key: "preferred_label" });
  });

  it.each(["stage.failed", "stage.skipped"] as const)("applies the updates of %s too", (type) => {
    const outcome = { status: "fail", contextUpdates: { why: "x" } };
    const entry = { type, stage, data: { outcome, code: "stage_failed" } } as NewEntry;
    expect(contextChanges(entry)).toContainEqual({ scope: "main/fan@1/2", key: "why", value: "x" });
    expect(contextChanges(entry)).toContainEqual({ scope: "main/fan@1/2", key: "outcome", value: "fail" });
  });

  it.each(["start", "exit", "conditional"])("leaves the engine's keys alone at the end of a %s", (kind) => {
    expect(contextChanges(end({ kind, outcome: { status: "success", contextUpdates: { a: 1 } } }))).toEqual([
      { scope: "main/fan@1/2", key: "a", value: 1 },
    ]);
    expect(contextChanges({ type: "stage.entered", stage, data: { kind } })).toEqual([]);
  });

  it("says each key once, and lets no handler write the engine's keys", () => {
    const outcome = {
      status: "success",
      contextUpdates: { outcome: "lie", last_stage: "lie", preferred_label: "lie" },
    };
    const keys = contextChanges(end({ outcome })).map(({ key, value }) => [key, value]);
    expect(keys).toEqual([
      ["outcome", "success"],
      ["last_stage", "write"],
      ["preferred_label", undefined],
    ]);
  });

  it("gives main its start, and what a continue brings", () => {
    const { entries } = new Script().create({ goal: "ship" });
    expect(contextChanges(entries[0]!)).toEqual([{ scope: "main", key: "goal", value: "ship" }]);
    const data = { runTimeMs: 1, pausedMs: 1, message: "go", context: { pr: 4, "continue.message": "old" } };
    expect(contextChanges({ type: "run.continued", data })).toEqual([
      { scope: "main", key: "pr", value: 4 },
      { scope: "main", key: "continue.message", value: "go" },
    ]);
  });

  it("changes nothing for retried attempts, cancelled stages and everything else", () => {
    const { entries } = new Script().begin().retry("main/a@1", 1).interrupted("main/a@1", 1, 1).edge("main/a@1", "b");
    for (const entry of entries.slice(1)) expect(contextChanges(entry)).toEqual([]);
    expect(contextChanges({ type: "stage.cancelled", stage, data: { reason: "cancel" } })).toEqual([]);
  });
});

describe("the folded context", () => {
  it("reads through to the parents of a scope, and shadows", () => {
    const fan = "main/fan@1";
    const { entries } = new Script()
      .begin({ goal: "ship", colour: "red" })
      .entered(fan, "parallel")
      .add("parallel.started", {
        activation: fan,
        joinRule: "none",
        policy: "wait_all",
        errorPolicy: "continue",
        need: 1,
        maxParallel: 4,
        branches: [{ path: `${fan}/0`, head: "a" }],
      })
      .add("branch.started", { activation: fan, index: 0, head: "a", branchRunId: "x" }, { branch: `${fan}/0` })
      .started(`${fan}/0/a@1`)
      .succeeded(`${fan}/0/a@1`, 1, 1, { contextUpdates: { colour: "blue" } });
    const state = fold(entries);
    expect(readContext(state, `${fan}/0`, "colour")).toBe("blue");
    expect(readContext(state, `${fan}/0`, "goal")).toBe("ship");
    expect(readContext(state, "main", "colour")).toBe("red");
    expect(Object.fromEntries(contextOf(state, `${fan}/0`))).toEqual({
      goal: "ship",
      colour: "blue",
      outcome: "success",
      last_stage: "a",
    });
    // The outcome a branch has not yet had is the one it inherited.
    expect(readContext(state, "main", "outcome")).toBeUndefined();
  });

  it("keeps keys that mean something to JavaScript", () => {
    const updates = JSON.parse('{"__proto__":{"x":1},"constructor":2}') as Record<string, number>;
    const { entries } = new Script()
      .begin()
      .started("main/a@1")
      .succeeded("main/a@1", 1, 1, { contextUpdates: updates });
    const state = fold(entries);
    expect(readContext(state, "main", "__proto__")).toEqual({ x: 1 });
    expect(readContext(state, "main", "constructor")).toBe(2);
    expect(readContext(state, "main", "toString")).toBeUndefined();
  });
});
