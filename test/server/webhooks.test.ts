/** Webhooks: told of what happened, signed, again and again until they take it, over the end of a process too. */
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { createServer, type IncomingHttpHeaders } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRuntime, type Runtime } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { deliverWebhooks, type Webhook, type WebhookBody, withWebhooks } from "../../src/server/index.ts";
import { openStore, temporaryFolder } from "../persistence/temporary.ts";
import { ASKING, HELLO, steps } from "./fixtures.ts";

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
  readonly told: WebhookBody;
}

/** Somebody who is told, and answers with these statuses in turn, the last for ever. */
async function receiver(...statuses: number[]) {
  const received: Received[] = [];
  let wake = () => {};
  const server = createServer(async (request, response) => {
    const body = await text(request);
    received.push({ headers: request.headers, body, told: JSON.parse(body) });
    const status = statuses.length > 1 ? statuses.shift() : statuses[0];
    response.writeHead(status ?? 204, { location: "http://127.0.0.1:1/" }).end();
    wake();
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  onTestFinished(() => {
    server.close();
    server.closeAllConnections();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`;
  const until = async (isThere: (all: readonly Received[]) => boolean): Promise<readonly Received[]> => {
    while (!isThere(received)) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    return received;
  };
  return { url, received, until };
}

const hook = (url: string, changes: Partial<Webhook> = {}): Webhook => ({
  name: "ops",
  url,
  secret: "s3cret",
  ...changes,
});

async function runtimeOn(store: Store): Promise<Runtime> {
  const runtime = await createRuntime({ store, handlers: steps });
  onTestFinished(() => runtime.stop({ graceMs: 0 }));
  return runtime;
}

function deliver(...args: Parameters<typeof deliverWebhooks>) {
  const delivery = deliverWebhooks(args[0], args[1], { backoffMs: 1, ...args[2] });
  onTestFinished(() => delivery.stop());
  return delivery;
}

async function untilEmpty(store: Store): Promise<void> {
  while ((await store.read("outbox", {})).length > 0) await new Promise((resolve) => setImmediate(resolve));
}

describe("a webhook", () => {
  it("is told of questions and of the ends of runs, with what the journal says of them", async () => {
    const { url, until } = await receiver(204);
    const store = memoryStore();
    const runtime = await runtimeOn(withWebhooks(store, [hook(url)]));
    deliver(store, [hook(url)]);
    const run = await runtime.start(ASKING, { runId: "one" });
    const [asked] = await until((all) => all.length === 1);
    const [opened] = await runtime.entries("one", { types: ["gate.opened"] });
    expect(asked?.told).toEqual({
      id: `one:${opened?.seq}`,
      type: "gate.opened",
      runId: "one",
      seq: opened?.seq,
      at: new Date(opened?.at ?? 0).toISOString(),
      branch: "main",
      stage: "main/ask@1",
      data: opened?.data,
    });
    await run.answer("main/ask@1", "Y");
    const all = await until((received) => received.length === 2);
    expect(all.map(({ told }) => told.type)).toEqual(["gate.opened", "run.completed"]);
    await untilEmpty(store);
  });

  it("can tell who sent it, and when", async () => {
    const { url, until } = await receiver(204);
    const store = memoryStore();
    const runtime = await runtimeOn(withWebhooks(store, [hook(url)]));
    deliver(store, [hook(url)]);
    await runtime.start(HELLO, { runId: "one" });
    const [{ headers, body, told }] = (await until((all) => all.length === 1)) as [Received];
    const [, seconds = "", digest = ""] =
      /^t=(\d+),v1=([0-9a-f]{64})$/.exec(String(headers["safepoint-signature"])) ?? [];
    expect(digest).toBe(createHmac("sha256", "s3cret").update(`${seconds}.${body}`).digest("hex"));
    expect(Math.abs(Number(seconds) - Date.now() / 1_000)).toBeLessThan(60);
    expect(headers).toMatchObject({ "safepoint-delivery": told.id, "safepoint-event": "run.completed" });
  });

  it("that does not take it is told again, until it does, and then no more", async () => {
    const { url, until, received } = await receiver(500, 302, 429, 200);
    const store = memoryStore();
    const runtime = await runtimeOn(withWebhooks(store, [hook(url)]));
    deliver(store, [hook(url)]);
    await (await runtime.start(HELLO)).finished();
    await until((all) => all.length === 4);
    await untilEmpty(store);
    expect(new Set(received.map(({ told }) => told.id)).size).toBe(1);
    expect(received).toHaveLength(4);
  });

  it("that never takes it is given up, and holds nobody else up", async () => {
    const [deaf, other] = [await receiver(500), await receiver(204)];
    const hooks = [hook(deaf.url, { name: "deaf" }), hook(other.url)];
    const store = memoryStore();
    const runtime = await runtimeOn(withWebhooks(store, hooks));
    const errors: unknown[] = [];
    const nothing = () => {};
    const log = { debug: nothing, info: nothing, warn: nothing, error: (...what: unknown[]) => errors.push(what) };
    await (await runtime.start(HELLO, { runId: "one" })).finished();
    deliver(store, hooks, { log, backoffMs: 0 });
    await untilEmpty(store);
    expect(deaf.received).toHaveLength(25);
    expect(other.received).toHaveLength(1);
    expect(errors).toMatchObject([["a webhook is given up", { webhook: "deaf", tries: 25 }]]);
  });

  it("is told by the next process what this one did not get to say", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const first = openStore(path);
    const runtime = await runtimeOn(withWebhooks(first, [hook("http://127.0.0.1:1/")]));
    const unheard = deliver(first, [hook("http://127.0.0.1:1/")], { backoffMs: 60_000 });
    await (await runtime.start(HELLO, { runId: "one" })).finished();
    await unheard.stop();
    await runtime.stop();
    await first.close();
    const { url, until } = await receiver(204);
    const second = openStore(path);
    deliver(second, [hook(url)]);
    expect((await until((all) => all.length === 1))[0]?.told).toMatchObject({ runId: "one", type: "run.completed" });
    await untilEmpty(second);
  });

  it("that somebody else has is left to them, and does not stand in the way", async () => {
    const { url, until } = await receiver(204);
    const store = memoryStore();
    const hooks = [hook("http://127.0.0.1:1/", { name: "theirs" }), hook(url)];
    const runtime = await runtimeOn(withWebhooks(store, hooks));
    for (let index = 0; index < 40; index += 1) await (await runtime.start(HELLO)).finished();
    deliver(store, [hook(url)]);
    await until((all) => all.length === 40);
    while ((await store.read("outbox", {})).length > 40) await new Promise((resolve) => setImmediate(resolve));
    expect((await store.read("outbox", {})).map(({ body }) => (body as { webhook: string }).webhook)).toEqual(
      Array(40).fill("theirs"),
    );
  });

  it("is told only of what it asked for", async () => {
    const { url, until } = await receiver(204);
    const store = memoryStore();
    const only = hook(url, { types: ["stage.succeeded"] });
    const runtime = await runtimeOn(withWebhooks(store, [only]));
    deliver(store, [only]);
    await runtime.start(HELLO);
    const all = await until((received) => received.length === 4);
    expect(new Set(all.map(({ told }) => told.type))).toEqual(new Set(["stage.succeeded"]));
  });

  it.each([
    [{ url: "ftp://example.org" }, "an http or https URL"],
    [{ url: "nowhere" }, "an http or https URL"],
    [{ secret: "" }, "a secret"],
    [{ name: "a b" }, "a name"],
    [{ types: ["stage.vanished" as never] }, "stage.vanished"],
  ])("that is none is refused: %o", (changes, message) => {
    const wrong = [hook("http://127.0.0.1/", changes)];
    expect(() => withWebhooks(memoryStore(), wrong)).toThrow(message);
    expect(() => deliverWebhooks(memoryStore(), wrong)).toThrow(message);
  });
});
