/**
 * `npm run demo`: the release check of this repository, killed with SIGKILL in the middle and resumed by another process.
 * Exits 0 only if nothing ran twice but the one stage whose outcome nobody could know. `--json` prints one document.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { filter, firstValueFrom, fromEvent, lastValueFrom, takeUntil, toArray } from "rxjs";
import { createRuntime, type JournalEntry, type Run, type Runtime } from "safepoint";
import { sqliteStore } from "safepoint/sqlite";
import { isAlive, startSafepoint } from "./demo/command-line.ts";
import { type Proof, proofsOf } from "./demo/proofs.ts";
import { readStepsLog, whenToolBegan } from "./demo/steps-log.ts";

const RUN_ID = "release-check";
const PIPELINE = "examples/release-check/pipeline.dot";
const KILLED_STAGE = "main/tests@1";
const FLAKY_STAGE = "main/smoke@1";
/** Against a hang; the demo takes less than half a minute on an idle machine. */
const PATIENCE_MS = 180_000;

const asJson = process.argv.includes("--json");
const startedAtMs = Date.now();
const directory = mkdtempSync(join(tmpdir(), "safepoint-demo-"));
const storeFile = join(directory, "demo.db");
const env = { TMPDIR: directory, NO_COLOR: "1" };
const deadline = AbortSignal.timeout(PATIENCE_MS);
/** What a process printed last says why it ended. */
let lastLine = "";

process.exitCode = await demo().catch((error: Error) => {
  if (asJson) process.stdout.write(`${JSON.stringify({ runId: RUN_ID, ok: false, error: error.message })}\n`);
  else say(`\nThe demo cannot go on: ${error.message}\nEverything is kept in ${directory}`);
  return 1;
});

async function demo(): Promise<number> {
  say("The release check of this repository: every step is a real tool.");
  const runtime = await createRuntime({ store: sqliteStore(storeFile) });
  return play(runtime).finally(() => runtime.stop());
}

async function play(runtime: Runtime): Promise<number> {
  const killed = await runAndKill(runtime);
  const left = await showWhatIsLeft(runtime, killed.toolPid);
  const resumed = await resume();
  const run = await runtime.get(RUN_ID);
  const evidence = {
    journal: await lastValueFrom(run.events$.pipe(toArray())),
    view: await run.view(),
    verified: await runtime.verify(RUN_ID),
    steps: await readStepsLog(await scratchOf(run)),
    killed,
    flaky: FLAKY_STAGE,
  };
  const proofs = proofsOf(evidence);
  const ok = resumed.code === 0 && left.status === "running" && proofs.every(({ holds }) => holds);
  report({
    ok,
    killed,
    resumed,
    proofs,
    stages: evidence.view.stages.map(({ address, status }) => ({ address, status })),
  });
  if (ok) rmSync(directory, { recursive: true, force: true });
  else say(`\nEverything is kept in ${directory}`);
  return ok ? 0 : 1;
}

/** Starts the run in a process of its own, and kills that process as soon as the tool of one stage is at work. */
async function runAndKill(runtime: Runtime) {
  say(`\n$ safepoint run ${PIPELINE} --run-id ${RUN_ID}`);
  // The stream of another process's entries: subscribed before there is anything, so that nothing is missed.
  const over = new AbortController();
  const isIt = (entry: JournalEntry) => entry.type === "stage.started" && entry.stage === KILLED_STAGE;
  const stageStarted = firstEntry(runtime, isIt, AbortSignal.any([over.signal, deadline]));
  stageStarted.catch(() => {});
  const driver = await startSafepoint(["run", PIPELINE, "--store", storeFile, "--run-id", RUN_ID], {
    env,
    onLine: quote,
  });
  const tooEarly = driver.ended.then(({ code }) => {
    throw new Error(`the run ended with exit code ${code} before ${KILLED_STAGE} began: ${lastLine}`);
  });
  tooEarly.catch(() => {});
  try {
    await Promise.race([stageStarted, tooEarly]);
    const scratch = await scratchOf(await runtime.get(RUN_ID));
    const tool = await Promise.race([whenToolBegan(scratch, KILLED_STAGE, deadline), tooEarly]);
    driver.kill("SIGKILL");
    const { signal } = await driver.ended;
    say(`\nkill -9 ${driver.pid}: process ${driver.pid} ended by ${signal}, in the middle of ${KILLED_STAGE}.`);
    const { seq } = await runtime.view(RUN_ID);
    return { stage: KILLED_STAGE, toolPid: tool.pid, driverPid: driver.pid, seq, afterMs: Date.now() - startedAtMs };
  } catch (error) {
    driver.kill("SIGTERM");
    throw error;
  } finally {
    over.abort();
  }
}

async function showWhatIsLeft(runtime: Runtime, toolPid: number) {
  say(
    `Its tool, process ${toolPid}, ${isAlive(toolPid) ? "goes on without it" : "has ended meanwhile"}. What is stored:`,
  );
  say(`\n$ safepoint show ${RUN_ID}`);
  const show = await startSafepoint(["show", RUN_ID, "--store", storeFile], { env, onLine: quote });
  await show.ended;
  return runtime.view(RUN_ID);
}

async function resume() {
  say(`\n$ safepoint resume ${RUN_ID}`);
  const beganAtMs = Date.now();
  const driver = await startSafepoint(["resume", RUN_ID, "--store", storeFile], { env, onLine: quote });
  const giveUp = () => driver.kill("SIGTERM");
  deadline.addEventListener("abort", giveUp, { once: true });
  const { code } = await driver.ended;
  deadline.removeEventListener("abort", giveUp);
  return { pid: driver.pid, code, tookMs: Date.now() - beganAtMs };
}

/** Where the tools write: made by the run's first step, and kept in its context. */
async function scratchOf(run: Run): Promise<string> {
  const { scratch } = await run.context();
  if (typeof scratch !== "string")
    throw new Error(`the run has no directory in its context: ${JSON.stringify(scratch)}`);
  return scratch;
}

function firstEntry(
  runtime: Runtime,
  isIt: (entry: JournalEntry) => boolean,
  signal: AbortSignal,
): Promise<JournalEntry> {
  return firstValueFrom(runtime.events({ after: 0 }).pipe(filter(isIt), takeUntil(fromEvent(signal, "abort"))));
}

interface Result {
  readonly ok: boolean;
  readonly killed: { readonly stage: string; readonly seq: number; readonly afterMs: number };
  readonly resumed: { readonly tookMs: number };
  readonly proofs: readonly Proof[];
  readonly stages: readonly { readonly address: string; readonly status: string }[];
}

function report(result: Result): void {
  const tookMs = Date.now() - startedAtMs;
  if (asJson) return void process.stdout.write(`${JSON.stringify({ runId: RUN_ID, ...result, tookMs }, null, 2)}\n`);
  say(`\nWhat the journal (seq ${result.killed.seq} at the kill) and the tools' own notes say:\n`);
  for (const { claim, holds, found } of result.proofs) say(`  ${holds ? "✓" : "✗"} ${claim} [${found}]`);
  const times = `killed after ${seconds(result.killed.afterMs)}, resumed for ${seconds(result.resumed.tookMs)}`;
  say(`\n${result.ok ? "All of it holds" : "Not all of it holds"}: ${times}, ${seconds(tookMs)} in all.`);
}

function quote(line: string): void {
  lastLine = line;
  say(`  │ ${line}`);
}

function say(line: string): void {
  if (!asJson) console.log(line);
}

function seconds(ms: number): string {
  return `${(ms / 1000).toFixed(1)} s`;
}
