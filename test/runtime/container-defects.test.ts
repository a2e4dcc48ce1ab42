/** The seven defects that the first design of containers would have had, each as it would have shown. */
import { expect, it } from "vitest";
import type { HandlerInput, HandlerResult, JsonValue, Run } from "../../src/index.ts";
import { createRuntime } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { crashAfter, crashBefore, faultAtCommit, faultStore } from "../../src/testing/fault-store.ts";
import { EagerClock, mortalClock } from "./eager-clock.ts";
import { entryOf, gate, openMortal, openRuntime, pipeline, untilAborted } from "./fixtures.ts";

/** Five items, for each of which three are gone through. */
const NESTED = pipeline(`start -> outer -> exit
  outer [type=foreach, items="[1, 2, 3, 4, 5]", body=one, collect="foreach.inner.results"]
  subgraph one { inner [type=foreach, items="[7, 8, 9]", body=two, collect=did] }
  subgraph two { leaf }`);

const LEAVES = [0, 1, 2, 3, 4].flatMap((outer) => [0, 1, 2].map((inner) => leaf(outer, inner)));

function leaf(outer: number, inner: number): string {
  return `main/outer@1/${outer}/inner@1/${inner}/leaf@1`;
}

/** Handlers that say where they are, and wait there for the test where it says so. Calls are kept in order. */
function workshop(held: readonly string[] = []) {
  const calls: string[] = [];
  const gates = new Map(held.map((stage) => [stage, gate()]));
  const step = async ({ stage, signal }: HandlerInput): Promise<HandlerResult> => {
    calls.push(stage);
    const waits = gates.get(stage);
    if (waits) await Promise.race([waits.promise, untilAborted(signal)]);
    return { status: "success", contextUpdates: { did: stage } };
  };
  const release = (stage: string) => gates.get(stage)?.resolve();
  return { handlers: { step }, calls, release };
}

/** Pauses where a stage is at work, lets it end, and waits until nothing is in flight. */
async function pauseIn(run: Run, stage: string, release: (stage: string) => void): Promise<void> {
  await entryOf(run, "stage.started", stage);
  await run.pause();
  release(stage);
  await run.settled("paused");
}

/** Paused in the middle of the second item's inner list; the process dies; another one goes on. */
async function pausedKilledResumed() {
  const store = memoryStore();
  const clock = new EagerClock();
  const { handlers, calls, release } = workshop([leaf(1, 1)]);
  const { runtime, kill } = await openMortal(store, clock, { handlers });
  await pauseIn(await runtime.start(NESTED, { runId: "r" }), leaf(1, 1), release);
  kill();
  const next = await openRuntime({ store, clock, handlers });
  const run = await next.resume("r");
  expect((await run.view()).status).toBe("paused");
  await run.continue();
  expect((await run.finished()).status).toBe("completed");
  expect((await next.verify("r")).problems).toEqual([]);
  return { run, calls };
}

it("1: the frame of an inner container is not handed to later iterations of the outer one: every item is run", async () => {
  const { calls } = await pausedKilledResumed();
  expect(calls).toEqual(LEAVES);
});

it("2: no result is copied from the item before: each item has its own", async () => {
  const { run } = await pausedKilledResumed();
  const results = (await run.context())["foreach.outer.results"] as unknown as readonly {
    readonly index: number;
    readonly value: readonly { readonly value: JsonValue }[];
  }[];
  expect(results.map(({ index }) => index)).toEqual([0, 1, 2, 3, 4]);
  expect(results.flatMap(({ value }) => value.map((inner) => inner.value))).toEqual(LEAVES);
});

it("3: a second pause in one iteration wipes nothing of what its stages have come to", async () => {
  const [a, b, c] = ["a", "b", "c"].map((node) => `main/each@1/0/${node}@1`) as [string, string, string];
  const { handlers, calls, release } = workshop([a, b]);
  const seen: JsonValue[] = [];
  const step = async (input: HandlerInput): Promise<HandlerResult> => {
    if (input.stage === c) seen.push(input.context.get("did.a") ?? null, input.context.get("did.b") ?? null);
    await handlers.step(input);
    return { status: "success", contextUpdates: { [`did.${input.node.id}`]: input.stage } };
  };
  const runtime = await openRuntime({ handlers: { step } });
  const source = pipeline(`each [type=foreach, items="[1]", body=one]; start -> each -> exit
    subgraph one { a -> b -> c }`);
  const run = await runtime.start(source, { runId: "r" });
  for (const stage of [a, b]) {
    await pauseIn(run, stage, release);
    const { stages } = await run.view();
    expect(stages.filter(({ branch }) => branch === "main/each@1/0").map(({ status }) => status)).toEqual(
      stage === a ? ["succeeded"] : ["succeeded", "succeeded"],
    );
    await run.continue();
  }
  expect((await run.finished()).status).toBe("completed");
  expect(calls).toEqual([a, b, c]);
  expect(seen).toEqual([a, b]);
});

it("4: a crash between any two commits lists no iteration twice", async () => {
  for (let commit = 1; ; commit += 1) {
    for (const when of [crashBefore, crashAfter]) {
      const store = memoryStore();
      if (!(await crashAt(store, faultAtCommit(commit, when)))) return expect(commit).toBeGreaterThan(6);
      const entries = await store.read("journal", { runId: "r" });
      const named = (type: string) =>
        entries.filter((entry) => entry.type === type).map(({ data }) => (data as { readonly index: number }).index);
      expect(named("iteration.started"), `crash at commit ${commit}`).toEqual([0, 1, 2]);
      expect(named("iteration.succeeded"), `crash at commit ${commit}`).toEqual([0, 1, 2]);
    }
  }
});

/** Runs to the end over a crash. False where the run was through before. */
async function crashAt(inner: Store, plan: ReturnType<typeof faultAtCommit>): Promise<boolean> {
  const source = pipeline(`each [type=foreach, items="[1, 2, 3]", body=one]; start -> each -> exit
    subgraph one { a -> b }`);
  const clock = new EagerClock();
  const death = Promise.withResolvers<"dead">();
  const store = faultStore(inner, { ...plan, onCrash: () => death.resolve("dead") });
  const { handlers } = workshop();
  const doomed = await createRuntime({ store, clock: mortalClock(clock, () => store.isCrashed), handlers });
  const finished = doomed.start(source, { runId: "r" }).then((run) => run.finished());
  finished.catch(() => {});
  const end = await Promise.race([death.promise, finished]);
  if (end !== "dead") {
    await doomed.stop({ graceMs: 0 });
    return false;
  }
  const next = await openRuntime({ store: inner, clock, handlers });
  const [known] = await inner.read("run", { runId: "r" });
  const run =
    known === undefined ? await next.start(source, { runId: "r" }) : await next.resume("r").catch(() => next.get("r"));
  expect((await run.finished()).status).toBe("completed");
  return true;
}

it("5: frames are of activations, not of nodes: one container is at two places at once, and at each a second time", async () => {
  const source = pipeline(`start -> outer -> exit
    outer [type=foreach, items="[1, 2]", body=one, max_parallel=2]
    subgraph one { inner [type=foreach, items="[7, 8, 9]", body=two]; first -> inner -> again
      again -> inner [condition="context.twice!=true"]
      again -> done [condition="context.twice=true"]
      done
    }
    subgraph two { leaf }`);
  const places = ["main/outer@1/0/inner@2/1", "main/outer@1/1/inner@1/2"];
  const { handlers, release } = workshop(places.map((path) => `${path}/leaf@1`));
  const step = async (input: HandlerInput): Promise<HandlerResult> => {
    await handlers.step(input);
    return { status: "success", contextUpdates: input.node.id === "again" ? { twice: input.visit === 2 } : {} };
  };
  const runtime = await openRuntime({ handlers: { step } });
  const run = await runtime.start(source, { runId: "r" });
  for (const path of places) await entryOf(run, "stage.started", `${path}/leaf@1`);
  const { branches } = await run.view();
  const frames = branches
    .filter(({ path }) => places.includes(path))
    .map((branch) => branch.frames?.map((frame) => [frame.activation, frame.iteration, frame.completed]));
  expect(frames).toHaveLength(2);
  expect(frames).toContainEqual([
    ["main/outer@1", 0, 0],
    ["main/outer@1/0/inner@2", 1, 1],
  ]);
  expect(frames).toContainEqual([
    ["main/outer@1", 1, 0],
    ["main/outer@1/1/inner@1", 2, 2],
  ]);
  for (const path of places) release(`${path}/leaf@1`);
  expect((await run.finished()).status).toBe("completed");
});

it("6: nothing is said to have started that did not begin, however often it is paused", async () => {
  const { handlers, calls, release } = workshop([leaf(0, 0), leaf(0, 2), leaf(3, 1)]);
  const runtime = await openRuntime({ handlers });
  const run = await runtime.start(NESTED, { runId: "r" });
  for (const stage of [leaf(0, 0), leaf(0, 2), leaf(3, 1)]) {
    await pauseIn(run, stage, release);
    const entries = await runtime.entries("r");
    const started = entries.filter(({ type }) => type === "stage.started");
    expect(started.map((entry) => entry.stage)).toEqual(calls);
    const paused = entries.findLastIndex(({ type }) => type === "run.pausing");
    expect(entries.slice(paused).filter(({ type }) => /\.(started|entered|decided)$/.test(type))).toEqual([]);
    await run.continue();
  }
  expect((await run.finished()).status).toBe("completed");
  expect(calls).toEqual(LEAVES);
});

it("7: a pause that a handler swallows is no completion: what was cut is done again", async () => {
  const cut = leaf(1, 1);
  let isCut = false;
  const step = async ({ stage, signal }: HandlerInput): Promise<HandlerResult> => {
    if (stage !== cut || isCut) return { status: "success", contextUpdates: { did: stage } };
    isCut = true;
    await untilAborted(signal).catch(() => {});
    return { status: "fail", failureReason: "somebody told me to stop" };
  };
  const runtime = await openRuntime({ handlers: { step } });
  const run = await runtime.start(NESTED, { runId: "r" });
  await entryOf(run, "stage.started", cut);
  await run.pause({ mode: "interrupt" });
  await run.settled("paused");
  const { containers, stages } = await run.view();
  expect(stages.find(({ address }) => address === cut)).toMatchObject({ status: "held" });
  expect(containers.find(({ activation }) => activation === "main/outer@1/1/inner@1")).toMatchObject({
    completed: 1,
    inFlight: 1,
    failed: 0,
  });
  await run.continue();
  expect((await run.finished()).status).toBe("completed");
  const ends = (await runtime.entries("r", { types: ["stage.succeeded"] })).filter(({ stage }) => stage === cut);
  expect(ends.map(({ execution }) => execution)).toEqual([`${cut}#1.2`]);
});
