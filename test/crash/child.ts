/**
 * The process that is killed: starts or resumes the reference run of a SQLite file and drives it to its end.
 *
 * Usage: node child.ts <database> <reference>. Every point it passes becomes a line of CRASH_POINTS, every effect one of
 * CRASH_EFFECTS; at the CRASH_AT-th point it kills itself.
 */
import { appendFileSync, closeSync, fsyncSync, openSync, readFileSync, writeSync } from "node:fs";
import { createRuntime, type HandlerInput, isSafepointError } from "../../src/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { createStep, RUN_ID } from "./reference.ts";
import { type ReferenceName, referenceOf } from "./references.ts";

const { CRASH_EFFECTS = "", CRASH_POINTS = "", CRASH_AT = "0" } = process.env;
const [database = "", name] = process.argv.slice(2);
const reference = referenceOf(name as ReferenceName);
const crashAt = Number(CRASH_AT) || Number.POSITIVE_INFINITY;
process.env["CRASH_DRIVER"] = String(process.pid);
process.env["CRASH_TOOL"] = new URL("crash-tool.sh", import.meta.url).pathname;

function point(name: string): void {
  appendFileSync(CRASH_POINTS, `${name}\n`);
  const passed = readFileSync(CRASH_POINTS, "utf8").split("\n").length - 1;
  // A tool that runs beside may have passed the very point and found one more behind it.
  if (passed >= crashAt) process.kill(process.pid, "SIGKILL");
}

function leave(kind: "start" | "end", { execution }: HandlerInput): void {
  point(`before ${kind} of ${execution}`);
  const file = openSync(CRASH_EFFECTS, "a");
  writeSync(file, `${kind} ${execution} ${process.pid} ${Date.now()}\n`);
  fsyncSync(file);
  closeSync(file);
  point(`after ${kind} of ${execution}`);
}

/** The writes that come in the same order every time; those of output come with the time. */
function pointing(store: Store): Store {
  const around = async <T>(name: string, work: () => Promise<T>): Promise<T> => {
    point(`before ${name}`);
    const result = await work();
    point(`after ${name}`);
    return result;
  };
  const { commit, claim, writeSide } = store;
  return Object.assign(store, {
    commit: (turns) => around("commit", () => commit.call(store, turns)),
    claim: (request) => around("claim", () => claim.call(store, request)),
    writeSide: (write) =>
      write.kind === "output" ? writeSide.call(store, write) : around(write.kind, () => writeSide.call(store, write)),
  } satisfies Partial<Store>);
}

const store = pointing(sqliteStore({ path: database, synchronous: "NORMAL" }));
const runtime = await createRuntime({ store, handlers: { step: createStep(leave, reference) }, cwd: process.cwd() });
try {
  const [known] = await store.read("run", { runId: RUN_ID });
  const run = known ? await runtime.resume(RUN_ID) : await runtime.start(reference.source, { runId: RUN_ID });
  await run.finished();
} catch (error) {
  // Killed after its last commit, it had nothing left to do.
  if (!isSafepointError(error) || error.code !== "run_finished") throw error;
}
await runtime.stop();
await store.close();
