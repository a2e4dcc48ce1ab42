/**
 * Loads the checkpoint of a run, says what is open in it, resumes the run and waits for its end.
 * `node resume.ts <store file> <run id>`. Exits 0 if the run completed.
 */
import { createRuntime } from "safepoint";
import { sqliteStore } from "safepoint/sqlite";

const [storeFile = ".safepoint/nightly.db", runId = "nightly"] = process.argv.slice(2);
// Without `recover` nothing is taken up before we say so.
const runtime = await createRuntime({ store: sqliteStore(storeFile) });

const { status, seq } = await runtime.view(runId);
console.log(`${runId}: ${status} at seq ${seq}`);

// The checkpoint: one persisted XState snapshot for each live actor, stored with the journal's entry of that seq.
for (const { actor, snapshot } of await runtime.store.read("checkpoints", { runId })) {
  const { value } = JSON.parse(snapshot) as { value: unknown };
  console.log(`  ${actor} in ${JSON.stringify(value)}`);
}

// The same from the journal alone: what is derived from it and what is stored never differ.
const state = await runtime.stateAt(runId, seq);
for (const [stage, { status: stageStatus }] of state.stages) console.log(`  open: ${stage} (${stageStatus})`);
console.log(`  context: ${JSON.stringify(Object.fromEntries(state.context.get("main") ?? []))}`);

const run = await runtime.resume(runId);
run.events({ after: seq }).subscribe(({ type, stage = "", execution = stage }) => {
  if (/^(run|stage)\./.test(type)) console.log(`${type} ${execution}`.trim());
});
const view = await run.finished();
console.log(`${runId}: ${view.status} at seq ${view.seq}`);
process.exitCode = view.status === "completed" ? 0 : 1;
await runtime.stop();
