/**
 * A service of one's own with Safepoint's API below `/safepoint`: the same runtime, started by its routes and by theirs.
 * `PORT` and `DATA_DIR` come from the environment.
 */
import { mkdirSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { Hono } from "hono";
import { createRuntime } from "safepoint";
import { createServer, nodeListener } from "safepoint/server";
import { sqliteStore } from "safepoint/sqlite";

const { PORT = "8788", DATA_DIR = ".safepoint" } = process.env;
mkdirSync(DATA_DIR, { recursive: true });

const GREETING = `digraph greeting {
  start [shape=Mdiamond]; greet [type=greet]; done [shape=Msquare]
  start -> greet -> done
}`;

const runtime = await createRuntime({
  store: sqliteStore(join(DATA_DIR, "runs.db")),
  handlers: {
    greet: ({ inputs }) => ({ status: "success", contextUpdates: { greeting: `Hello, ${inputs["name"]}` } }),
  },
  recover: true,
});

const closing = new AbortController();
const app = new Hono();
app.get("/", (c) => c.text("POST /greetings/<name>, GET /safepoint/runs"));
app.post("/greetings/:name", async (c) => {
  const run = await runtime.start(GREETING, { inputs: { name: c.req.param("name") } });
  await run.finished();
  const { greeting } = await run.context();
  return c.json({ greeting, run: `/safepoint/runs/${run.id}` });
});
app.route("/safepoint", createServer(runtime, { closing: closing.signal, definitions: { greeting: GREETING } }));

const server = createHttpServer(nodeListener(app)).listen(Number(PORT), "127.0.0.1", () => {
  console.log(`listening on http://127.0.0.1:${(server.address() as AddressInfo).port}`);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop());

/** Streams end, runs are given back, then the door is closed. */
async function stop(): Promise<void> {
  closing.abort();
  await runtime.stop({ graceMs: 1_000 });
  server.close();
  server.closeIdleConnections();
}
