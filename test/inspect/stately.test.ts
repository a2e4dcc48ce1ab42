/** The bridge to Stately Inspector: what it says is what their package says, and it says it to this machine alone. */
import { request } from "node:http";
import { createBrowserReceiver, createInspector, type StatelyInspectionEvent } from "@statelyai/inspect";
import { describe, expect, it, onTestFinished } from "vitest";
import { type AnyStateMachine, createActor, createMachine } from "xstate";
import type { Inspection } from "../../src/index.ts";
import {
  createStatelyMessages,
  openStatelyBridge,
  type StatelyMessage,
  type StatelyOptions,
  statechartJson,
  statecharts,
} from "../../src/inspect/index.ts";
import { INSPECTIONS_KEPT_MAX, STATELY_PAGES_MAX } from "../../src/limits.ts";
import { runMachine } from "../../src/machines/run.machine.ts";
import { entryOf, gate, openRuntime, pipeline } from "../runtime/fixtures.ts";

const HELLO = pipeline("start -> a -> exit");

async function open(options?: StatelyOptions) {
  const bridge = await openStatelyBridge(options);
  onTestFinished(() => bridge.close());
  return bridge;
}

/** A page's side of the stream: its events as they come. */
async function* follow(url: string): AsyncGenerator<{ event: string; data: string }> {
  const response = await fetch(`${url}events`);
  expect([response.status, response.headers.get("content-type")]).toEqual([200, "text/event-stream"]);
  let text = "";
  for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
    text += chunk;
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: ?(.*)$`, "m").exec(block)?.[1];
      yield { event: field("event") ?? "message", data: field("data") ?? "" };
    }
  }
}

async function allOf<T>(events: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const event of events) all.push(event);
  return all;
}

async function seenOf(source: string): Promise<Inspection[]> {
  const seen: Inspection[] = [];
  const runtime = await openRuntime({ handlers: { step: () => {} } });
  const ended = new Promise<void>((complete) => {
    runtime.inspect().subscribe({ next: (each) => void seen.push(each), complete });
  });
  await (await runtime.start(source, { runId: "r" })).finished();
  await runtime.stop();
  await ended;
  return seen;
}

const step = (place: number): Inspection => ({
  runId: "r",
  actor: place === 0 ? "run" : `stage:main/a@${Math.ceil(place / 2)}`,
  event: { type: "STEP", place },
  snapshot: { status: place > 0 && place % 2 === 0 ? "done" : "active", value: "here", context: {} },
  seq: place,
  at: place,
});

describe("messages", () => {
  it("have the fields that those of the package have", async () => {
    const theirs: StatelyInspectionEvent[] = [];
    const { inspect } = createInspector({ send: (message) => void theirs.push(message) });
    const input = { runId: "r", createdAtMs: 0, slot: true };
    createActor(runMachine as AnyStateMachine, { input, inspect })
      .start()
      .send({ type: "PROCEED" } as never);
    // It sends each in a task of its own.
    await expect.poll(() => new Set(theirs.map(({ type }) => type)).size).toBe(3);

    const messagesOf = createStatelyMessages();
    const ours = (await seenOf(HELLO)).flatMap(messagesOf);
    const kinds = (messages: readonly object[], type: string) =>
      new Set(
        messages
          .filter((message) => (message as { type: string }).type === type)
          .map((message) => Object.keys(message).sort().join()),
      );
    for (const type of ["@xstate.actor", "@xstate.event", "@xstate.snapshot"]) {
      expect(kinds(ours, type), type).toEqual(kinds(theirs, type));
    }
    expect(new Set(ours.map(({ _version }) => _version))).toEqual(new Set(theirs.map(({ _version }) => _version)));
  });

  it("are taken by the package's own receiver", async () => {
    const listeners: ((event: object) => void)[] = [];
    const page = {
      opener: { postMessage() {} },
      addEventListener: (_: string, listen: never) => listeners.push(listen),
    };
    const taken: StatelyInspectionEvent[] = [];
    createBrowserReceiver({ window: { ...page, self: 1, top: 1 } as never }).subscribe((each) => void taken.push(each));
    const messagesOf = createStatelyMessages();
    const sent = (await seenOf(HELLO)).flatMap(messagesOf);
    for (const data of sent) for (const listen of listeners) listen({ data: structuredClone(data) });
    expect(taken).toEqual(sent);
  });

  it("name each actor first, below its parent, with a chart that XState takes", async () => {
    const region = pipeline(
      "fan [type=parallel]; start -> fan; fan -> a; fan -> b; a -> join; b -> join; join -> exit",
    );
    const messagesOf = createStatelyMessages();
    const messages = (await seenOf(region)).flatMap(messagesOf);
    const actors = messages.filter((message) => message.type === "@xstate.actor");
    const known = new Set<string>();
    for (const message of messages) {
      if (message.type === "@xstate.actor") {
        expect([undefined, ...known]).toContain(message.parentId);
        expect(known.has(message.sessionId)).toBe(false);
        known.add(message.sessionId);
      } else expect(known.has(message.sessionId)).toBe(true);
    }
    const parents = Object.fromEntries(actors.map(({ sessionId, parentId }) => [sessionId, parentId]));
    expect(parents).toMatchObject({
      "r branch:main": "r run",
      "r stage:main/fan@1": "r branch:main",
      "r branch:main/fan@1/0": "r stage:main/fan@1",
      "r stage:main/fan@1/0/a@1": "r branch:main/fan@1/0",
    });
    expect(parents["r run"]).toBeUndefined();
    for (const { name, definition } of actors) {
      const chart = name.split(/[ :]/)[1] as keyof typeof statecharts;
      expect(statechartJson(createMachine(JSON.parse(definition)))).toEqual(statechartJson(statecharts[chart]));
    }
  });
});

describe("the bridge", () => {
  it("sends a page what was there before it opened, what comes, and the end", async () => {
    const bridge = await open();
    const hold = gate();
    const runtime = await openRuntime({ handlers: { step: () => hold.promise }, inspect: bridge.inspect });
    const run = await runtime.start(HELLO, { runId: "r" });
    await entryOf(run, "stage.started");
    const sent = allOf(follow(bridge.url));
    hold.resolve();
    await run.finished();
    await runtime.stop();
    const events = await sent;
    expect(events.at(-1)).toEqual({ event: "end", data: "" });
    const messages = events.slice(0, -1).map(({ data }) => JSON.parse(data) as StatelyMessage);
    const last = new Map(
      messages.flatMap((message) => ("snapshot" in message ? [[message.sessionId, message.snapshot.status]] : [])),
    );
    expect([...last.keys()]).toEqual(
      ["run", "branch:main", ...["start", "a", "exit"].map((node) => `stage:main/${node}@1`)].map(
        (each) => `r ${each}`,
      ),
    );
    expect(new Set(last.values())).toEqual(new Set(["done"]));
    await expect(fetch(bridge.url)).rejects.toThrow("fetch failed");
  });

  it("keeps the newest steps, and of older ones how the live actors are", async () => {
    const bridge = await open();
    const many = INSPECTIONS_KEPT_MAX * 2 + 100;
    for (let place = 0; place < many; place += 1) bridge.inspect.next(step(place));
    const sent = allOf(follow(bridge.url));
    await expect.poll(() => fetch(bridge.url).then(({ status }) => status)).toBe(200);
    bridge.inspect.complete();
    const messages = (await sent).slice(0, -1).map(({ data }) => JSON.parse(data) as StatelyMessage);
    expect(messages[0]).toMatchObject({ type: "@xstate.actor", sessionId: "r run" });
    const snapshots = messages.filter(({ type }) => type === "@xstate.snapshot");
    expect(snapshots.at(-1)).toMatchObject({ event: { place: many - 1 - ((many - 1) % 2) } });
    expect(messages.length).toBeLessThan(INSPECTIONS_KEPT_MAX * 6);
    expect(messages.filter(({ sessionId }) => sessionId === "r stage:main/a@2")).toEqual([]);
  });

  it("skips what a page was too slow for, and says how much that was", async () => {
    const bridge = await open();
    const events = follow(bridge.url);
    bridge.inspect.next(step(0));
    await events.next();
    const heavy = "x".repeat(64 * 1024);
    const total = INSPECTIONS_KEPT_MAX * 4;
    // More than a socket takes in one go, and all in one: the page reads nothing meanwhile.
    for (let place = 1; place <= total; place += 1) {
      bridge.inspect.next({ ...step(0), event: { type: "STEP", place, ...(place < 100 ? { heavy } : {}) } });
    }
    bridge.inspect.complete();
    let lost = 0;
    let seen = 0;
    for await (const { event, data } of events) {
      if (event === "lost") lost += Number(data);
      else if (event === "message" && (JSON.parse(data) as StatelyMessage).type === "@xstate.snapshot") seen += 1;
    }
    expect(lost).toBeGreaterThan(0);
    expect(lost + seen).toBe(total);
  });

  it("serves a page that may load the inspector and nothing else, and is framed by nobody", async () => {
    const bridge = await open({ inspectorUrl: "https://inspector.example/live?a=1&b=2" });
    const response = await fetch(bridge.url);
    const policy = response.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-src https://inspector.example;");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(response.headers.get("referrer-policy")).toBe("no-referrer");
    const html = await response.text();
    expect(html).toContain('src="https://inspector.example/live?a=1&#38;b=2"');
    const nonce = /'nonce-([^']+)'/.exec(policy)?.[1];
    expect(html.split(`nonce="${nonce}"`)).toHaveLength(3);
    expect((await (await fetch(bridge.url)).text()).includes(`nonce="${nonce}"`)).toBe(false);
  });

  it("answers nobody who does not know its address, or calls it by another name", async () => {
    const bridge = await open();
    const { origin, port, pathname } = new URL(bridge.url);
    const statusOf = (options: object) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = { host: "127.0.0.1", port, path: pathname, agent: false, ...options };
        request(asked, (response) => resolve(response.resume().statusCode))
          .on("error", reject)
          .end();
      });
    expect(await statusOf({})).toBe(200);
    expect(await statusOf({ headers: { host: `localhost:${port}` } })).toBe(200);
    for (const host of ["evil.example", `evil.example:${port}`, "127.0.0.1", `127.0.0.1:${Number(port) + 1}`]) {
      expect(await statusOf({ headers: { host } }), host).toBe(403);
    }
    expect(await statusOf({ method: "POST" })).toBe(403);
    for (const path of ["/", "/events", `${pathname}other`, pathname.slice(0, -1), `${pathname}../events`]) {
      expect(await statusOf({ path }), path).toBe(404);
    }
    expect((await fetch(`${origin}/`)).headers.has("access-control-allow-origin")).toBe(false);
    expect(pathname.length).toBeGreaterThan(30);
    // The whole of 127/8 is this machine; it listens at one address of it, so not at all of them.
    await expect(statusOf({ host: "127.0.0.2", headers: { host: `127.0.0.1:${port}` } })).rejects.toThrow(
      /ECONN|EADDR/,
    );
  });

  it("has room for so many pages, and again for one when one has left", async () => {
    const bridge = await open();
    const pages = Array.from({ length: STATELY_PAGES_MAX }, () => new AbortController());
    for (const { signal } of pages) expect((await fetch(`${bridge.url}events`, { signal })).status).toBe(200);
    expect((await fetch(`${bridge.url}events`)).status).toBe(503);
    pages[0]?.abort();
    const again = new AbortController();
    onTestFinished(() => again.abort());
    await expect.poll(() => fetch(`${bridge.url}events`, again).then(({ status }) => status)).toBe(200);
  });

  it("refuses a port that is taken, and an address that is none", async () => {
    const { port } = new URL((await open()).url);
    await expect(openStatelyBridge({ port: Number(port) })).rejects.toMatchObject({ code: "configuration" });
    for (const inspectorUrl of ["javascript:alert(1)", "inspect", ""]) {
      await expect(openStatelyBridge({ inspectorUrl })).rejects.toMatchObject({ code: "configuration" });
    }
  });

  it("closes although a page does not read", async () => {
    const bridge = await open();
    const stuck = await fetch(`${bridge.url}events`);
    const heavy = "x".repeat(1024 * 1024);
    for (let place = 0; place < 50; place += 1) bridge.inspect.next({ ...step(0), event: { type: "STEP", heavy } });
    await bridge.close();
    // Cut off: what it gets of it, if its Node gives it any, is not all.
    expect((await stuck.text().catch(() => "")).length).toBeLessThan(50 * heavy.length);
  });
});
