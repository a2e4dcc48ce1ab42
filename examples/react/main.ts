/** The example as a process. `PORT`, `DATA_DIR` and `STEP_MS` come from the environment. */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { serve } from "@hono/node-server";
import { createRuntime } from "safepoint";
import { sqliteStore } from "safepoint/sqlite";
import { createApp } from "./app.ts";
import { bundle } from "./bundle.ts";
import { stepHandler } from "./release.ts";

const { PORT = "8788", DATA_DIR = ".safepoint", STEP_MS = "3000" } = process.env;
mkdirSync(DATA_DIR, { recursive: true });

const page = await bundle(fileURLToPath(new URL("page.js", import.meta.url)));
const runtime = await createRuntime({
  store: sqliteStore(join(DATA_DIR, "releases.db")),
  handlers: { step: stepHandler(Number(STEP_MS)) },
  recover: true,
});
const app = createApp(runtime, page);
const server = serve({ fetch: app.fetch, hostname: "127.0.0.1", port: Number(PORT) }, ({ port }) => {
  console.log(`listening on http://127.0.0.1:${port}`);
});

for (const signal of ["SIGTERM", "SIGINT"] as const) {
  process.once(signal, async () => {
    server.close();
    // References end with the runtime, and with them the streams of snapshots.
    await runtime.stop({ graceMs: 1_000 });
  });
}
