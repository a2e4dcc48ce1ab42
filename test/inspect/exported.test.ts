/** The exported charts are those that runs go through: regions, gates, waits, retries and child runs. */
import { expect, it } from "vitest";
import { createMachine } from "xstate";
import type { Inspection } from "../../src/index.ts";
import { statechartJson, statecharts } from "../../src/inspect/index.ts";
import { digraph, folderWith } from "../runtime/family.ts";
import { openRuntime } from "../runtime/fixtures.ts";
import { seenAt, storedAt } from "./inspected.ts";

const PARENT = digraph(`
  fan  [type=parallel, join_policy=first_success]
  sub  [type=pipeline, child="child.dot"]
  each [type=foreach, items="[1, 2]", body=item]
  nap  [shape=insulator, duration="1s"]
  ask  [shape=hexagon, label="go on?"]
  flaky [type=step, max_retries=1, retry_policy=linear]
  node [type=step]
  subgraph item { one }
  start -> fan; fan -> a; fan -> b; a -> join; b -> join
  join -> sub -> each -> nap -> ask
  ask -> flaky [label="yes"]
  flaky -> exit`);
const CHILD = digraph("work [type=step]; start -> work -> exit");

async function watched() {
  const baseDir = await folderWith({ "child.dot": CHILD });
  const seen: Inspection[] = [];
  const ended = Promise.withResolvers<void>();
  const runtime = await openRuntime({
    handlers: { step: ({ node, attempt }) => ({ status: node.id === "flaky" && attempt === 1 ? "retry" : "success" }) },
    interviewer: { ask: async () => "yes" },
    inspect: { next: (each) => void seen.push(each), complete: ended.resolve },
  });
  const run = await runtime.start(PARENT, { runId: "p", baseDir });
  expect((await run.finished()).status).toBe("completed");
  await runtime.stop();
  await ended.promise;
  return { seen, store: runtime.store };
}

it("each state that an actor comes to, and each event that brings it there, is in the chart as XState reads it", async () => {
  const { seen } = await watched();
  const exported = Object.fromEntries(
    Object.entries(statecharts).map(([name, machine]) => {
      return [name, createMachine(JSON.parse(JSON.stringify(statechartJson(machine))))];
    }),
  );
  const states = new Set<string>();
  for (const { actor, event, snapshot } of seen) {
    const machine = exported[actor.split(":")[0] as string];
    if (!machine) throw new Error(`no chart of ${actor}`);
    const { status, value } = machine.resolveState({ value: snapshot.value as never, context: {} });
    expect([status, value]).toEqual(["active", snapshot.value]);
    // What begins an actor is an event of XState.
    if (event && event.type !== "xstate.init") expect(machine.events).toContain(event.type);
    for (const state of Object.values(snapshot.value)) states.add(String(state));
  }
  for (const state of ["working", "asking", "waiting", "backing_off", "settling"]) expect([...states]).toContain(state);
  expect(() => exported["run"]?.resolveState({ value: "nowhere" as never, context: {} })).toThrow("nowhere");
});

it("a child run is seen beside its parent, from the turn in which it was taken up", async () => {
  const { seen, store } = await watched();
  const child = seen.filter(({ runId }) => runId === "p~sub@1.0");
  expect(child[0]).toMatchObject({ actor: "run" });
  expect(child.at(-1)).toMatchObject({ actor: "run", snapshot: { status: "done" } });
  const first = child[0]?.seq ?? 0;
  const entries = await store.read("journal", { runId: "p~sub@1.0", after: first - 1 });
  expect(entries.length).toBeGreaterThan(5);
  for (const { turn } of entries) expect(seenAt(child, turn)).toEqual(await storedAt(store, "p~sub@1.0", turn));
});
