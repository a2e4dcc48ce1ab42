/** Steps of actors over HTTP: what the feed tells, live only, bounded, and never at the cost of the run. */
import { describe, expect, it, onTestFinished } from "vitest";
import { createRuntime, type Inspection } from "../../src/index.ts";
import { INSPECTIONS_BYTES_MAX, INSPECTIONS_KEPT_MAX } from "../../src/limits.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { instant } from "../../src/runtime/queries/runs.ts";
import { createServer } from "../../src/server/create-server.ts";
import { serve } from "../../src/server/index.ts";
import { endEvent, liveEvent, stepEvent } from "../../src/server/operations/inspect.ts";
import { StepQueue } from "../../src/server/sse/step-queue.ts";
import { createWorld, LINE } from "../runtime/control-world.ts";
import { ASKING, allOf, clientOf, eventsOf, HELLO, openServer, type SentEvent, steps } from "./fixtures.ts";

const stream = { accept: "text/event-stream" };
const runtime = { handlers: steps };
const SCHEMAS = { live: liveEvent, step: stepEvent, end: endEvent } as const;

/** Everything until the stream ends, each event held against its schema. */
async function readAll(response: Response): Promise<readonly SentEvent[]> {
  const sent = (await allOf(eventsOf(response))).filter(({ event }) => event !== ":");
  for (const { event, data, id } of sent) {
    SCHEMAS[event as keyof typeof SCHEMAS].parse(data);
    // With an id a client would come back for what is not kept.
    expect(id).toBeUndefined();
  }
  return sent;
}

const stepsOf = (sent: readonly SentEvent[]) => sent.flatMap(({ event, data }) => (event === "step" ? [data] : []));
const outside = (step: Inspection) => JSON.parse(JSON.stringify({ ...step, at: instant(step.at) })) as unknown;

/** Until the stream has said that it is live: what happens from then on is seen. */
async function opened(response: Response): Promise<AsyncGenerator<SentEvent>> {
  const events = eventsOf(response);
  expect((await events.next()).value).toMatchObject({ event: "live" });
  return events;
}

/** A run that waits for an answer, and everything that is seen of it once it has been given. */
async function answered(query = "") {
  const client = await openServer({ runtime });
  await client.post("/runs", { source: ASKING, runId: "one" });
  for await (const { event } of eventsOf(await client.get("/runs/one/events", stream)))
    if (event === "gate.opened") break;
  const seen: Inspection[] = [];
  // First, so that it is told first.
  client.runtime.inspect({ runId: "one" }).subscribe((step) => void seen.push(step));
  const events = await opened(await client.get(`/runs/one/inspect${query}`, stream));
  await client.post("/runs/one/questions/main%2Fask@1/answer", { answer: "Y" });
  return { client, seen, sent: await allOf(events) };
}

describe("steps of a run", () => {
  it("are those of the library's feed, to the run's end", async () => {
    const { sent, seen, client } = await answered();
    const told = stepsOf(sent);
    expect(told.slice(0, 3).map(({ event }) => event)).toEqual([null, null, null]);
    expect(told).toEqual(seen.map(outside));
    expect(told.at(-1)).toMatchObject({ actor: "run", snapshot: { status: "done" } });
    const { seq } = await client.runtime.view("one");
    expect(sent.at(-1)).toEqual({ id: undefined, event: "end", data: { runId: "one", status: "completed", seq } });
  });

  it("say from when on they are, and which process has to drive the run for them", async () => {
    const { get, post } = await openServer({ runtime });
    await post("/runs", { source: HELLO, runId: "one" });
    const [first] = await readAll(await get("/runs/one/inspect", stream));
    expect(first).toMatchObject({ event: "live", data: { runId: "one", process: { pid: process.pid } } });
  });

  it.each([
    ["?actor=run", (step: Record<string, unknown>) => step["actor"] === "run"],
    ["?chart=stage", (step: Record<string, unknown>) => String(step["actor"]).startsWith("stage:")],
    ["?actor=branch:main&chart=run", () => false],
  ])("are only what is asked for: %s, with the end all the same", async (query, fits) => {
    const { sent, seen } = await answered(query);
    expect(stepsOf(sent)).toEqual((seen.map(outside) as Record<string, unknown>[]).filter(fits));
    expect(sent.at(-1)?.event).toBe("end");
  });

  it("of one that has ended are none", async () => {
    const { runtime: library, get } = await openServer({ runtime });
    await (await library.start(HELLO, { runId: "done" })).finished();
    const sent = await readAll(await get("/runs/done/inspect", stream));
    expect(sent.map(({ event }) => event)).toEqual(["live", "end"]);
  });

  it("of one that another runtime drives are none, and its end is said", async () => {
    const store = memoryStore();
    const elsewhere = await createRuntime({ store, handlers: steps });
    onTestFinished(() => elsewhere.stop({ graceMs: 0 }));
    const run = await elsewhere.start(ASKING, { runId: "one" });
    const { get } = await openServer({ runtime: { store }, server: { heartbeatMs: 1 } });
    const events = await opened(await get("/runs/one/inspect", stream));
    // A heartbeat: the stream is open, and there is nothing to be told.
    expect((await events.next()).value).toMatchObject({ event: ":" });
    await run.answer("main/ask@1", "Y");
    const rest = (await allOf(events)).filter(({ event }) => event !== ":");
    expect(rest).toMatchObject([{ event: "end", data: { status: "completed" } }]);
  });

  it("are refused for a run that is not there, as JSON, and for what is no chart", async () => {
    const { get, read } = await openServer({ runtime });
    expect(await read(get("/runs/none/inspect", stream), 404)).toMatchObject({ code: "run_not_found" });
    expect(await read(get("/inspect", { accept: "application/json" }), 406)).toMatchObject({ code: "not_acceptable" });
    expect(await read(get("/inspect?chart=none", stream), 400)).toMatchObject({ code: "usage" });
    expect(await read(get("/inspect?after=3", stream), 400)).toMatchObject({ code: "usage" });
  });
});

describe("steps of all runs", () => {
  it("are those of each, until the runtime stops", async () => {
    const { runtime: library, get } = await openServer({ runtime });
    const events = await opened(await get("/inspect?chart=run", stream));
    for (const runId of ["r1", "r2"]) await (await library.start(HELLO, { runId })).finished();
    const all = allOf(events);
    await library.stop();
    const sent = await all;
    for (const runId of ["r1", "r2"]) {
      const own = stepsOf(sent).filter((step) => step["runId"] === runId);
      expect(own[0]).toMatchObject({ event: { type: "xstate.init" } });
      expect(own.at(-1)).toMatchObject({ snapshot: { status: "done" } });
    }
    expect(sent.map(({ event }) => event)).not.toContain("end");
  });

  it("end with the server, and cost nothing before they are read or once nobody does", async () => {
    const closing = new AbortController();
    const { get } = await openServer({ runtime, server: { closing: closing.signal } });
    const clients = async () => /sse_clients (\d+)/.exec(await (await get("/metrics")).text())?.[1];
    const unread = await get("/inspect", stream);
    expect(await clients()).toBe("0");
    await unread.body?.cancel();
    const left = await opened(await get("/inspect", stream));
    expect(await clients()).toBe("1");
    await left.return(undefined);
    expect(await clients()).toBe("0");
    const open = await opened(await get("/inspect", stream));
    const rest = allOf(open);
    closing.abort();
    expect(await rest).toEqual([]);
  });
});

describe("a client that does not read", () => {
  it("loses the oldest steps, is told how many, and holds up nobody", async () => {
    const world = createWorld();
    const library = await world.runtime();
    const { get } = clientOf(library, createServer(library));
    const total = { seen: 0 };
    library.inspect().subscribe(() => {
      total.seen += 1;
    });
    const events = await opened(await get("/inspect", stream));
    // Runs that wait in their first stage: found, begun, and cancelled, they make more steps than are kept.
    for (let run = 0; total.seen <= INSPECTIONS_KEPT_MAX + 100; run += 1) {
      const started = await library.start(LINE, { runId: `r${run}` });
      await world.call("a", `r${run}`);
      await started.cancel();
      await world.clock.runUntil(started.finished());
      await world.rest();
    }
    const all = allOf(events);
    await world.clock.runUntil(library.stop());
    const told = stepsOf(await all);
    const dropped = told.map((step) => Number(step["dropped"] ?? 0)).reduce((sum, count) => sum + count);
    expect(dropped).toBeGreaterThanOrEqual(100);
    expect(told.length + dropped).toBe(total.seen);
    // The greeting and what was being handed on had no room to fall behind; what is lost is lost before one step.
    expect(told.filter((step) => "dropped" in step)).toHaveLength(1);
  });

  it("has no more than so many bytes waiting, but for one step alone", () => {
    const queue = new StepQueue();
    const step = (chars: number) =>
      ({
        runId: "r",
        actor: "run",
        event: { type: "x", text: "x".repeat(chars) },
        snapshot: { status: "active", value: "a", context: {} },
        seq: 1,
        at: 0,
      }) as Inspection;
    const sizes = () => queue.peek().map(({ bytes }) => bytes.byteLength);
    for (let n = 0; n < 20; n += 1) queue.push(step(INSPECTIONS_BYTES_MAX / 4));
    expect(sizes().reduce((sum, size) => sum + size)).toBeLessThanOrEqual(INSPECTIONS_BYTES_MAX);
    const [first] = queue.peek();
    expect(new TextDecoder().decode(first?.bytes)).toContain('"dropped":17}');
    queue.push(step(INSPECTIONS_BYTES_MAX));
    expect(sizes()).toHaveLength(1);
    queue.given(queue.peek()[0]?.id ?? 0);
    expect(queue.isEmpty).toBe(true);
  });

  it("is told of what the feed itself has dropped, also before a step that it does not want", () => {
    const queue = new StepQueue();
    const step = { runId: "r", actor: "run", event: null, seq: 1, at: 0 } as unknown as Inspection;
    queue.push(step);
    queue.passOver({ ...step, dropped: 2 });
    queue.passOver(step);
    queue.push({ ...step, dropped: 3 });
    const told = queue.peek().map(({ bytes }) => /"dropped":(\d+)/.exec(new TextDecoder().decode(bytes))?.[1]);
    expect(told).toEqual([undefined, "5"]);
  });
});

it("over a socket, steps come while the run goes on, and the stream ends with it", async () => {
  const hold = Promise.withResolvers<void>();
  const library = await createRuntime({
    handlers: { step: async ({ node }) => (node.id === "b" ? hold.promise.then(() => "b") : "a") },
  });
  const serving = await serve(library, { port: 0 });
  onTestFinished(async () => {
    await serving.close({ graceMs: 0 });
    await library.stop({ graceMs: 0 });
  });
  await library.start(HELLO, { runId: "one" });
  const response = await fetch(`${serving.url}/runs/one/inspect?actor=stage:main/b@1`, { headers: stream });
  expect(response.headers.get("content-type")).toBe("text/event-stream");
  const told: unknown[] = [];
  for await (const { event, data } of eventsOf(response)) {
    told.push(event === "step" ? (data["event"] as { type: string } | null)?.type : event);
    // Let go only once it has been seen at work, however late the client came.
    if (event === "step") hold.resolve();
  }
  expect(told[0]).toBe("live");
  expect(told.slice(-2)).toEqual(["EXECUTION_ENDED", "end"]);
});
