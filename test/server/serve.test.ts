/** The server at a socket: what Node's HTTP makes of it, what it makes of what is no HTTP, and how it stops. */
import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import { type AddressInfo, connect, type Socket } from "node:net";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRuntime, type Runtime } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { createServer, nodeListener, type ServeOptions, type Serving, serve } from "../../src/server/index.ts";
import { demoStore, entry, writeRest, writeTurns } from "../queries/stored-run.ts";
import { ROOT } from "../tidy/sources.ts";
import { ASKING, allOf, eventsOf, HELLO, jsonOf, steps } from "./fixtures.ts";

async function open(
  options: ServeOptions = {},
  store = memoryStore(),
): Promise<{ runtime: Runtime; serving: Serving }> {
  const runtime = await createRuntime({ store, handlers: steps });
  const serving = await serve(runtime, { port: 0, ...options });
  onTestFinished(async () => {
    await serving.close({ graceMs: 0 });
    await runtime.stop({ graceMs: 0 });
  });
  return { runtime, serving };
}

async function dial({ port }: { readonly port: number }): Promise<Socket> {
  const socket = connect(port, "127.0.0.1");
  onTestFinished(() => {
    socket.destroy();
  });
  socket.on("error", () => {});
  await once(socket, "connect");
  return socket;
}

const stream = { accept: "text/event-stream" };
const ticks = (count: number, size = 0) =>
  Array.from({ length: count }, () => entry("run.steered", { message: "x".repeat(size) }));

describe("a server", () => {
  it("answers at the address it tells", async () => {
    const { serving } = await open();
    expect(serving.url).toBe(`http://127.0.0.1:${serving.port}`);
    const started = await fetch(`${serving.url}/runs`, { method: "POST", ...jsonOf({ source: HELLO, runId: "one" }) });
    expect(started.status).toBe(201);
    const sent = await allOf(eventsOf(await fetch(`${serving.url}/runs/one/events`, { headers: stream })));
    expect(sent.at(-1)).toMatchObject({ event: "end", data: { status: "completed" } });
    expect(await (await fetch(`${serving.url}/runs/one/graph`)).text()).toContain("<svg");
  });

  it("says that a port is in use, and that an address is not ours", async () => {
    const { serving, runtime } = await open();
    await expect(serve(runtime, { port: serving.port })).rejects.toMatchObject({
      code: "configuration",
      message: `port ${serving.port} of 127.0.0.1 is in use`,
    });
    await expect(serve(runtime, { port: 0, host: "192.0.2.1", token: "t" })).rejects.toMatchObject({
      message: "192.0.2.1 is no address of this machine",
    });
  });

  it.each(["0.0.0.0", "::", "192.168.1.5", "127.0.0.1.example"])(
    "does not listen at %s without a token",
    async (host) => {
      const { runtime } = await open();
      await expect(serve(runtime, { port: 0, host })).rejects.toMatchObject({ code: "configuration" });
    },
  );

  it("listens anywhere with one, and then asks for it", async () => {
    const { serving } = await open({ host: "0.0.0.0", token: "t" });
    const at = `http://127.0.0.1:${serving.port}/runs`;
    expect((await fetch(at)).status).toBe(401);
    expect((await fetch(at, { headers: { authorization: "Bearer t" } })).status).toBe(200);
  });
});

describe("a request", () => {
  const host = "Host: localhost";
  it.each([
    ["no HTTP", "HELLO\r\n\r\n", 400, "usage"],
    ["of another version", `GET /runs HTTP/9.9\r\n${host}\r\n\r\n`, 400, "usage"],
    ["without a host", "GET /runs HTTP/1.1\r\n\r\n", 400, undefined],
    ["with a host that is none", "GET /runs HTTP/1.1\r\nHost: a b<>\r\n\r\n", 400, "usage"],
    ["with a path that is none", `GET /\\..\\runs HTTP/1.1\r\n${host}\r\n\r\n`, 400, "usage"],
    ["for another host", "GET /runs HTTP/1.1\r\nHost: evil.example\r\n\r\n", 403, "forbidden"],
    [
      "by its whole address, for another host",
      `GET http://evil.example/runs HTTP/1.1\r\nHost: evil.example\r\n\r\n`,
      403,
      "forbidden",
    ],
    [
      "with headers without end",
      `GET /runs HTTP/1.1\r\n${host}\r\nX: ${"x".repeat(20_000)}\r\n\r\n`,
      431,
      "headers_too_large",
    ],
    [
      "with two lengths",
      `POST /runs HTTP/1.1\r\n${host}\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}`,
      400,
      "usage",
    ],
    [
      "with length and chunks",
      `POST /runs HTTP/1.1\r\n${host}\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n{}`,
      400,
      "usage",
    ],
    [
      "that says it is huge",
      `POST /runs HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nContent-Length: 99999999\r\n\r\n{`,
      413,
      "body_too_large",
    ],
    ["with a length that is none", `POST /runs HTTP/1.1\r\n${host}\r\nContent-Length: many\r\n\r\n{}`, 400, "usage"],
  ] as [string, string, number, string | undefined][])("that is %s is refused", async (_what, bytes, status, code) => {
    const { serving, runtime } = await open();
    const socket = await dial(serving);
    socket.end(bytes);
    const [head = "", body = ""] = (await text(socket)).split("\r\n\r\n");
    expect(head).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
    if (code !== undefined)
      expect(JSON.parse(body.slice(body.indexOf("{"), body.lastIndexOf("}") + 1))).toMatchObject({ code, status });
    expect(await runtime.store.read("runs", {})).toEqual([]);
  });

  it("whose body ends too early leaves nothing, and disturbs nobody", async () => {
    const { serving, runtime } = await open();
    const socket = await dial(serving);
    socket.write(
      `POST /runs HTTP/1.1\r\n${host}\r\nContent-Type: application/json\r\nContent-Length: 100\r\n\r\n{"source":`,
    );
    expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
    socket.destroy();
    expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
    expect(await runtime.store.read("runs", {})).toEqual([]);
  });
});

describe("an event stream", () => {
  it("begins at once, though nothing has happened yet", async () => {
    const { serving } = await open({}, await demoStore(1));
    const response = await fetch(`${serving.url}/runs/demo/events?after=6`, { headers: stream });
    const reader = (response.body as ReadableStream<Uint8Array>).getReader();
    expect(new TextDecoder().decode((await reader.read()).value)).toBe("retry: 2000\n\n");
    await reader.cancel();
  });

  it("whose client vanishes is over", async () => {
    const { serving, runtime } = await open({}, await demoStore(1));
    const socket = await dial(serving);
    socket.write(`GET /runs/demo/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`);
    await once(socket, "data");
    expect(await clientsOf(serving)).toBe(1);
    socket.destroy();
    while ((await clientsOf(serving)) > 0) await new Promise((resolve) => setImmediate(resolve));
    await writeTurns(runtime.store, "demo", [{ entries: ticks(1) }]);
  });

  it("that a client leaves unread is cut off, and the others have all of it", async () => {
    const store = await demoStore(1);
    const { serving } = await open({ stallMs: 1_500 }, store);
    const stuck = await dial(serving);
    stuck.pause();
    stuck.write(`GET /runs/demo/events HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\r\n`);
    const others = Array.from({ length: 3 }, async () =>
      allOf(eventsOf(await fetch(`${serving.url}/runs/demo/events`, { headers: stream }))),
    );
    // More than the sockets between the two can hold.
    for (let round = 0; round < 40; round += 1) await writeTurns(store, "demo", [{ entries: ticks(20, 16_000) }]);
    while ((await clientsOf(serving)) > 3) await new Promise((resolve) => setImmediate(resolve));
    await writeRest(store, 1);
    const total = 6 + 40 * 20 + 13;
    for (const each of await Promise.all(others)) expect(each).toHaveLength(total + 1);
    expect(await clientsOf(serving)).toBe(0);
  });
});

async function clientsOf({ url }: Serving): Promise<number> {
  const metrics = await (await fetch(`${url}/metrics`)).text();
  return Number(/^safepoint_sse_clients (\d+)$/m.exec(metrics)?.[1]);
}

describe("a server that stops", () => {
  it("is not ready, ends its streams, still answers, and then closes", async () => {
    const { serving, runtime } = await open();
    await fetch(`${serving.url}/runs`, { method: "POST", ...jsonOf({ source: ASKING, runId: "one" }) });
    const streams = ["/runs/one/events", "/events"].map(async (path) =>
      allOf(eventsOf(await fetch(`${serving.url}${path}`, { headers: stream }))),
    );
    while ((await clientsOf(serving)) < 2) await new Promise((resolve) => setImmediate(resolve));
    serving.drain();
    for (const each of await Promise.all(streams)) expect(each.map(({ event }) => event)).not.toContain("end");
    expect((await fetch(`${serving.url}/readyz`)).status).toBe(503);
    expect((await fetch(`${serving.url}/healthz`)).status).toBe(200);
    await runtime.stop();
    const late = await fetch(`${serving.url}/runs`, { method: "POST", ...jsonOf({ source: HELLO }) });
    expect([late.status, late.headers.get("retry-after")]).toEqual([503, "1"]);
    expect(await late.json()).toMatchObject({ code: "runtime_stopped", retryable: true });
    await serving.close();
    await expect(fetch(serving.url)).rejects.toThrow();
  });

  it("does not wait for ever for a request that does not end", async () => {
    const { serving } = await open();
    const socket = await dial(serving);
    socket.write(
      "POST /runs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n",
    );
    await fetch(`${serving.url}/healthz`);
    await serving.close({ graceMs: 1 });
    await once(socket, "close");
  });
});

it("the app is a listener of a server of one's own", async () => {
  const runtime = await createRuntime({ handlers: steps });
  const server = createHttpServer(nodeListener(createServer(runtime))).listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  expect(await (await fetch(`http://127.0.0.1:${port}/readyz`)).json()).toEqual({ ready: true });
  server.close();
  server.closeAllConnections();
  await runtime.stop();
});

it("nobody who imports the library alone loads it, nor what drives runs before the first runtime is opened", () => {
  const probe = `
    import { registerHooks } from "node:module";
    let seen = [];
    registerHooks({ resolve: (name, context, next) => { seen.push(name); return next(name, context); } });
    const { createRuntime } = await import("./src/index.ts");
    const imported = seen;
    seen = [];
    await (await createRuntime()).stop();
    console.log(JSON.stringify({ imported, opened: seen }));
  `;
  const { stdout } = spawnSync(process.execPath, ["--input-type=module", "-e", probe], { cwd: ROOT, encoding: "utf8" });
  const { imported, opened } = JSON.parse(stdout) as Record<"imported" | "opened", string[]>;
  expect(imported.filter((name) => /xstate|\/(driver|supervisor)\.ts$/.test(name))).toEqual([]);
  expect(opened).toContain("xstate");
  expect([...imported, ...opened].filter((name) => /hono|\/server\//.test(name))).toEqual([]);
});
