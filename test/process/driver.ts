/**
 * A process that drives runs of a SQLite file, for tests that stop, end or race it.
 *
 * Usage: node driver.ts <database> <leaseMs> start|resume <run>…; says what happens on stdout, a line each. SIGTERM stops
 * the runtime in good order.
 */
import { appendFileSync, writeSync } from "node:fs";
import { createRuntime, type HandlerInput, isSafepointError } from "../../src/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import { PIPELINES } from "./pipelines.ts";

const [path = "", leaseMs = "", verb = "", ...runIds] = process.argv.slice(2);
const say = (line: string) => writeSync(1, `${line}\n`);

/** Waits until it is told to stop. */
async function hang({ runId, signal }: HandlerInput): Promise<void> {
  await new Promise<void>((_resolve, reject) => {
    signal.addEventListener("abort", () => {
      say(`aborted ${runId} ${(signal.reason as { reason: string }).reason}`);
      reject(signal.reason as Error);
    });
  });
}

/** Ends by itself, a little later than anybody looks. */
async function late({ runId }: HandlerInput): Promise<string> {
  await new Promise((resolve) => setTimeout(resolve, 400));
  say(`done ${runId}`);
  return "late";
}

/** Counts its item in $ITEM_TRACE; a moment passes, so that several are in flight. */
async function count({ context }: HandlerInput) {
  const item = context.get("work.item");
  await new Promise((resolve) => setImmediate(resolve));
  appendFileSync(process.env["ITEM_TRACE"] ?? "", `${String(item)}\n`);
  return { status: "success", contextUpdates: { twice: Number(item) * 2 } };
}

const store = sqliteStore({ path, synchronous: "NORMAL" });
const runtime = await createRuntime({
  store,
  leaseMs: Number(leaseMs),
  handlers: { hang, late, count },
  log: {
    debug() {},
    info() {},
    error() {},
    warn: (message, fields) => say(`warned ${message} ${JSON.stringify(fields)}`),
  },
});
process.on("SIGTERM", () => {
  say("stopping");
  void runtime.stop({ graceMs: 100 }).then(() => process.exit(0));
});
// A service has more to live for than its runs.
if (verb === "start") setInterval(() => {}, 1_000);
const driven: string[] = [];
for (const runId of runIds) {
  try {
    if (verb === "resume") await runtime.resume(runId);
    else await runtime.start(PIPELINES[runId as keyof typeof PIPELINES], { runId });
    driven.push(runId);
    say(`drives ${runId}`);
  } catch (error) {
    if (!isSafepointError(error)) throw error;
    say(`refused ${runId} ${error.code} ${error.exitCode}: ${error.message}`);
  }
}
if (verb === "resume") {
  await Promise.all(driven.map(async (runId) => (await runtime.get(runId)).finished()));
  await runtime.stop();
  await store.close();
}
