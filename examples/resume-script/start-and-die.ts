/** Starts the job, and kills its own process in the middle of it. `node start-and-die.ts <store file> <run id>` */
import { readFileSync } from "node:fs";
import { createRuntime, parsePipeline } from "safepoint";
import { sqliteStore } from "safepoint/sqlite";

const [storeFile = ".safepoint/nightly.db", runId = "nightly"] = process.argv.slice(2);
const runtime = await createRuntime({ store: sqliteStore(storeFile) });
const source = readFileSync(new URL("pipeline.dot", import.meta.url), "utf8");
const run = await runtime.start(parsePipeline(source), { runId });
run.events$.subscribe((entry) => {
  if (entry.type !== "stage.started") return;
  console.log(`${entry.stage} started`);
  if (entry.stage === "main/load@1") process.kill(process.pid, "SIGKILL");
});
