/**
 * Rolls out with a state machine as a handler. `node main.ts [directory] [--crash]`: with `--crash` the process kills
 * itself in the middle; called again without, it goes on with the run it finds.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { createRuntime, parsePipeline } from "safepoint";
import { sqliteStore } from "safepoint/sqlite";
import { createRollout } from "./rollout.machine.ts";

const flags = new Set(process.argv.slice(2).filter((argument) => argument.startsWith("--")));
const directory = process.argv.slice(2).find((argument) => !argument.startsWith("--")) ?? ".safepoint";
mkdirSync(directory, { recursive: true });
const trafficFile = join(directory, "traffic.log");

const runtime = await createRuntime({
  store: sqliteStore(join(directory, "rollout.db")),
  handlers: { rollout: createRollout({ trafficFile, isHealthy: () => true }) },
});

const { runs } = await runtime.list({ status: ["running"] });
const unfinished = runs[0];
const run = unfinished ? await runtime.resume(unfinished.runId) : await runtime.start(readPipeline());
console.log(unfinished ? "goes on" : "starts");

if (flags.has("--crash")) crashWhileBaking();

const view = await run.finished();
console.log(`status: ${view.status}`);
console.log(`traffic: ${readFileSync(trafficFile, "utf8").trim().split("\n").join(", ")} percent`);
await runtime.stop();

function readPipeline() {
  return parsePipeline(readFileSync(new URL("pipeline.dot", import.meta.url), "utf8"));
}

/** In the middle of the second share's delay, when the machine's state has been stored. */
function crashWhileBaking(): void {
  const poll = setInterval(() => {
    const shares = existsSync(trafficFile) ? readFileSync(trafficFile, "utf8").trim().split("\n") : [];
    if (shares.length < 2) return;
    clearInterval(poll);
    setTimeout(() => process.kill(process.pid, "SIGKILL"), 300);
  }, 20);
}
