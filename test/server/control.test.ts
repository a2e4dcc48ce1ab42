/** Commands over HTTP: the same answers and codes as the library gives. */
import { describe, expect, it } from "vitest";
import { ASKING, HELLO, openServer, pipeline, steps } from "./fixtures.ts";

const runtime = { handlers: steps };

/** A run that waits at its question. */
async function waiting(options: Parameters<typeof openServer>[0] = { runtime }) {
  const client = await openServer(options);
  await client.post("/runs", { source: ASKING, runId: "one" });
  return client;
}

describe("pause, continue, cancel", () => {
  it("are taken with what they came to, and refused with a problem that has it too", async () => {
    const { post, read } = await waiting();
    expect(await read(post("/runs/one/pause", { reason: "lunch", actor: "mo" }), 202)).toMatchObject({
      verb: "pause",
      accepted: true,
      before: "running",
      after: "paused",
    });
    expect(await read(post("/runs/one/continue"), 202)).toMatchObject({ accepted: true, after: "running" });
    expect(await read(post("/runs/one/continue"), 409)).toMatchObject({
      code: "not_paused",
      accepted: false,
      before: "running",
      status: 409,
    });
    expect(await read(post("/runs/one/cancel", {}), 202)).toMatchObject({ accepted: true, after: "cancelled" });
    expect(await read(post("/runs/one/continue"), 409)).toMatchObject({ code: "run_cancelled_new_run_required" });
    expect(await read(post("/runs/one/pause"), 409)).toMatchObject({ code: "run_cancelled" });
    expect(await read(post("/runs/one/cancel"), 202)).toMatchObject({ accepted: true, changed: false });
  });

  it("are in the journal with who gave them", async () => {
    const { post, get, read } = await waiting();
    await post("/runs/one/pause", { actor: "mo", commandId: "c1", reason: "lunch" });
    const { events } = await read<{ events: object[] }>(get("/runs/one/events?type=control.accepted"));
    expect(events).toMatchObject([{ cause: { actor: "mo", commandId: "c1" }, data: { reason: "lunch" } }]);
  });

  it("under the same id are given once, by body or by header", async () => {
    const { post, read } = await waiting();
    const first = await read(post("/runs/one/pause", { commandId: "c1" }), 202);
    expect(await read(post("/runs/one/pause", { commandId: "c1" }), 202)).toEqual(first);
    expect(await read(post("/runs/one/pause", undefined, { "idempotency-key": "c1" }), 202)).toEqual(first);
    expect(await read(post("/runs/one/cancel", { commandId: "c1" }), 409)).toMatchObject({ code: "command_id_reused" });
  });

  it("of a branch say what the library says", async () => {
    const { post, read } = await waiting();
    expect(await read(post("/runs/one/cancel", { branch: "main" }), 409)).toMatchObject({ code: "use_run_cancel" });
    expect(await read(post("/runs/one/cancel", { branch: "main/fan@1/0" }), 404)).toMatchObject({
      code: "branch_not_found",
    });
    expect(await read(post("/runs/one/cancel", { branch: "../.." }), 400)).toMatchObject({ code: "usage" });
  });

  it("with an interrupt cut what is in flight, and continue does it again", async () => {
    let calls = 0;
    const step = ({ signal }: { signal: AbortSignal }) => {
      calls += 1;
      if (calls > 1) return { status: "success" as const };
      return new Promise<never>((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
    };
    const client = await openServer({ runtime: { handlers: { step } } });
    await client.post("/runs", { source: pipeline("a; start -> a -> exit"), runId: "one" });
    const run = await client.runtime.get("one");
    expect(await client.read(client.post("/runs/one/pause", { mode: "interrupt" }), 202)).toMatchObject({
      after: "pausing",
      draining: ["main/a@1#1.1"],
    });
    await run.settled("paused");
    await client.post("/runs/one/continue", { message: "go", context: { colour: "red" } });
    await run.finished();
    expect(await client.read(client.get("/runs/one/context"))).toMatchObject({ colour: "red" });
    expect(calls).toBe(2);
  });

  it("for many runs say what each came to, or with dryRun which are meant", async () => {
    const { post, read } = await waiting();
    await post("/runs", { source: ASKING, runId: "two", labels: { team: "x" } });
    const dry = await read<{ results: object[] }>(post("/control", { verb: "pause", all: true, dryRun: true }));
    expect(dry.results).toMatchObject([{ runId: "two", accepted: null }, { runId: "one" }]);
    const done = await read(post("/control", { verb: "pause", labels: { team: "x" } }));
    expect(done).toMatchObject({ results: [{ runId: "two", accepted: true, after: "paused" }] });
    expect(await read(post("/control", { verb: "continue", status: ["paused"] }))).toMatchObject({
      results: [{ runId: "two", after: "running" }],
    });
    expect(await read(post("/control", { verb: "pause" }), 400)).toMatchObject({ code: "usage" });
  });
});

it("steering tells the stages that start later", async () => {
  const { post, get, read } = await waiting();
  expect(await read(post("/runs/one/steer", { message: "be brief" }), 202)).toMatchObject({ accepted: true });
  expect(await read(get("/runs/one/context"))).toMatchObject({ "steer.message": "be brief" });
  expect(await read(post("/runs/one/steer", { message: "" }), 400)).toMatchObject({ code: "usage" });
  expect(await read(post("/runs/one/steer"), 400)).toMatchObject({ code: "usage" });
});

describe("a question", () => {
  it("is answered once, by a gate whose slashes are written either way", async () => {
    for (const gate of ["main/ask@1", encodeURIComponent("main/ask@1")]) {
      const { post, get, read, runtime: library } = await waiting();
      const path = `/runs/one/questions/${gate}/answer`;
      expect(await read(post(path, { answer: "maybe" }), 422)).toMatchObject({ code: "answer_invalid" });
      expect(await read(post(path, { answer: "N", actor: "mo" }), 202)).toMatchObject({ accepted: true });
      const { stages } = await (await library.get("one")).finished();
      expect(stages.map(({ node }) => node)).toEqual(["start", "ask", "no", "exit"]);
      expect(await read(get("/runs/one/questions"))).toEqual({ questions: [] });
      expect(await read(post(path, { answer: "Y" }), 409)).toMatchObject({ code: "run_finished" });
    }
  });

  it("that is none is not found", async () => {
    const { post, read } = await waiting();
    expect(await read(post("/runs/one/questions/main%2Fno@1/answer", { answer: "Y" }), 404)).toMatchObject({
      code: "gate_not_found",
    });
  });
});

describe("fork and resume", () => {
  it("make a run that goes on from a point of another, or leave it to be resumed", async () => {
    const { post, read, runtime: library } = await waiting();
    await post("/runs/one/cancel");
    const forked = await post("/runs/one/fork", { runId: "two", labels: { of: "one" } });
    expect(forked.headers.get("location")).toBe("/runs/two");
    expect(await read(forked, 202)).toMatchObject({ runId: "two", from: "one" });
    expect(await read(post("/runs/one/fork", { runId: "two" }), 409)).toMatchObject({ code: "run_exists" });
    const left = await read(post("/runs/one/fork", { runId: "three", drive: false, at: "main/ask@1" }), 202);
    expect(left).toMatchObject({ status: "queued", needs: "resume" });
    expect(await read(post("/runs/three/resume"), 202)).toMatchObject({ runId: "three" });
    await post("/runs/three/questions/main%2Fask@1/answer", { answer: "Y" });
    expect(await (await library.get("three")).finished()).toMatchObject({ status: "completed" });
    expect(await read(post("/runs/three/resume"), 409)).toMatchObject({ code: "run_finished" });
  });

  it("of a completed run needs a point", async () => {
    const { post, read, runtime: library } = await openServer({ runtime });
    await post("/runs", { source: HELLO, runId: "one" });
    await (await library.get("one")).finished();
    expect(await read(post("/runs/one/fork"), 409)).toMatchObject({ code: "run_finished" });
    expect(await read(post("/runs/one/fork", { at: "main/b@1" }), 202)).toMatchObject({ from: "one" });
  });
});
