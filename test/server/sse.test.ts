/** Events as they happen: gapless, in order, each once, however often a client goes and comes. */
import { describe, expect, it } from "vitest";
import { FEED_ENTRIES_MAX } from "../../src/limits.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { createServer } from "../../src/server/create-server.ts";
import { creationOf, demoStore, entry, writeRest, writeTurns } from "../queries/stored-run.ts";
import { ASKING, allOf, clientOf, eventsOf, HELLO, openServer, pipeline, type SentEvent, steps } from "./fixtures.ts";

const stream = { accept: "text/event-stream" };
const runtime = { handlers: steps };
const upTo = (last: number, from = 1) => Array.from({ length: last - from + 1 }, (_, index) => from + index);
const ids = (events: readonly SentEvent[]) => events.flatMap(({ id }) => id ?? []);
const ticks = (count: number) => Array.from({ length: count }, () => entry("timer.fired", { timer: "t" }));

/** A server over a store that a test writes to itself, as another process would. */
async function overStore(store = memoryStore(), server = {}) {
  return openServer({ runtime: { store }, server });
}

/** Events until there are so many; then the client goes away. */
async function take(response: Response, count: number): Promise<SentEvent[]> {
  const taken: SentEvent[] = [];
  for await (const event of eventsOf(response)) {
    taken.push(event);
    if (taken.length === count) break;
  }
  return taken;
}

describe("events of a run", () => {
  it("are its journal, from the beginning to its end", async () => {
    const { post, get, read, runtime: library } = await openServer({ runtime });
    await post("/runs", { source: HELLO, runId: "one" });
    const response = await get("/runs/one/events", stream);
    expect(response.headers.get("cache-control")).toContain("no-cache");
    const sent = await allOf(eventsOf(response));
    const { events } = await read<{ events: { seq: number; type: string }[] }>(get("/runs/one/events"));
    expect(sent.slice(0, -1).map(({ data }) => data)).toEqual(events);
    expect(ids(sent)).toEqual(upTo(events.length));
    expect(sent.slice(0, -1).map(({ event }) => event)).toEqual(events.map(({ type }) => type));
    const { seq } = await library.view("one");
    expect(sent.at(-1)).toEqual({ id: undefined, event: "end", data: { runId: "one", status: "completed", seq } });
  });

  it("go on where a client left off, by header before query", async () => {
    const client = await overStore(await demoStore());
    const from = async (path: string, headers = {}) =>
      ids(await allOf(eventsOf(await client.get(path, { ...stream, ...headers }))));
    expect(await from("/runs/demo/events?after=15")).toEqual([16, 17, 18, 19]);
    expect(await from("/runs/demo/events?after=15", { "last-event-id": "17" })).toEqual([18, 19]);
    expect(await from("/runs/demo/events", { "last-event-id": "19" })).toEqual([]);
    expect(await from("/runs/demo/events?after=99")).toEqual([]);
    for (const id of ["x", "-1", "1.5", "99999999999999999999"])
      expect(await client.read(client.get("/runs/demo/events", { ...stream, "last-event-id": id }), 400)).toMatchObject(
        {
          code: "usage",
        },
      );
  });

  it("come as they are stored, whoever stores them", async () => {
    const store = await demoStore(1);
    const { get } = await overStore(store);
    const events = eventsOf(await get("/runs/demo/events", stream));
    const seen: number[] = [];
    for await (const { id, event } of events) {
      if (id !== undefined) seen.push(id);
      if (id === 6) await writeRest(store, 1);
      if (event === "end") break;
    }
    expect(seen).toEqual(upTo(19));
  });

  it("of a part of it are those, and end with the run", async () => {
    const store = await demoStore(1);
    const { get } = await overStore(store);
    const response = await get("/runs/demo/events?type=stage.started,stage.succeeded", stream);
    const all = allOf(eventsOf(response));
    await writeRest(store, 1);
    const sent = await all;
    expect(new Set(sent.map(({ event }) => event))).toEqual(new Set(["stage.started", "stage.succeeded", "end"]));
    const stage = await allOf(eventsOf(await get("/runs/demo/events?stage=main/build@1", stream)));
    expect(new Set(stage.slice(0, -1).map(({ data }) => data["stage"]))).toEqual(new Set(["main/build@1"]));
  });

  it("begin with how long to wait before coming back", async () => {
    const { get } = await overStore(await demoStore());
    expect(await (await get("/runs/demo/events", stream)).text()).toMatch(/^retry: 2000\n\n/);
  });

  it("are kept alive by comments, which a client that comes back has not missed", async () => {
    const { get } = await overStore(await demoStore(1), { heartbeatMs: 1 });
    const sent = await take(await get("/runs/demo/events?after=6", stream), 3);
    expect(sent.map(({ event }) => event)).toEqual([":", ":", ":"]);
  });

  it("are in a form that the client takes", async () => {
    const { get, read } = await overStore(await demoStore());
    for (const accept of ["application/json", "*/*", "application/*;q=0.8", ""])
      expect(await read(get("/runs/demo/events", { accept }))).toMatchObject({ runId: "demo" });
    expect(await read(get("/runs/demo/events", { accept: "text/html" }), 406)).toMatchObject({
      code: "not_acceptable",
    });
  });

  it("as JSON are pages", async () => {
    const { get, read } = await overStore(await demoStore());
    type Page = { events: { seq: number }[]; cursor?: number };
    const seen: number[] = [];
    for (let after: number | undefined = 0; after !== undefined; ) {
      const page: Page = await read(get(`/runs/demo/events?limit=7&after=${after}`));
      seen.push(...page.events.map(({ seq }) => seq));
      after = page.cursor;
    }
    expect(seen).toEqual(upTo(19));
  });
});

describe("events of all runs", () => {
  it("come in the order of their commits, by gseq, and go on by it", async () => {
    const store = await demoStore();
    const { get } = await overStore(store);
    const response = await get("/events", stream);
    await writeTurns(store, "other", [creationOf("other")]);
    const sent = await take(response, 25);
    expect(ids(sent)).toEqual(upTo(25));
    expect(sent.at(-1)?.data).toMatchObject({ runId: "other", seq: 6, gseq: 25 });
    expect(ids(await take(await get("/events", { ...stream, "last-event-id": "20" }), 2))).toEqual([21, 22]);
  });

  it("may begin with what comes now", async () => {
    const store = await demoStore();
    const { get } = await overStore(store);
    const response = await get("/events?live", stream);
    await writeTurns(store, "other", [creationOf("other")]);
    expect(ids(await take(response, 6))).toEqual(upTo(25, 20));
  });
});

describe("asked for in no form,", () => {
  it("events of a run are a page, those of all runs a stream", async () => {
    const { get, read } = await overStore(await demoStore());
    expect(await read(get("/runs/demo/events"))).toMatchObject({ runId: "demo" });
    expect(ids(await take(await get("/events"), 2))).toEqual([1, 2]);
    expect(ids(await take(await get("/events", { accept: "text/*" }), 2))).toEqual([1, 2]);
    const page = await read<{ events: unknown[]; cursor: number }>(
      get("/events?limit=5", { accept: "application/json" }),
    );
    expect([page.events.length, page.cursor]).toEqual([5, 5]);
  });
});

describe("a client", () => {
  it("that goes away leaves nothing behind", async () => {
    const store = await demoStore(1);
    let watchers = 0;
    const { watch } = store;
    store.watch = (onChange) => {
      watchers += 1;
      const unwatch = watch.call(store, onChange);
      return () => {
        watchers -= 1;
        unwatch();
      };
    };
    const { get } = await overStore(store);
    const before = watchers;
    const count = async (name: string) =>
      Number(new RegExp(`^${name} (\\d+)$`, "m").exec(await (await get("/metrics")).text())?.[1]);
    const open = async (path: string) => {
      const reader = ((await get(path, stream)).body as ReadableStream<Uint8Array>).getReader();
      await reader.read();
      return reader;
    };
    const paths = ["/runs/demo/events", "/runs/demo/events", "/events", "/runs/demo/events?type=stage.started"];
    const readers = await Promise.all(paths.map(open));
    expect([await count("safepoint_sse_clients"), await count("safepoint_sse_feeds")]).toEqual([4, 2]);
    for (const reader of readers) await reader.cancel();
    expect([await count("safepoint_sse_clients"), await count("safepoint_sse_feeds")]).toEqual([0, 0]);
    while (watchers > before) await new Promise((resolve) => setImmediate(resolve));
    expect(watchers).toBe(before);
  });

  it("that only asks whether there are events costs nothing", async () => {
    const { app, get } = await overStore(await demoStore(1));
    const head = await app.request("/runs/demo/events", { method: "HEAD", headers: stream });
    expect([head.status, head.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
    expect(await (await get("/metrics")).text()).toContain("safepoint_sse_clients 0\n");
  });

  it("that is slow gets all of it, though the feed has long gone on", async () => {
    const store = await demoStore(1);
    const { get } = await overStore(store);
    const events = eventsOf(await get("/runs/demo/events", stream));
    const first = await events.next();
    expect(first.value?.id).toBe(1);
    const other = eventsOf(await get("/runs/demo/events?after=6", stream));
    const total = 2 * FEED_ENTRIES_MAX;
    for (let written = 0; written < total; written += 1_024)
      await writeTurns(store, "demo", [{ entries: ticks(1_024) }]);
    const seen = [1];
    for await (const { id } of events) {
      if (id !== undefined) seen.push(id);
      if (id === 6 + total) break;
    }
    expect(seen).toEqual(upTo(6 + total));
    await other.return(undefined);
  });

  it("that takes nothing for long is closed, and goes on by id", async () => {
    const store = await demoStore(1);
    const { get } = await overStore(store, { stallMs: 1 });
    const reader = ((await get("/runs/demo/events", stream)).body as ReadableStream<Uint8Array>).getReader();
    await reader.read();
    await expect(reader.closed).rejects.toThrow("nothing was read for 1 ms");
    expect(await (await get("/metrics")).text()).toContain("safepoint_sse_clients 0\n");
  });

  it("is told by the end of its stream that the server stops, and not that the run has ended", async () => {
    const closing = new AbortController();
    const { get, read } = await overStore(await demoStore(1), { closing: closing.signal });
    const all = allOf(eventsOf(await get("/runs/demo/events", stream)));
    const parts = allOf(eventsOf(await get("/runs/demo/events?type=run.created", stream)));
    expect(await read(get("/readyz"))).toEqual({ ready: true });
    closing.abort();
    expect((await all).map(({ event }) => event)).not.toContain("end");
    expect((await parts).map(({ event }) => event)).not.toContain("end");
    expect(await read(get("/readyz"), 503)).toEqual({ ready: false, reason: "stopping" });
  });

  it("whose store fails loses its stream, and finds all of it afterwards", async () => {
    const store = await demoStore(1);
    const { runtime: library } = await overStore(store);
    const { read } = store;
    const client = clientOf(library, createServer(library));
    const events = eventsOf(await client.get("/runs/demo/events", stream));
    for (let id = 0; id < 6; id += 1) await events.next();
    store.read = async (topic, query) => {
      if (topic === "journal") throw new Error("disk gone");
      return read.call(store, topic, query) as never;
    };
    await writeRest(store, 1);
    await expect(events.next()).rejects.toThrow("disk gone");
    store.read = read;
    expect(ids(await allOf(eventsOf(await client.get("/runs/demo/events?after=6", stream))))).toEqual(upTo(19, 7));
  });
});

it("of a run that is started over end with the name of the one that goes on", async () => {
  let calls = 0;
  const step = () => ({ status: calls++ === 0 ? "again" : "success" });
  const { post, get } = await openServer({ runtime: { handlers: { step } } });
  const source = pipeline(
    'a; start -> a; a -> start [condition="outcome=again", loop_restart=true]; a -> exit [condition="outcome=success"]',
  );
  await post("/runs", { source, runId: "one" });
  const sent = await allOf(eventsOf(await get("/runs/one/events", stream)));
  expect(sent.at(-1)?.data).toMatchObject({ statusReason: "restarted", restartedAs: expect.any(String) });
  const next = await allOf(eventsOf(await get(`/runs/${sent.at(-1)?.data["restartedAs"]}/events`, stream)));
  expect(next.at(-1)?.data).toMatchObject({ status: "completed" });
});

it("of a run that waits, nothing comes until somebody answers", async () => {
  const { post, get } = await openServer({ runtime });
  await post("/runs", { source: ASKING, runId: "one" });
  const types: string[] = [];
  for await (const { event } of eventsOf(await get("/runs/one/events", stream))) {
    types.push(event);
    if (event === "gate.opened") await post("/runs/one/questions/main%2Fask@1/answer", { answer: "Y" });
  }
  expect(types.indexOf("gate.answered")).toBeGreaterThan(types.indexOf("gate.opened"));
  expect(types.at(-1)).toBe("end");
});
