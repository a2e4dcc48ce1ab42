import { describe, expect, it } from "vitest";
import { whenBranchEnded } from "../../src/runtime/branch-settled.ts";
import { entryOf, gate, openRuntime, perNode, pipeline, untilAborted } from "./fixtures.ts";

const REVIEW = pipeline(`
  fan [type=parallel, join_policy=wait_all, merge=overlay, conflict.report=append, conflict.score=last]
  pick [type="parallel.fan_in"]
  start -> fan; fan -> a; fan -> b; a -> pick; b -> pick; pick -> exit`);

const EACH = pipeline(`
  each [type=foreach, items="[10, 20, 30]", body=work, max_parallel=2, collect=double, on_item_failure=continue]
  subgraph work { do }
  start -> each -> exit`);

describe("branches of a run", () => {
  it("are there while they go on and when they have ended, in pages", async () => {
    const go = gate();
    const runtime = await openRuntime({
      handlers: {
        step: perNode({
          do: async ({ context }) => {
            if (context.get("work.item") === 30) await go.promise;
            return { status: context.get("work.item") === 20 ? "fail" : "success" };
          },
        }),
      },
    });
    const run = await runtime.start(EACH);
    await entryOf(run, "stage.started", "main/each@1/2/do@1");
    await entryOf(run, "iteration.failed");
    const running = await runtime.branches(run.id, { status: ["running"] });
    expect(running.branches.map(({ path }) => path)).toEqual(["main", "main/each@1/2"]);
    expect(running.branches[1]?.frames).toMatchObject([{ container: "each", iteration: 2, completed: 2 }]);
    go.resolve();
    await run.finished();
    const first = await runtime.branches(run.id, { limit: 3 });
    expect(first).toMatchObject({ branchesTotal: 4, counts: { succeeded: 3, failed: 1 } });
    const second = await runtime.branches(run.id, { limit: 3, cursor: first.cursor });
    expect([...first.branches, ...second.branches].map(({ path, status, node }) => [path, status, node])).toEqual([
      ["main", "succeeded", "exit"],
      ["main/each@1/0", "succeeded", "do"],
      ["main/each@1/1", "failed", "do"],
      ["main/each@1/2", "succeeded", "do"],
    ]);
  });
});

describe("joins and provenance of a run", () => {
  it("say what was decided, and which branch wrote what was merged and what the fan-in took", async () => {
    const runtime = await openRuntime({
      handlers: {
        step: perNode({
          a: () => ({ status: "success", contextUpdates: { report: ["of a"], score: 1 } }),
          b: () => ({ status: "success", contextUpdates: { report: ["of b"], score: 2 } }),
        }),
      },
    });
    const run = await runtime.start(REVIEW);
    expect((await run.finished()).status).toBe("completed");
    const { joins } = await runtime.joins(run.id);
    expect(joins).toMatchObject([
      { activation: "main/fan@1", join: "pick", rule: "fan_in", decision: "success", succeeded: 2, ended: "succeeded" },
    ]);
    const [merging] = await runtime.entries(run.id, { types: ["stage.succeeded"], stage: "main/fan@1" });
    const merged = await runtime.provenance(run.id, "report", { at: merging?.turn });
    expect(merged).toMatchObject({
      ...{ stage: "main/fan@1", rule: "append", value: ["of a", "of b"], scope: "main" },
      branches: [
        { path: "main/fan@1/0", stage: "main/fan@1/0/a@1", attempt: 1 },
        { path: "main/fan@1/1", stage: "main/fan@1/1/b@1", attempt: 1 },
      ],
    });
    const chosen = await runtime.provenance(run.id, "report");
    expect(chosen).toMatchObject({ stage: "main/pick@1", rule: "prefer:b", value: ["of b"] });
    expect(chosen.branches).toMatchObject([{ path: "main/fan@1/1", stage: "main/fan@1/1/b@1" }]);
    await expect(runtime.provenance(run.id, "nothing")).rejects.toMatchObject({ code: "key_not_found" });
  });
});

describe("waiting for the end of a branch", () => {
  it("is over when the branch has ended, or the activation, or the run", async () => {
    const runtime = await openRuntime({
      handlers: { step: perNode({ a: ({ signal }) => untilAborted(signal), b: ({ signal }) => untilAborted(signal) }) },
    });
    const run = await runtime.start(REVIEW);
    await entryOf(run, "stage.started", "main/fan@1/1/b@1");
    const ofBranch = whenBranchEnded(runtime.store, run.id, "main/fan@1/0");
    const ofActivation = whenBranchEnded(runtime.store, run.id, "main/fan@1");
    const ofNothing = whenBranchEnded(runtime.store, run.id, "main/fan@2/0");
    await run.cancel({ branch: "main/fan@1/0" });
    const view = await ofBranch;
    expect(view.status).toBe("running");
    expect(view.branches.find(({ path }) => path === "main/fan@1/0")?.status).toBe("cancelled");
    expect(view.branches.find(({ path }) => path === "main/fan@1/1")?.status).toBe("running");
    await run.cancel({ branch: "main/fan@1/1" });
    expect((await ofActivation).stages.find(({ address }) => address === "main/fan@1")?.status).toBe("failed");
    expect((await ofNothing).status).toBe("failed");
    expect((await whenBranchEnded(runtime.store, run.id, "main/fan@1/0")).status).toBe("running");
  });
});
