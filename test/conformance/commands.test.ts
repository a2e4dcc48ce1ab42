/** What is true of every command: ids, bodies, runs that are not there, and commands for many. */
import { expect, it } from "vitest";
import type { Store } from "../../src/persistence/store.ts";
import { tailPages } from "../../src/runtime/queries/tail.ts";
import { cliDoor } from "./cli-door.ts";
import { httpDoor } from "./http-door.ts";
import { ASKING, GATE, pipeline, play, type Scenario, type Stage } from "./play.ts";

it("the same id repeats the answer, whatever has happened since; with another verb or body it is refused", async () => {
  await play(async ({ door, entry }) => {
    await door.start(ASKING, { runId: "m" });
    await entry("m", "gate.opened");
    const first = await door.pause("m", { commandId: "cmd-1", mode: "drain" });
    expect(first.value).toMatchObject({ accepted: true, changed: true, after: "paused" });
    await door.continue("m", { commandId: "cmd-2", message: "go" });
    expect(await door.pause("m", { commandId: "cmd-1", mode: "drain" })).toEqual(first);
    const reused = [
      await door.pause("m", { commandId: "cmd-1", mode: "interrupt" }),
      await door.continue("m", { commandId: "cmd-1" }),
      await door.cancel("m", { commandId: "cmd-1" }),
      await door.steer("m", "left", { commandId: "cmd-1" }),
      await door.answer("m", { gate: GATE, answer: "Yes", commandId: "cmd-1" }),
      await door.continue("m", { commandId: "cmd-2", message: "stay" }),
    ];
    expect(reused.map(({ code }) => code)).toEqual(reused.map(() => "command_id_reused"));
    expect((await door.view("m")).value).toMatchObject({ status: "running" });
    const answered = await door.answer("m", { gate: GATE, answer: "No", commandId: "cmd-3" });
    await door.finished("m");
    expect(await door.answer("m", { gate: GATE, answer: "No", commandId: "cmd-3" })).toEqual(answered);
    expect((await door.answer("m", { gate: GATE, answer: "Yes", commandId: "cmd-3" })).code).toBe("command_id_reused");
    await door.events("m", { types: ["control.accepted", "control.rejected"] });
  });
});

it("a run that is not there has none, and an id that is none is a matter of usage", async () => {
  await play(async ({ door, entry }) => {
    await door.start(ASKING, { runId: "m" });
    await entry("m", "gate.opened");
    const asked = [
      await door.view("no"),
      await door.view("no", { at: 3 }),
      await door.events("no"),
      await door.pause("no"),
      await door.continue("no"),
      await door.cancel("no"),
      await door.cancel("no", { branch: "main/fan@1/0" }),
      await door.steer("no", "left"),
      await door.answer("no", { gate: GATE, answer: "Yes" }),
      await door.questions("no"),
      await door.fork("no", { runId: "x" }),
      await door.resume("no"),
      await door.branches("no"),
      await door.joins("no"),
      await door.context("no"),
      await door.provenance("no", "key"),
      await door.artifacts("no"),
      await door.artifact("no", "a"),
      await door.checkpoint("no"),
      await door.lineage("no"),
      await door.actors("no"),
      (await door.graph("no", "json")) ?? { code: "run_not_found" },
    ];
    expect(asked.map(({ code }) => code)).toEqual(asked.map(() => "run_not_found"));
    expect((await door.start(ASKING, { runId: "m" })).code).toBe("run_exists");
    expect((await door.start(ASKING, { runId: "a/b" })).code).toBe("usage");
    expect((await door.fork("m", { runId: "m" })).code).toBe("run_exists");
    expect((await door.fork("m", { runId: "a b" })).code).toBe("usage");
    expect((await door.list()).value["runs"]).toHaveLength(1);
    await door.cancel("m");
  });
});

it("what is not in a run is not found, and what does not fit is refused, without a trace of it", async () => {
  await play(async ({ door, entry }) => {
    await door.start(ASKING, { runId: "m" });
    await entry("m", "gate.opened");
    const { value: before } = await door.events("m");
    const missing = [
      await door.artifact("m", "none"),
      await door.context("m", { branch: "main/fan@1/0" }),
      await door.provenance("m", "nobody's"),
      await door.provenance("m", "graph.goal", { branch: "main/fan@1/0" }),
    ];
    expect(missing.map(({ code }) => code)).toEqual([
      "artifact_not_found",
      "branch_not_found",
      "key_not_found",
      "branch_not_found",
    ]);
    const long = "x".repeat(257);
    const misfits = [
      await door.view("m", { at: 0 }),
      await door.view("m", { at: 1 }),
      await door.context("m", { at: 0 }),
      await door.branches("m", { at: 0 }),
      await door.actors("m", { at: 0 }),
      await door.branches("m", { limit: 101 }),
      await door.branches("m", { limit: 0 }),
      await door.branches("m", { cursor: "?" }),
      await door.joins("m", { cursor: "-1" }),
      await door.list({ limit: 0 }),
      await door.list({ cursor: "?" }),
      await door.fork("m", { runId: "x", at: 0 }),
      await door.fork("m", { runId: "x", at: "main/work@1" }),
      await door.pause("m", { mode: "sometimes" as "drain" }),
      await door.pause("m", { deadlineMs: -1 }),
      await door.pause("m", { timeoutMs: -1 }),
      await door.cancel("m", { commandId: "" }),
      await door.cancel("m", { commandId: long }),
      await door.steer("m", "left", { commandId: long }),
      await door.answer("m", { gate: GATE, answer: "Yes", reason: long.repeat(16) }),
    ];
    expect(misfits.map(({ code }) => code)).toEqual(misfits.map(() => "usage"));
    expect((await door.events("m")).value).toEqual(before);
    await door.cancel("m");
  });
});

it("words that are none are told at once where they come as text", async () => {
  const scenario: Scenario = async ({ door, entry }) => {
    await door.start(ASKING, { runId: "m" });
    await entry("m", "gate.opened");
    const { value: before } = await door.events("m");
    const asked = [
      await door.provenance("m", "graph.goal", { branch: "../.." }),
      await door.cancel("m", { branch: "../.." }),
      await door.branches("m", { branch: "nowhere" }),
      await door.branches("m", { status: ["sleeping"] }),
      await door.list({ status: ["sleeping"] }),
      await door.list({ limit: 101 }),
      await door.events("m", { branch: "a b" }),
      await door.events("m", { types: ["run.exploded"] }),
      (await door.graph("m", "gif")) ?? { code: "usage" },
    ];
    expect(asked.map(({ code }) => code)).toEqual(asked.map(() => "usage"));
    expect((await door.events("m")).value).toEqual(before);
    await door.cancel("m");
  };
  await play(scenario, { doors: [httpDoor, cliDoor] });
});

it("commands for many runs go to those that are meant, and each says what it came to", async () => {
  await play(async ({ door, entry }) => {
    for (const runId of ["one", "two", "three"]) {
      await door.start(ASKING, { runId, labels: { team: runId === "three" ? "y" : "x" } });
      await entry(runId, "gate.opened");
    }
    await door.answer("two", { gate: GATE, answer: "No" });
    await door.finished("two");
    const dry = await door.control("pause", { all: true }, { dryRun: true });
    expect(dry.value["results"]).toMatchObject([{ runId: "one" }, { runId: "three" }]);
    expect((await door.control("pause", { labels: { team: "x" } })).value["results"]).toMatchObject([
      { runId: "one", accepted: true, after: "paused" },
    ]);
    await door.control("continue", { status: ["paused"] });
    await door.control("pause", { labels: { team: "none" } });
    expect((await door.control("cancel", { all: true, labels: { team: "y" } })).value["results"]).toHaveLength(1);
    await door.list({ status: ["cancelled", "completed"] });
    await door.list({ labels: { team: "x" } });
    expect((await door.control("pause", {})).code).toBe("usage");
  });
});

const ELSEWHERE = { host: "elsewhere", bootId: "b", pid: 1, processStart: "1" };

it("a command that nobody takes in time stays in force, and its id tells later what came of it", async () => {
  await play(async ({ door, store, entry }) => {
    await queued({ door, entry });
    // Another machine has the run, and says nothing.
    const claim = await store.claim({ runId: "m", owner: ELSEWHERE, nowMs: Date.now(), leaseMs: 3_600_000 });
    if (!claim.ok) throw new Error("the run could not be claimed");
    const pending = { accepted: null, pending: true, changed: false, commandId: "cmd-1" };
    expect((await door.pause("m", { commandId: "cmd-1", timeoutMs: 1 })).value).toMatchObject(pending);
    expect((await door.pause("m", { commandId: "cmd-1", timeoutMs: 1 })).value).toMatchObject(pending);
    expect((await door.cancel("m", { commandId: "cmd-1", timeoutMs: 1 })).code).toBe("command_id_reused");
    expect((await door.resume("m")).code).toBe("run_owned");
    await store.release([{ runId: "m", token: claim.token }]);
    const taken = await door.pause("m", { commandId: "cmd-1" });
    expect(taken.value).toMatchObject({ accepted: true, changed: true, before: "queued", after: "paused" });
    await door.lineage("m");
  });
});

it("a run that nobody drives takes commands, and says that somebody has to resume it", async () => {
  await play(async ({ door, entry }) => {
    await queued({ door, entry });
    expect((await door.pause("m")).value).toMatchObject({ after: "paused" });
    await door.view("m");
    expect((await door.continue("m", { message: "go" })).value).toMatchObject({ after: "queued", needs: "resume" });
    expect((await door.steer("m", "left")).value).toMatchObject({ accepted: true });
    expect((await door.view("m")).value).toMatchObject({ owner: null, statusReason: "unowned" });
    await door.resume("m");
    await entry("m", "gate.opened");
    await door.answer("m", { gate: GATE, answer: "No" });
    await door.finished("m");
    expect((await door.context("m")).value).toMatchObject({ "continue.message": "go", "steer.message": "left" });
    expect((await door.resume("m")).code).toBe("run_finished");
    await door.fork("before", { runId: "other" });
    await door.cancel("other");
    expect((await door.resume("other")).code).toBe("run_cancelled_new_run_required");
    await door.events("other");
    await door.view("other");
  });
});

/** A run `m` that waits to be resumed. */
async function queued({ door, entry }: Pick<Stage, "door" | "entry">): Promise<void> {
  await door.start(ASKING, { runId: "before" });
  await entry("before", "gate.opened");
  await door.cancel("before");
  await door.finished("before");
  await door.fork("before", { runId: "m" });
}

it("a run that was started over refuses everything, and names the one that goes on", async () => {
  const source = pipeline(`
    again; ask [type="wait.human", label="Enough?", human.kind=freeform]
    start -> again; again -> again [condition="outcome=again", loop_restart=true]
    last; again -> ask -> last -> exit`);
  await play(async ({ door, hands, store }) => {
    let rounds = 0;
    hands.on("again", () => ({ status: rounds++ === 0 ? "again" : "success" }));
    hands.on("last", () => ({ status: "fail" }));
    await door.start(source, { runId: "m", labels: { team: "x" } });
    const next = await successor(store, "m");
    const refused = [
      await door.pause("m"),
      await door.continue("m"),
      await door.cancel("m"),
      await door.steer("m", "left"),
      await door.answer("m", { gate: "main/ask@1", answer: "yes" }),
      await door.resume("m"),
    ];
    expect(refused.map(({ code }) => code)).toEqual(refused.map(() => "run_restarted"));
    await door.view("m");
    await door.lineage("m");
    await door.answer(next, { gate: "main/ask@1", answer: "yes" });
    expect((await door.finished("m")).value, "of the one that goes on").toEqual({ status: "failed" });
    await door.view(next);
    await door.lineage(next);
    await door.list({ labels: { team: "x" } });
  });
});

/** The run that goes on from one that is started over, once its question is open. */
async function successor(store: Store, runId: string): Promise<string> {
  for await (const page of tailPages(store, { types: ["gate.opened"] })) {
    for (const entry of page) if (entry.runId !== runId) return entry.runId;
  }
  throw new Error("there is none");
}
