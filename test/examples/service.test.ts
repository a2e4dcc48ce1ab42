/** The service: its routes without a socket, and the process killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Hono } from "hono";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from "vitest";
import type { Runtime } from "../../src/index.ts";
import { LEASE_MS } from "../../src/limits.ts";
import { ROOT } from "../tidy/sources.ts";
import { freshDist } from "./fresh-dist.ts";

let dir: string;

beforeAll(async () => {
  await freshDist();
  dir = await mkdtemp(join(tmpdir(), "safepoint-service-"));
}, 60_000);

afterAll(async () => await rm(dir, { recursive: true, force: true }));

const json = (body: unknown) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

interface SentEvent {
  readonly id: string | undefined;
  readonly event: string;
  /** Epoch ms of the entry; undefined for the last event, which is none. */
  readonly at: number | undefined;
}

/** Server-sent events as they come in, until the server ends the stream. */
async function* eventsOf(response: Response): AsyncGenerator<SentEvent> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      const data = field("data");
      const at = data ? (JSON.parse(data) as { at: number }).at : undefined;
      yield { id: field("id"), event: field("event") ?? "", at };
    }
  }
}

async function allOf(events: AsyncIterable<SentEvent>): Promise<SentEvent[]> {
  const all: SentEvent[] = [];
  for await (const event of events) all.push(event);
  return all;
}

describe("the application", () => {
  let runtime: Runtime;
  let app: Hono;
  let ledgerFile: string;

  beforeEach(async () => {
    // From dist, as the example imports it; loaded when that is fresh.
    const { createRuntime } = await import("safepoint");
    const { createApp } = await import("../../examples/service/app.ts");
    const { orderHandlers } = await import("../../examples/service/orders.ts");
    ledgerFile = join(dir, `${crypto.randomUUID()}.log`);
    runtime = (await createRuntime({ handlers: orderHandlers({ ledgerFile, stepMs: 1 }) })) as unknown as Runtime;
    app = createApp(runtime as never);
  });

  afterEach(() => runtime.stop());

  it("starts an order, tells it as events to the end, and shows how it went", async () => {
    const created = await app.request("/runs", json({ order: "A-17", item: "hat" }));
    expect(created.status).toBe(201);
    expect(created.headers.get("location")).toBe("/runs/order-A-17");
    expect(await created.json()).toEqual({ runId: "order-A-17" });

    const sent = await allOf(eventsOf(await app.request("/runs/order-A-17/events")));
    expect(sent.at(-1)).toEqual({ id: undefined, event: "end", at: undefined });
    expect(sent.at(-2)?.event).toBe("run.completed");
    expect(sent.slice(0, -1).map(({ id }) => Number(id))).toEqual(sent.slice(0, -1).map((_, index) => index + 1));

    const view = (await (await app.request("/runs/order-A-17")).json()) as {
      status: string;
      labels: object;
      stages: { node: string }[];
    };
    expect(view).toMatchObject({ status: "completed", labels: { item: "hat" } });
    expect(view.stages.map(({ node }) => node)).toEqual(["start", "reserve", "charge", "ship", "done"]);
  });

  it("goes on after the last event a client has seen", async () => {
    await app.request("/runs", json({ order: "A-18", item: "hat" }));
    const all = await allOf(eventsOf(await app.request("/runs/order-A-18/events")));
    const headers = { "last-event-id": "5" };
    const rest = await allOf(eventsOf(await app.request("/runs/order-A-18/events", { headers })));
    expect(rest).toEqual(all.slice(5));
    expect(rest[0]?.id).toBe("6");
  });

  it("takes the other way for what is sold out", async () => {
    await app.request("/runs", json({ order: "A-19", item: "unicorn" }));
    const run = await runtime.get("order-A-19");
    const { status, stages } = await run.finished();
    expect(status).toBe("completed");
    expect(stages.map(({ node }) => node)).toEqual(["start", "reserve", "apologise", "done"]);
    expect(await readFile(ledgerFile, "utf8")).not.toContain("charge");
  });

  it("refuses what is no order, the same order twice, and orders it does not know", async () => {
    for (const body of [{}, { order: "../x", item: "hat" }, { order: "A-20" }, null]) {
      const refused = await app.request("/runs", json(body));
      expect([refused.status, await refused.json()]).toEqual([
        422,
        { code: "input_invalid", message: expect.any(String) },
      ]);
    }
    expect((await app.request("/runs", json({ order: "A-21", item: "hat" }))).status).toBe(201);
    const twice = await app.request("/runs", json({ order: "A-21", item: "hat" }));
    expect([twice.status, await twice.json()]).toEqual([409, expect.objectContaining({ code: "run_exists" })]);
    for (const path of ["/runs/order-0", "/runs/order-0/events"]) {
      const unknown = await app.request(path);
      expect([unknown.status, await unknown.json()]).toEqual([404, expect.objectContaining({ code: "run_not_found" })]);
    }
  });
});

describe("the process", () => {
  const children: ChildProcess[] = [];

  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  async function start(data: string, stepMs: number) {
    const child = spawn(process.execPath, ["examples/service/main.ts"], {
      cwd: ROOT,
      env: { ...process.env, PORT: "0", DATA_DIR: data, STEP_MS: String(stepMs) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const first = await lines.next();
    const url = String(first.value).replace("listening on ", "");
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    const rest = async () => {
      const said: string[] = [];
      for (let line = await lines.next(); !line.done; line = await lines.next()) said.push(line.value);
      return said;
    };
    return { child, url, rest };
  }

  it("killed in the middle of an order goes on with it at its next start, not a lease later, and stops when asked", async () => {
    const data = join(dir, "killed");
    // So long that the step is under way when the kill comes, and would never end by itself.
    const first = await start(data, 600_000);
    expect((await fetch(`${first.url}/runs`, json({ order: "B-1", item: "hat" }))).status).toBe(201);
    for await (const { event } of eventsOf(await fetch(`${first.url}/runs/order-B-1/events`)))
      if (event === "stage.started") break;
    first.child.kill("SIGKILL");
    await once(first.child, "exit");

    const second = await start(data, 5);
    const sent = await allOf(eventsOf(await fetch(`${second.url}/runs/order-B-1/events`)));
    const events = sent.map(({ event }) => event);
    expect(events.filter((event) => event === "stage.interrupted")).toHaveLength(1);
    expect(events.slice(-2)).toEqual(["run.completed", "end"]);
    const atOf = (type: string) => sent.find(({ event }) => event === type)?.at ?? Number.NaN;
    expect(atOf("run.resumed") - atOf("stage.started")).toBeLessThan(LEASE_MS);
    const ledger = (await readFile(join(data, "ledger.log"), "utf8")).trimEnd().split("\n");
    expect(ledger.filter((line) => line.startsWith("did"))).toEqual(
      ["reserve", "charge", "ship"].map((node) => `did ${node} order-B-1:main/${node}@1`),
    );

    second.child.kill("SIGTERM");
    expect(await second.rest()).toEqual(["SIGTERM: stopping", "stopped"]);
    if (second.child.exitCode === null) await once(second.child, "exit");
    expect(second.child.exitCode).toBe(0);
  });

  it("killed three times while orders keep coming in loses none of those it has taken", async () => {
    const data = join(dir, "busy");
    const ledger = () => readFile(join(data, "ledger.log"), "utf8").catch(() => "");
    const taken: string[] = [];
    let service = await start(data, 20);
    for (let life = 0; life < 4; life += 1) {
      const isLast = life === 3;
      const orders = Array.from({ length: 8 }, (_, index) => `${life}-${index}`);
      const asked = orders.map(async (order) => {
        const { status } = await fetch(`${service.url}/runs`, json({ order, item: "hat" }));
        if (status === 201) taken.push(`order-${order}`);
      });
      const answered = Promise.allSettled(asked);
      // Some are on their way, some not yet answered: those that were not are nobody's to lose.
      const first = orders[0] as string;
      await Promise.race([asked[0], once(service.child, "exit")]);
      if (isLast) {
        await Promise.all(asked);
        break;
      }
      for await (const { event } of eventsOf(await fetch(`${service.url}/runs/order-${first}/events`)))
        if (event === "stage.succeeded") break;
      service.child.kill("SIGKILL");
      await once(service.child, "exit");
      await answered;
      service = await start(data, 20);
    }
    expect(taken.length).toBeGreaterThanOrEqual(8 + 3);
    for (const runId of taken) {
      const sent = await allOf(eventsOf(await fetch(`${service.url}/runs/${runId}/events`)));
      expect(sent.at(-2)?.event, runId).toBe("run.completed");
      expect(sent.slice(0, -1).map(({ id }) => Number(id))).toEqual(sent.slice(0, -1).map((_, index) => index + 1));
    }
    // Each step ended once in the journal; outside it may have happened again where the kill fell between the two, with its key.
    const did = (await ledger()).split("\n").filter((line) => line.startsWith("did"));
    for (const runId of taken)
      for (const node of ["reserve", "charge", "ship"]) expect(did).toContain(`did ${node} ${runId}:main/${node}@1`);
  });

  it("stopped in the middle of an order gives it back, and the next process ends it", async () => {
    const data = join(dir, "stopped");
    const first = await start(data, 600_000);
    await fetch(`${first.url}/runs`, json({ order: "B-2", item: "hat" }));
    for await (const { event } of eventsOf(await fetch(`${first.url}/runs/order-B-2/events`)))
      if (event === "stage.started") break;
    first.child.kill("SIGTERM");
    expect(await first.rest()).toEqual(["SIGTERM: stopping", "stopped"]);

    const second = await start(data, 5);
    const sent = await allOf(eventsOf(await fetch(`${second.url}/runs/order-B-2/events`)));
    expect(sent.at(-2)?.event).toBe("run.completed");
    expect(sent.filter(({ event }) => event === "stage.failed")).toEqual([]);
  });
});
