/** Metrics: what is counted is what is stored, whoever stored it. */
import { expect, it } from "vitest";
import { RUN_STATUSES } from "../../src/journal/status.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { seededRandom } from "../../src/testing/seeded-random.ts";
import { creationOf, writeTurns } from "../queries/stored-run.ts";
import { ASKING, type Client, HELLO, openServer, settled, steps } from "./fixtures.ts";

async function metricsOf({ get }: Client): Promise<ReadonlyMap<string, number>> {
  const text = await (await get("/metrics")).text();
  return new Map(
    [...text.matchAll(/^(\w+(?:\{[^}]*\})?) (\S+)$/gm)].map(([, name = "", value]) => [name, Number(value)]),
  );
}

/** That the runs of each status are as many as a question to the store says. */
async function expectExact(client: Client): Promise<void> {
  await settled(client);
  const metrics = await metricsOf(client);
  for (const status of RUN_STATUSES) {
    const rows = await client.runtime.store.read("runs", { status: [status] });
    expect([status, metrics.get(`safepoint_runs{status="${status}"}`)]).toEqual([status, rows.length]);
  }
}

const SEED = Number(process.env["SEED"] ?? Date.now() % 1_000_000);

it(`runs by status stay exact while anything is done to them (SEED=${SEED})`, async () => {
  const client = await openServer({ runtime: { handlers: steps } });
  const { post, runtime } = client;
  const random = seededRandom(SEED);
  await (await runtime.start(HELLO, { runId: "before" })).finished();
  await runtime.start(ASKING, { runId: "run-0" });
  for (let step = 1; step <= 60; step += 1) {
    const run = `/runs/run-${random.integer(step)}`;
    const deeds = [
      () => post("/runs", { source: random.chance(0.5) ? HELLO : ASKING, runId: `run-${step}` }),
      () => post(`${run}/pause`),
      () => post(`${run}/continue`),
      () => post(`${run}/cancel`),
      () => post(`${run}/fork`, { runId: `run-${step}`, drive: random.chance(0.5) }),
      () => post(`${run}/questions/main%2Fask@1/answer`, { answer: "Y" }),
    ];
    await random.pick(deeds)();
    if (random.chance(0.3)) await expectExact(client);
  }
  await expectExact(client);
});

it("counts what is live, what is asked, and what is written", async () => {
  const store = memoryStore();
  await writeTurns(store, "old", [creationOf("old")]);
  const client = await openServer({ runtime: { store, handlers: steps } });
  expect((await metricsOf(client)).get("safepoint_entries_total")).toBe(0);
  await client.post("/runs", { source: ASKING, runId: "one" });
  await client.get("/nothing");
  const metrics = await metricsOf(client);
  const entries = await client.runtime.entries("one");
  expect(metrics.get("safepoint_entries_total")).toBe(entries.length);
  expect(metrics.get("safepoint_commits_total")).toBe(new Set(entries.map(({ turn }) => turn)).size);
  expect(metrics.get("safepoint_open_gates")).toBe(1);
  expect(metrics.get("safepoint_live_stages")).toBe(1);
  expect(metrics.get('safepoint_http_requests_total{method="POST",status="201"}')).toBe(1);
  expect(metrics.get('safepoint_http_requests_total{method="GET",status="404"}')).toBe(1);
});
