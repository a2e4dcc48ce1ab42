/** Runs from their start to their end, and everything that can be asked about them on the way. */
import { expect, it } from "vitest";
import { lookAt } from "./look-at.ts";
import { ASKING, GATE, pipeline, play } from "./play.ts";

const LINE = pipeline("a; b; start -> a -> b -> exit");

it("a run that goes well", async () => {
  await play(async ({ door, hands }) => {
    hands.on("a", async ({ artifacts }) => {
      await artifacts.write("note.txt", "found it", { mediaType: "text/plain" });
      return { status: "success", notes: "seen", contextUpdates: { colour: "red", list: [1, "two", null] } };
    });
    const inputs = { pr: 42, who: "ada", deep: { is: [true] }, digits: "7" };
    await door.start(LINE, { runId: "one", inputs, labels: { team: "x" } });
    expect((await door.finished("one")).value).toMatchObject({ status: "completed" });
    await lookAt(door, "one");
    const [artifact] = (await door.artifacts("one")).value["artifacts"] as { artifact: string }[];
    expect((await door.artifact("one", artifact?.artifact ?? "")).value).toEqual({ text: "found it" });
    expect((await door.context("one")).value).toMatchObject({ colour: "red", "inputs.pr": 42, "inputs.digits": "7" });
    expect((await door.provenance("one", "colour")).value).toMatchObject({ stage: "main/a@1" });
    expect((await door.settled("one", "completed")).value).toMatchObject({ status: "completed" });
  });
});

it("a run that fails, after retries", async () => {
  await play(async ({ door, hands }) => {
    hands.on("b", ({ attempt }) => {
      if (attempt === 2) throw new Error("out of luck");
      return { status: "fail", failureReason: `try ${attempt}` };
    });
    const source = LINE.replace("b;", 'b [max_retries=2, retry_policy="none"];');
    await door.start(source, { runId: "one" });
    expect((await door.finished("one")).value).toEqual({ status: "failed" });
    expect((await door.view("one")).value).toMatchObject({ failure: { stage: "main/b@1" } });
    await lookAt(door, "one");
    expect((await door.settled("one", "failed")).code).toBe("ok");
  });
});

it("a run that waits for a person, is paused, told something, goes on", async () => {
  await play(async ({ door, hands, entry }) => {
    hands.hold(["work"]);
    await door.start(ASKING, { runId: "m" });
    await entry("m", "gate.opened");
    await lookAt(door, "m");
    expect((await door.pause("m", { reason: "lunch" })).value).toMatchObject({ after: "paused", before: "running" });
    expect((await door.settled("m", "paused")).code).toBe("ok");
    await lookAt(door, "m");
    expect((await door.steer("m", "be brief: it's 5 > 3")).value).toMatchObject({ accepted: true });
    expect((await door.answer("m", { gate: GATE, answer: "Yes" })).value).toMatchObject({ accepted: true });
    const context = { colour: "red", size: 3, list: ["a"] };
    const went = await door.continue("m", { message: "as you like", context, reason: "back" });
    expect(went.value).toMatchObject({ after: "running" });
    const { input } = await hands.call("work@1");
    expect(input.context.toObject()).toMatchObject({ ...context, "continue.message": "as you like" });
    await lookAt(door, "m");
    (await hands.call("work@1")).end();
    expect((await door.finished("m")).value).toEqual({ status: "completed" });
    await lookAt(door, "m");
  });
});

it("a run that is interrupted, and does it again", async () => {
  await play(async ({ door, hands }) => {
    hands.hold(["a"]);
    await door.start(LINE, { runId: "one" });
    await hands.call("a@1");
    expect((await door.pause("one", { mode: "interrupt" })).value).toMatchObject({ draining: ["main/a@1#1.1"] });
    await door.settled("one", "paused");
    await lookAt(door, "one");
    await door.continue("one");
    const again = await hands.call("a@1");
    expect(again.input.execution).toBe("main/a@1#1.2");
    again.end();
    await door.finished("one");
    await lookAt(door, "one");
  });
});

it("a run that drains too long for a deadline", async () => {
  await play(async ({ door, hands }) => {
    hands.hold(["a"]);
    await door.start(LINE, { runId: "one" });
    await hands.call("a@1");
    expect((await door.pause("one", { deadlineMs: 1 })).value).toMatchObject({ after: "pausing" });
    expect((await door.settled("one", "paused")).value).toMatchObject({ status: "paused" });
    await door.events("one", { types: ["pause.escalated", "stage.interrupted", "run.paused"] });
  });
});

it("a run that is cancelled, and another that goes on from before", async () => {
  await play(async ({ door, hands, entry }) => {
    hands.hold(["b"]);
    await door.start(LINE, { runId: "one", labels: { team: "x" } });
    await hands.call("b@1");
    expect((await door.cancel("one", { reason: "enough" })).value).toMatchObject({ after: "cancelling" });
    expect((await door.finished("one")).value).toEqual({ status: "cancelled" });
    await lookAt(door, "one");
    const forked = await door.fork("one", { runId: "two", context: { colour: "blue" } });
    expect(forked.value).toMatchObject({ runId: "two", from: "one", status: "queued", needs: "resume" });
    await lookAt(door, "two");
    expect((await door.resume("two")).code).toBe("ok");
    await entry("two", "stage.started", "main/b@1");
    (await hands.call("b@1")).end();
    expect((await door.finished("two")).value).toEqual({ status: "completed" });
    await lookAt(door, "two");
    await lookAt(door, "one");
    expect((await door.fork("two", { runId: "three", at: "main/b@1", labels: { of: "two" } })).code).toBe("ok");
    expect((await door.fork("two", { runId: "four", at: 9 })).code).toBe("ok");
    await door.list({ labels: { of: "two" } });
  });
});

it("a run whose work outlives its cancel, by a grace that the cancel says", async () => {
  await play(async ({ door, hands }) => {
    hands.hold(["a"], { stubborn: true });
    await door.start(LINE, { runId: "one" });
    await hands.call("a@1");
    expect((await door.cancel("one", { graceMs: 1 })).value).toMatchObject({ after: "cancelling" });
    const { value } = await door.settled("one", "cancelled");
    expect(value).toMatchObject({ control: { abandoned: [{ execution: "main/a@1#1.1" }] } });
    await door.events("one");
  });
});
