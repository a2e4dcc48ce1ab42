/**
 * The service as a process. `PORT`, `DATA_DIR` and `STEP_MS` come from the environment. It may be killed at any moment: at
 * its next start it takes up every order that was under way.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { createRuntime } from "safepoint";
import { sqliteStore } from "safepoint/sqlite";
import { createApp } from "./app.ts";
import { orderHandlers } from "./orders.ts";
import { serve } from "./serve.ts";

const { PORT = "8787", DATA_DIR = ".safepoint", STEP_MS = "1000" } = process.env;
mkdirSync(DATA_DIR, { recursive: true });

const runtime = await createRuntime({
  store: sqliteStore(join(DATA_DIR, "orders.db")),
  handlers: orderHandlers({ ledgerFile: join(DATA_DIR, "ledger.log"), stepMs: Number(STEP_MS) }),
  recover: true,
});
const { server, url } = await serve(createApp(runtime).fetch, Number(PORT));
console.log(`listening on ${url}`);

for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => void stop(signal));

/** No new requests; steps that are under way get a second to end, and are executed again at the next start if they do not. */
async function stop(signal: string): Promise<void> {
  console.log(`${signal}: stopping`);
  server.close();
  await runtime.stop({ graceMs: 1_000 });
  server.closeAllConnections();
  console.log("stopped");
}
