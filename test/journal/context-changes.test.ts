import { describe, expect, it } from "vitest";
import { contextChanges } from "../../src/journal/context-changes.ts";
import type { NewEntry } from "../../src/journal/entry.ts";
import { contextOf, readContext } from "../../src/journal/fold/context.ts";
import { fold, foldFromJson, foldToJson } from "../../src/journal/fold.ts";
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

  it("gives an iteration its index, and of a foreach its element and how many there are, whatever the element is", () => {
    const started = (data: NewEntry<"iteration.started">["data"]): NewEntry => ({ type: "iteration.started", data });
    const scope = "main/each@1/2";
    const given = { activation: "main/each@1", index: 2, item: null, count: 5 };
    expect(contextChanges(started(given))).toEqual([
      { scope, key: "work.item", value: null },
      { scope, key: "work.index", value: 2 },
      { scope, key: "work.count", value: 5 },
    ]);
    expect(contextChanges(started({ activation: "main/each@1", index: 0 }))).toEqual([
      { scope: "main/each@1/0", key: "work.index", value: 0 },
    ]);
  });

  it("takes away what the end of a stage says is removed, but not what it writes", () => {
    const outcome = { status: "success", contextUpdates: { kept: 1 } };
    const changes = contextChanges(end({ outcome, removed: ["stale", "kept", "outcome", "stale"] }));
    expect(changes.slice(0, 2)).toEqual([
      { scope: "main/fan@1/2", key: "stale" },
      { scope: "main/fan@1/2", key: "kept", value: 1 },
    ]);
    expect(new Set(changes.map(({ key }) => key)).size).toBe(changes.length);
  });

  it("gives a steered run its message, and a branch what it sees of a child", () => {
    expect(contextChanges({ type: "run.steered", data: { message: "left" } })).toEqual([
      { scope: "main", key: "steer.message", value: "left" },
    ]);
    const data = { child: "r~sub@1.0", cycle: 1, context: { seen: 1 } };
    expect(contextChanges({ type: "child.observed", stage, data })).toEqual([
      { scope: "main/fan@1/2", key: "seen", value: 1 },
    ]);
    expect(contextChanges({ type: "child.observed", data })).toEqual([]);
  });

  it("changes nothing for retried attempts, cancelled stages and everything else", () => {
    const { entries } = new Script().begin().retry("main/a@1", 1).interrupted("main/a@1", 1, 1).edge("main/a@1", "b");
    for (const entry of entries.slice(1)) expect(contextChanges(entry)).toEqual([]);
    expect(contextChanges({ type: "stage.cancelled", stage, data: { reason: "cancel" } })).toEqual([]);
  });
});

describe("a key that is gone", () => {
  const each = "main/each@1";
  const inner = `${each}/0/poll@1`;
  const leaf = `${inner}/0/try@1`;
  const removal = (script: Script, at: string, removed: string[]) =>
    script.started(at).add("stage.succeeded", { outcome: { status: "success" }, removed }, { stage: at });
  const enter = (script: Script, activation: string, kind: "foreach" | "loop") =>
    script
      .entered(activation, kind)
      .add("container.entered", { activation, kind, maxParallel: 1, ...(kind === "foreach" ? { total: 1 } : {}) })
      .add("iteration.started", { activation, index: 0 });
  const nested = () => enter(enter(new Script().begin({ a: "main", b: "main" }), each, "foreach"), inner, "loop");

  it("hides the parents' from its branch and from the branches below, and no other", () => {
    const state = fold(removal(nested(), leaf, ["a", "never"]).entries);
    expect(readContext(state, `${inner}/0`, "a")).toBeUndefined();
    expect(contextOf(state, `${inner}/0`).has("a")).toBe(false);
    expect(readContext(state, `${each}/0`, "a")).toBe("main");
    // What was seen nowhere need not be hidden.
    expect(state.context.get(`${inner}/0`)?.has("never")).toBe(false);
    expect(state.context.get(`${inner}/0`)?.has("a")).toBe(true);
  });

  it("is handed up as gone by a finished iteration of a loop, level by level, and leaves main for good", () => {
    const script = removal(nested(), leaf, ["a"]);
    script.add("iteration.succeeded", { activation: inner, index: 0, status: "success" });
    const state = fold(script.entries);
    expect(readContext(state, `${each}/0`, "a")).toBeUndefined();
    expect(readContext(state, "main", "a")).toBe("main");
    const loop = "main/poll@1";
    const flat = removal(enter(new Script().begin({ a: "main" }), loop, "loop"), `${loop}/0/try@1`, ["a"]);
    flat.add("iteration.succeeded", { activation: loop, index: 0, status: "success" });
    expect(fold(flat.entries).context.get("main")?.has("a")).toBe(false);
  });

  it("is so still in a state that was written and read back, and old JSON has none", () => {
    const state = fold(removal(nested(), leaf, ["b", "a"]).entries);
    const json = JSON.parse(JSON.stringify(foldToJson(state)));
    expect(json.removed).toEqual({ [`${inner}/0`]: ["a", "b"] });
    expect(foldFromJson(json)).toEqual(state);
    const plain = foldToJson(fold(nested().entries));
    expect(plain).not.toHaveProperty("removed");
    expect(foldFromJson(plain)).toEqual(fold(nested().entries));
  });

  it("comes back when it is written again", () => {
    const script = removal(nested(), leaf, ["a"]);
    const again = `${inner}/0/try@2`;
    script.started(again).succeeded(again, 1, 1, { contextUpdates: { a: "own" } });
    expect(readContext(fold(script.entries), `${inner}/0`, "a")).toBe("own");
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
