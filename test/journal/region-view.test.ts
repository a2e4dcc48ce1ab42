import { describe, expect, it } from "vitest";
import { runView, runViewSchema } from "../../src/journal/run-view.ts";
import { Script } from "./script.ts";

function view(script: Script) {
  const { entries } = script;
  const row = { runId: "run-1", pipelineName: "p", pipelineHash: "h", labels: {}, inputs: {}, createdAtMs: 1_000 };
  const made = runView({ run: { ...row, seq: entries.length }, entries });
  expect(runViewSchema.parse(made)).toEqual(made);
  return made;
}

describe("the view of regions", () => {
  it("names the join that branches held at their ends will settle, and beside it the ends", () => {
    const fan = "main/fan@1";
    const leaf = (index: number) => `${fan}/${index}/x@1`;
    const begun = (policy: string, need: number) => {
      const script = new Script().begin().entered(fan, "parallel");
      const branches = [0, 1, 2].map((index) => ({ path: `${fan}/${index}`, head: "x" }));
      const settings = { joinRule: "none", policy, errorPolicy: "continue", need, maxParallel: 2 };
      script.add("parallel.started", { activation: fan, ...settings, branches });
      for (const index of [0, 1]) {
        const data = { activation: fan, index, head: "x", branchRunId: "b" };
        script.add("branch.started", data, { branch: `${fan}/${index}` }).started(leaf(index));
      }
      script.turn((s) => s.pausing([`${leaf(0)}#1.1`, `${leaf(1)}#1.1`], 0));
      return script;
    };
    const held = (script: Script) => view(script).control.held.map(({ what, stage }) => `${what} ${stage}`);
    const all = begun("wait_all", 3);
    expect(held(all)).toEqual([]);
    // One is at its end: the third could have its place.
    expect(held(all.succeeded(leaf(1)))).toEqual([`end ${leaf(1)}`, `branch ${fan}`]);
    expect(held(begun("first_success", 1).succeeded(leaf(1)))).toEqual([`end ${leaf(1)}`, `join ${fan}`]);
    expect(held(begun("first_success", 1).failed(leaf(1)))).toEqual([`end ${leaf(1)}`, `branch ${fan}`]);
  });

  it("names the iteration that comes next, or the end of its container", () => {
    const each = "main/each@1";
    const leaf = (index: number) => `${each}/${index}/x@1`;
    const begun = (total: number) => {
      const script = new Script().begin().entered(each, "foreach");
      script.add("container.entered", { activation: each, kind: "foreach", maxParallel: 2, total });
      for (const index of [0, 1]) script.add("iteration.started", { activation: each, index }).started(leaf(index));
      return script.turn((s) => s.pausing([`${leaf(0)}#1.1`, `${leaf(1)}#1.1`], 0));
    };
    const held = (script: Script) => view(script).control.held.map(({ what, stage }) => `${what} ${stage}`);
    expect(held(begun(3))).toEqual([]);
    expect(held(begun(3).succeeded(leaf(0)))).toEqual([`end ${leaf(0)}`, `iteration ${each}`]);
    expect(held(begun(2).succeeded(leaf(0)))).toEqual([`end ${leaf(0)}`]);
    const last = begun(2).succeeded(leaf(0)).succeeded(leaf(1));
    expect(held(last)).toEqual([`end ${leaf(0)}`, `end ${leaf(1)}`, `container ${each}`]);
    expect(view(last).containers).toEqual([
      { activation: each, kind: "foreach", branch: "main", total: 2, completed: 0, inFlight: 2, failed: 0 },
    ]);
  });

  it("says cancelling of the branches a join was decided without, and keeps what it merged", () => {
    const fan = "main/fan@1";
    const script = new Script().begin().entered(fan, "parallel");
    const branches = [0, 1].map((index) => ({ path: `${fan}/${index}`, head: "x" }));
    const settings = { joinRule: "none", policy: "any", errorPolicy: "continue", need: 1, maxParallel: 2 };
    script.add("parallel.started", { activation: fan, ...settings, branches });
    branches.forEach(({ path: branch }, index) => {
      script.add("branch.started", { activation: fan, index, head: "x", branchRunId: "b" }, { branch });
    });
    script.add("branch.succeeded", { status: "odd" }, { branch: `${fan}/0` });
    const decision = { activation: fan, decision: "success", status: "odd", policy: "any" } as const;
    script.add("join.decided", { ...decision, succeeded: 1, failed: 0, open: 1, winners: [`${fan}/0`] });
    const statuses = () => view(script).branches.map(({ status }) => status);
    expect(statuses()).toEqual(["running", "succeeded", "cancelling"]);
    script.turn((s) => s.pausing([], 0));
    expect(view(script).control.held).toEqual([]);
    script.add("branch.superseded", { status: "fail" }, { branch: `${fan}/1` });
    expect(view(script).control.held).toEqual([{ what: "end", stage: fan, reason: "pause" }]);
    const provenance = { colour: { branches: [`${fan}/0`], rule: "overlay" } };
    const outcome = { status: "odd", contextUpdates: { colour: "red" } };
    script.add("stage.succeeded", { outcome, provenance }, { branch: "main", stage: fan });
    expect(statuses()).toEqual(["paused", "succeeded", "superseded"]);
    expect(view(script).joins).toMatchObject([{ activation: fan, decision: "success", provenance }]);
  });
});
