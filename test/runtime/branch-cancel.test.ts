import { describe, expect, it } from "vitest";
import { entryOf, gate, openRuntime, perNode, pipeline, storyOf, untilAborted } from "./fixtures.ts";

const FAN = pipeline(
  `fan [type=parallel, join_policy=wait_all]; a; b; j
   start -> fan; fan -> a; fan -> b; a -> j; b -> j; j -> exit`,
);

describe("cancelling a branch", () => {
  it("stops that branch alone, which counts as failed for its join", async () => {
    const go = gate();
    const runtime = await openRuntime({
      handlers: { step: perNode({ a: ({ signal }) => untilAborted(signal), b: () => go.promise }) },
    });
    const run = await runtime.start(FAN);
    await entryOf(run, "stage.started", "main/fan@1/1/b@1");
    const result = await run.cancel({ branch: "main/fan@1/0", reason: "not needed" });
    expect(result).toMatchObject({ accepted: true, changed: true, before: "running", after: "running" });
    const cut = await entryOf(run, "branch.cancelled");
    expect(cut).toMatchObject({ branch: "main/fan@1/0" });
    expect(await run.cancel({ branch: "main/fan@1/0" })).toMatchObject({ accepted: false, code: "branch_finished" });
    go.resolve();
    const view = await run.finished();
    expect(view.status).toBe("completed");
    const [decided] = await runtime.entries(run.id, { types: ["join.decided"] });
    expect(decided?.data).toMatchObject({ decision: "partial_success", succeeded: 1, failed: 1 });
    expect(await storyOf(runtime, run.id, ["stage.cancelled"])).toEqual(["stage.cancelled main/fan@1/0/a@1#1.1"]);
  });

  it("of an activation cancels all of its branches, and its stage fails", async () => {
    const runtime = await openRuntime({
      handlers: { step: perNode({ a: ({ signal }) => untilAborted(signal), b: ({ signal }) => untilAborted(signal) }) },
    });
    const run = await runtime.start(FAN);
    await entryOf(run, "stage.started", "main/fan@1/1/b@1");
    expect(await run.cancel({ branch: "main/fan@1" })).toMatchObject({ accepted: true, changed: true });
    const view = await run.finished();
    expect(view).toMatchObject({ status: "failed", failure: { stage: "main/fan@1" } });
    const [failed] = await runtime.entries(run.id, { types: ["stage.failed"] });
    expect(failed).toMatchObject({ stage: "main/fan@1", data: { code: "cancelled" } });
  });

  it("is refused for the main branch, for what has ended, and for what never was", async () => {
    const go = gate();
    const runtime = await openRuntime({ handlers: { step: perNode({ j: () => go.promise }) } });
    const run = await runtime.start(FAN);
    await entryOf(run, "stage.started", "main/j@1");
    expect(await run.cancel({ branch: "main" })).toMatchObject({ accepted: false, code: "use_run_cancel" });
    expect(await run.cancel({ branch: "main/fan@1/0" })).toMatchObject({ code: "branch_finished" });
    expect(await run.cancel({ branch: "main/fan@1" })).toMatchObject({ code: "branch_finished" });
    expect(await run.cancel({ branch: "main/fan@2/0" })).toMatchObject({ code: "branch_not_found" });
    expect(await run.cancel({ branch: "elsewhere" })).toMatchObject({ code: "branch_not_found" });
    go.resolve();
    expect((await run.finished()).status).toBe("completed");
  });

  it("works while the run is paused: the branch ends then, its join decides on continue", async () => {
    const runtime = await openRuntime({
      handlers: { step: perNode({ a: ({ signal }) => untilAborted(signal), b: ({ signal }) => untilAborted(signal) }) },
    });
    const run = await runtime.start(FAN);
    await entryOf(run, "stage.started", "main/fan@1/1/b@1");
    await run.pause({ mode: "interrupt" });
    await run.settled("paused");
    await run.cancel({ branch: "main/fan@1/0" });
    await run.cancel({ branch: "main/fan@1/1" });
    expect(await storyOf(runtime, run.id, ["join.decided"])).toEqual([]);
    expect((await run.view()).status).toBe("paused");
    await run.continue();
    expect(await run.finished()).toMatchObject({ status: "failed", failure: { stage: "main/fan@1" } });
  });
});
