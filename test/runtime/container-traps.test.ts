/** What broke of loops and suspended siblings in other systems, each as it showed there. */
import { describe, expect, it } from "vitest";
import type { HandlerInput, JsonValue } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { EagerClock } from "./eager-clock.ts";
import { entryOf, gate, openMortal, openRuntime, perNode, pipeline, storyOf } from "./fixtures.ts";

/** Three iterations that each ask, and then do what was said. */
const ASKING =
  pipeline(`each [type=foreach, items="[10, 20, 30]", body=one, max_parallel=3, collect=did]; start -> each -> exit;
  subgraph one { ask [type="wait.human"]; yes; no; ask -> yes [label=Yes]; ask -> no [label=No] }`);

const does = ({ node, context }: HandlerInput) => ({
  status: "success",
  contextUpdates: { did: `${node.id} ${context.get("work.item")}` },
});

const valuesOf = (results: JsonValue | undefined) =>
  (results as readonly { readonly value: JsonValue }[]).map(({ value }) => value);

describe("an answer", () => {
  it("lets one iteration go on, and its siblings wait on", async () => {
    const runtime = await openRuntime({ handlers: { step: does } });
    const run = await runtime.start(ASKING, { runId: "r" });
    await entryOf(run, "gate.opened", "main/each@1/2/ask@1");
    await run.answer("main/each@1/1/ask@1", "Yes");
    await entryOf(run, "iteration.succeeded");
    expect((await run.view()).containers).toMatchObject([{ completed: 1, inFlight: 2 }]);
    expect((await run.view()).waitingOn.map(({ stage }) => stage)).toEqual([
      ...["main/each@1/0/ask@1", "main/each@1/2/ask@1"],
    ]);
    expect(await storyOf(runtime, "r", ["stage.started"])).toEqual(["stage.started main/each@1/1/yes@1#1.1"]);
  });

  it("reaches the gate it names, whichever order they are given in and whoever has ended meanwhile", async () => {
    const runtime = await openRuntime({ handlers: { step: does } });
    const run = await runtime.start(ASKING, { runId: "r" });
    await entryOf(run, "gate.opened", "main/each@1/2/ask@1");
    await run.answer("main/each@1/2/ask@1", "Yes");
    await entryOf(run, "iteration.succeeded");
    await run.answer("main/each@1/0/ask@1", "No");
    await run.answer("main/each@1/1/ask@1", "Yes");
    expect((await run.finished()).status).toBe("completed");
    expect(valuesOf((await run.context())["foreach.each.results"])).toEqual(["no 10", "yes 20", "yes 30"]);
  });

  it("of one iteration that has ended stays answered over a restart: nobody is asked again", async () => {
    const store = memoryStore();
    const clock = new EagerClock();
    const { runtime, kill } = await openMortal(store, clock, { handlers: { step: does } });
    const run = await runtime.start(ASKING, { runId: "r" });
    await entryOf(run, "gate.opened", "main/each@1/2/ask@1");
    await run.answer("main/each@1/0/ask@1", "Yes");
    await entryOf(run, "iteration.succeeded");
    kill();
    const next = await openRuntime({ store, clock, handlers: { step: does } });
    const resumed = await next.resume("r");
    const branches = (await resumed.view()).branches.map(({ path, status }) => `${path} ${status}`);
    expect(branches).toEqual([
      ...["main running", "main/each@1/0 succeeded", "main/each@1/1 running", "main/each@1/2 running"],
    ]);
    for (const index of [1, 2]) await resumed.answer(`main/each@1/${index}/ask@1`, "No");
    expect((await resumed.finished()).status).toBe("completed");
    expect(await storyOf(next, "r", ["gate.opened"])).toHaveLength(3);
    expect(valuesOf((await resumed.context())["foreach.each.results"])).toEqual(["yes 10", "no 20", "no 30"]);
    expect((await next.verify("r")).problems).toEqual([]);
  });
});

describe("a foreach", () => {
  const MANY = pipeline(`each [type=foreach, items="[0,1,2,3,4,5,6,7]", body=one, max_parallel=3, collect=did];
    start -> each -> exit; subgraph one { work }`);

  it("loses no iteration when a sibling ends, and keeps its concurrency over a restart and a pause", async () => {
    const store = memoryStore();
    const clock = new EagerClock();
    const release = gate();
    const counts = { now: 0, most: 0 };
    const work = async ({ context }: HandlerInput, until?: Promise<void>) => {
      counts.now += 1;
      counts.most = Math.max(counts.most, counts.now);
      if (Number(context.get("work.index")) >= 2) await until;
      await new Promise((resolve) => setImmediate(resolve));
      counts.now -= 1;
      return { status: "success", contextUpdates: { did: context.get("work.item") ?? null } };
    };
    const first = await openMortal(store, clock, { handlers: { step: (input) => work(input, release.promise) } });
    const run = await first.runtime.start(MANY, { runId: "r" });
    await entryOf(run, "stage.started", "main/each@1/4/work@1");
    await run.pause();
    first.kill();
    expect(counts.most).toBe(3);
    Object.assign(counts, { now: 0, most: 0 });
    const next = await openRuntime({ store, clock, handlers: { step: (input) => work(input) } });
    const resumed = await next.resume("r");
    expect(counts.most).toBe(0);
    await resumed.continue();
    const view = await resumed.finished();
    expect([view.status, counts.most]).toEqual(["completed", 3]);
    expect(view.containers).toMatchObject([{ total: 8, completed: 8, inFlight: 0 }]);
    expect(valuesOf((await resumed.context())["foreach.each.results"])).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    // The three that were cut off ran once more; nothing else did.
    const starts = await storyOf(next, "r", ["stage.started"]);
    expect(starts.filter((line) => line.endsWith("#1.2"))).toEqual(
      [2, 3, 4].map((index) => `stage.started main/each@1/${index}/work@1#1.2`),
    );
    expect(starts).toHaveLength(11);
    release.resolve();
  });

  it("goes through the list it was entered with, however it changes between two processes", async () => {
    const source =
      pipeline(`list; each [type=foreach, items=todo, body=one, collect=did]; start -> list -> each -> exit;
      subgraph one { work }`);
    const store = memoryStore();
    const clock = new EagerClock();
    const list = (todo: JsonValue) => () => ({ status: "success", contextUpdates: { todo } });
    const hangs = ({ context }: HandlerInput) =>
      context.get("work.index") === 1
        ? new Promise<never>(() => {})
        : { status: "success", contextUpdates: { did: context.get("work.item") ?? null, todo: [] } };
    const first = await openMortal(store, clock, {
      handlers: { step: perNode({ list: list(["a", "b", "c"]), work: hangs }) },
    });
    const run = await first.runtime.start(source, { runId: "r" });
    await entryOf(run, "stage.started", "main/each@1/1/work@1");
    await run.pause({ mode: "interrupt" });
    first.kill();
    const next = await openRuntime({ store, clock, handlers: { step: perNode({ work: does }) } });
    const resumed = await next.resume("r");
    await resumed.continue({ context: { todo: ["x"] } });
    expect((await resumed.finished()).status).toBe("completed");
    const context = await resumed.context();
    expect(context["todo"]).toEqual(["x"]);
    expect(valuesOf(context["foreach.each.results"])).toEqual(["a", "work b", "work c"]);
  });
});
