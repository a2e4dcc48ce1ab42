/**
 * A service that is killed: takes every run of a SQLite file that nobody drives, for as long as it lives.
 * Usage: node control-child.ts <database>. Says `ready` when it has taken what there was.
 */
import { createRuntime } from "../../src/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";

const store = sqliteStore({ path: process.argv[2] ?? "", synchronous: "NORMAL" });
await createRuntime({
  store,
  recover: true,
  actor: "service",
  abortGraceMs: 60_000,
  handlers: {
    echo: async ({ context }) => ({
      status: "success",
      contextUpdates: { echoed: context.get("human.gate.text") ?? null },
    }),
    hang: () => new Promise<never>(() => {}),
  },
});
process.stdout.write("ready\n");
setInterval(() => {}, 60_000);
