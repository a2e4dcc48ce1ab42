/** Child runs: real runs of their own, started by a node, followed by control, told of by their news. Source: 03 §8. */
import { describe, expect, it } from "vitest";
import { BRANCH_DEPTH_MAX } from "../../src/limits.ts";
import { CHILD, CHILD_ID, digraph, family, open, PARENT, STORES } from "./family.ts";

describe.each(STORES)("a child run, over %s", (_name, store) => {
  it("is a run of its own, linked both ways, and its end is its stage's", async () => {
    const { world, start, view, finish, expectSound } = await family(undefined, { store: store() });
    const runtime = await open(world);
    await start(runtime, { labels: { team: "search" }, inputs: { pr: 42 } });
    await world.call("work", CHILD_ID);
    expect(await view("p")).toMatchObject({
      status: "running",
      waitingOn: [{ kind: "child", id: CHILD_ID, stage: "main/sub@1" }],
      lineage: { children: [{ runId: CHILD_ID, stage: "main/sub@1", status: "running" }] },
    });
    expect(await view(CHILD_ID)).toMatchObject({
      status: "running",
      labels: { team: "search" },
      inputs: { pr: 42 },
      lineage: { parentRun: "p" },
    });
    expect(await finish("p")).toBe("completed");
    const parent = await view("p");
    expect(parent.lineage.children).toMatchObject([{ runId: CHILD_ID, status: "completed" }]);
    const sub = parent.stages.find(({ node }) => node === "sub");
    expect(sub).toMatchObject({ status: "succeeded", outcome: "success" });
    const [created] = await runtime.entries(CHILD_ID, { types: ["run.created"] });
    const [started] = await runtime.entries("p", { types: ["child.started"] });
    expect(created?.data).toMatchObject({ parent: { runId: "p", stage: "main/sub@1", seq: started?.seq } });
    expect((await view(CHILD_ID)).lineage.parentSeq).toBe(started?.seq);
    await expectSound();
  });

  it("that fails is the failure of its stage, child_failed, routed like any other", async () => {
    const routed = PARENT.replace(
      "start -> sub",
      'sub -> mend [condition="outcome=fail"]\n mend [prompt="m"]\n mend -> exit\n start -> sub',
    );
    const { world, start, until, view, expectSound } = await family(undefined, { parent: routed, store: store() });
    await start(await open(world));
    (await world.call("work", CHILD_ID)).end("fail");
    await until(CHILD_ID, "failed");
    (await world.call("mend", "p")).end();
    await until("p", "completed");
    const [failed] = await world.store.read("journal", { runId: "p", types: ["stage.failed"] });
    expect(failed).toMatchObject({ stage: "main/sub@1", data: { code: "child_failed" } });
    expect(await world.store.read("context", { runId: "p", scope: "main", key: "stack.child.status" })).toMatchObject([
      { value: { json: '"failed"' } },
    ]);
    expect((await view("p")).lineage.children).toMatchObject([{ status: "failed" }]);
    await expectSound();
  });

  it("that is cancelled by itself is the failure of its stage, child_cancelled", async () => {
    const { world, start, until, view, expectSound } = await family(undefined, { store: store() });
    const runtime = await open(world);
    await start(runtime);
    await world.call("work", CHILD_ID);
    await (await runtime.get(CHILD_ID)).cancel({ reason: "not needed" });
    await until("p", "failed");
    const [failed] = await world.store.read("journal", { runId: "p", types: ["stage.failed"] });
    expect(failed?.data).toMatchObject({ code: "child_cancelled" });
    expect((await view("p")).failure?.message).toMatch(/was cancelled: not needed/);
    await expectSound();
  });
});

describe("what goes in and comes out", () => {
  it("inputs are those of the parent and what the node fills in; outputs come back under their names", async () => {
    const parent = digraph(`make [prompt="make"]
      sub [type=pipeline, child="child.dot", outputs="answer, none", "inputs.list"="\${list}",
        "inputs.text"="of \${inputs.pr}", "inputs.pr"="7"]
      start -> make -> sub -> exit`);
    const { world, start, until, expectSound } = await family(undefined, { parent });
    const runtime = await open(world, {
      handlers: {
        codergen: ({ node, inputs }) =>
          node.id === "make"
            ? { status: "success", contextUpdates: { list: [1, 2] } }
            : { status: "success", contextUpdates: { answer: { ...inputs } } },
      },
    });
    const run = await start(runtime, { inputs: { pr: 42, kept: true } });
    await until("p", "completed");
    expect(await run.context()).toMatchObject({
      answer: { list: [1, 2], text: "of 42", pr: "7", kept: true },
      "stack.child.id": CHILD_ID,
      "stack.child.status": "completed",
      "stack.child.outcome": "success",
    });
    await expectSound();
  });

  it("a status word that a child completes with is its stage's", async () => {
    const { world, start, until } = await family();
    const runtime = await open(world);
    const run = await start(runtime);
    (await world.call("work", CHILD_ID)).end("approved");
    (await world.call("after")).end();
    await until("p", "completed");
    const [ended] = await runtime.entries("p", { stage: "main/sub@1", types: ["stage.succeeded"] });
    expect(ended?.data).toMatchObject({ outcome: { status: "approved" } });
    expect((await run.view()).status).toBe("completed");
  });

  it("a large output is a blob of the parent's", async () => {
    const text = "x".repeat(200_000);
    const parent = digraph('sub [type=pipeline, child="child.dot", outputs="big"]\n start -> sub -> exit');
    const { world, start, until, expectSound } = await family(undefined, { parent });
    const runtime = await open(world, {
      handlers: { codergen: () => ({ status: "success", contextUpdates: { big: text } }) },
    });
    const run = await start(runtime);
    await until("p", "completed");
    expect((await run.context())["big"]).toBe(text);
    await expectSound();
  });
});

describe("nesting", () => {
  it("children have children: three deep, each with its own pipeline", async () => {
    const nest = (file: string) => digraph(`sub [type=pipeline, child="${file}"]\n start -> sub -> exit`);
    const { world, start, finish, expectSound } = await family(
      { "one.dot": nest("two.dot"), "two.dot": nest("child.dot"), "child.dot": CHILD },
      { parent: nest("one.dot") },
    );
    await start(await open(world));
    const ids = ["p", "p~sub@1.0", "p~sub@1.0~sub@1.0", "p~sub@1.0~sub@1.0~sub@1.0"];
    await world.call("work", ids[3]);
    expect(await finish("p")).toBe("completed");
    for (const id of ids) expect((await world.store.read("run", { runId: id }))[0]?.status).toBe("completed");
    await expectSound();
  });

  it("a pipeline that starts itself ends at the limit of depth, as a failure", async () => {
    const self = digraph('sub [type=pipeline, child="self.dot"]\n start -> sub -> exit');
    const { world, start, until, expectSound } = await family({ "self.dot": self }, { parent: self });
    await start(await open(world));
    await until("p", "failed");
    const runs = await world.store.read("runs", {});
    expect(runs.length).toBe(BRANCH_DEPTH_MAX + 1);
    const deepest = await world.store.read("journal", { runId: runs[0]?.runId ?? "", types: ["stage.failed"] });
    expect(deepest[0]?.data).toMatchObject({ code: "max_depth" });
    await expectSound();
  });

  it("two visits of a node, and branches of a fan-out, have children of their own", async () => {
    const parent = digraph(`fan [shape=component]
      left [type=pipeline, child="child.dot"]
      right [type=pipeline, child="child.dot"]
      again [prompt="again"]
      start -> fan
      fan -> left -> again
      fan -> right -> again
      again -> fan [condition="again=yes"]
      again -> exit [condition="again!=yes"]`);
    const { world, start, until, expectSound } = await family(undefined, { parent });
    let visits = 0;
    const runtime = await open(world, {
      handlers: {
        codergen: ({ node }) =>
          node.id === "again"
            ? { status: "success", contextUpdates: { again: visits++ === 0 ? "yes" : "no" } }
            : { status: "success" },
      },
    });
    await start(runtime);
    await until("p", "completed");
    const children = (await world.store.read("runs", { parentRun: "p" })).map(({ runId }) => runId).sort();
    expect(children).toEqual([
      "p~fan@1.0.left@1.0",
      "p~fan@1.1.right@1.0",
      "p~fan@2.0.left@1.0",
      "p~fan@2.1.right@1.0",
    ]);
    await expectSound();
  });

  it("a child takes no slot of its own: one is enough for a whole family", async () => {
    const { world, start, finish, status } = await family();
    const runtime = await open(world, { maxConcurrentRuns: 1 });
    await start(runtime);
    await world.call("work", CHILD_ID);
    await runtime.start(CHILD, { runId: "other" });
    await world.rest();
    expect(await status("other")).toBe("queued");
    expect(await finish("p")).toBe("completed");
    expect(await finish("other")).toBe("completed");
  });
});
