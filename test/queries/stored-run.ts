/** A small run as a driver would have stored it: six turns, one retry, a routed conditional, two artifacts. */
import { createHash } from "node:crypto";
import type { NewEntry } from "../../src/journal/entry.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Owner, Store, TurnWrite } from "../../src/persistence/store.ts";

export const DEMO_SOURCE = `digraph demo {
  graph [goal="ship it"]
  start [shape=Mdiamond]
  build [prompt="build it"]
  check [shape=diamond]
  deploy [prompt="deploy it"]
  exit [shape=Msquare]
  start -> build -> check
  check -> deploy [condition="outcome=success"]
  check -> build [condition="outcome=fail"]
  deploy -> exit
}
`;

export const OWNER: Owner = { host: "host-a", bootId: "boot-1", pid: 100, processStart: "1000" };
export const CREATED_AT = Date.parse("2026-01-02T03:04:05.000Z");

export function hashOf(text: string): string {
  return createHash("sha256").update(text).digest("hex");
}

type Rest = Omit<TurnWrite, "runId" | "token" | "baseSeq" | "atMs">;

export function entry<T extends NewEntry["type"]>(
  type: T,
  data: NewEntry<T>["data"],
  where: Partial<Omit<NewEntry, "type" | "data">> = {},
): NewEntry {
  return { type, data, ...where } as NewEntry;
}

const at = (node: string, visit = 1) => ({ branch: "main", stage: `main/${node}@${visit}` });
const attempt = (node: string, number: number) => ({
  ...at(node),
  attempt: number,
  execution: `main/${node}@1#${number}.1`,
});
const passes = (node: string, kind: string): NewEntry[] => [
  entry("stage.entered", { kind }, at(node)),
  entry("stage.succeeded", { kind, outcome: { status: "success" } }, at(node)),
];
const edge = (from: string, to: string, index: number): NewEntry =>
  entry("edge.selected", { from, to, edge: index, rule: "unconditional", candidates: [] }, at(from));

/** Writes turns of one run, one after another, a second apart. Answers with the seq after each. */
export async function writeTurns(store: Store, runId: string, turns: readonly Rest[]): Promise<void> {
  let baseSeq = (await store.read("run", { runId }))[0]?.seq ?? 0;
  for (const turn of turns) {
    const atMs = CREATED_AT + baseSeq * 1_000;
    const [result] = await store.commit([{ runId, token: 1, baseSeq, atMs, ...turn }]);
    if (!result?.ok) throw new Error(`turn at ${baseSeq} refused: ${JSON.stringify(result)}`);
    baseSeq += turn.entries.length;
  }
}

export function creationOf(runId: string, source = DEMO_SOURCE): Rest {
  return {
    create: {
      runId,
      status: "running",
      pipelineName: "demo",
      pipelineHash: hashOf(source),
      labels: { team: "a" },
      inputs: { pr: 42 },
      createdAtMs: CREATED_AT,
      owner: OWNER,
      leaseUntilMs: CREATED_AT + 15_000,
    },
    run: { startedAtMs: CREATED_AT },
    scopes: [{ scope: "main" }],
    context: [{ scope: "main", key: "graph.goal", value: { json: '"ship it"' } }],
    entries: [
      entry("run.created", {
        pipeline: { name: "demo", hash: hashOf(source) },
        inputs: { pr: 42 },
        labels: { team: "a" },
        context: { "graph.goal": "ship it" },
      }),
      entry("run.started", {}),
      ...passes("start", "start"),
      edge("start", "build", 0),
      entry("stage.started", {}, attempt("build", 1)),
    ],
  };
}

const RETRY: Rest = {
  entries: [
    entry(
      "stage.retry_scheduled",
      {
        outcome: { status: "fail", failureReason: "compiler out of memory" },
        failureClass: "transient",
        nextAttempt: 2,
        delayMs: 4_000,
        timer: "main/build@1#2",
        dueMs: 10_000,
      },
      attempt("build", 1),
    ),
  ],
  timers: [{ timer: "main/build@1#2", actor: "stage:main/build@1", kind: "retry", clock: "run", dueMs: 10_000 }],
};

const AGAIN: Rest = {
  entries: [entry("stage.started", {}, attempt("build", 2))],
  timers: [{ timer: "main/build@1#2", cleared: true }],
  actors: [{ actor: "stage:main/build@1", machine: "stage@1/xstate@5.33.3", snapshot: '{"value":"running"}' }],
};

async function buildEnds(store: Store): Promise<Rest> {
  const bytes = new TextEncoder().encode("# built\n");
  const hash = await store.putBlob(bytes);
  const big = JSON.stringify("x".repeat(70_000));
  const blob = await store.putBlob(new TextEncoder().encode(big));
  return {
    entries: [
      entry(
        "stage.succeeded",
        {
          outcome: {
            status: "success",
            notes: "built",
            contextUpdates: { zip: "a.zip", log: { $blob: blob, bytes: big.length } },
          },
        },
        attempt("build", 2),
      ),
      edge("build", "check", 1),
      ...passes("check", "conditional"),
      edge("check", "deploy", 2),
      entry("stage.started", {}, attempt("deploy", 1)),
    ],
    actors: [{ actor: "stage:main/build@1", ended: true }],
    context: [
      { scope: "main", key: "zip", value: { json: '"a.zip"' } },
      { scope: "main", key: "log", value: { blob, bytes: big.length } },
      { scope: "main", key: "outcome", value: { json: '"success"' } },
      { scope: "main", key: "last_stage", value: { json: '"build"' } },
      { scope: "@visits", key: "main/build", value: { json: "1" } },
    ],
    artifacts: [
      {
        artifact: "a1",
        stage: "main/build@1",
        execution: "main/build@1#2.1",
        name: "response.md",
        mediaType: "text/markdown",
        hash,
        bytes: bytes.length,
        complete: true,
      },
    ],
  };
}

const COMPLETED: Rest = {
  entries: [
    entry("stage.succeeded", { outcome: { status: "success" } }, attempt("deploy", 1)),
    edge("deploy", "exit", 4),
    ...passes("exit", "exit"),
    entry("run.completed", { status: "success", exit: "exit" }),
  ],
  run: { status: "completed", finishedAtMs: CREATED_AT + 30_000 },
};

/** Seqs at which the demo's turns end. */
export const TURN_ENDS = [6, 7, 8, 14, 19] as const;

/** A store with one run, `demo`, with as many of its five turns as are asked for. */
export async function demoStore(turns = 5, store: Store = memoryStore()): Promise<Store> {
  await store.putPipeline({ hash: hashOf(DEMO_SOURCE), name: "demo", source: DEMO_SOURCE });
  const all = [creationOf("demo"), RETRY, AGAIN, await buildEnds(store), COMPLETED];
  await writeTurns(store, "demo", all.slice(0, turns));
  return store;
}

export async function writeRest(store: Store, written: number): Promise<void> {
  const all = [creationOf("demo"), RETRY, AGAIN, await buildEnds(store), COMPLETED];
  await writeTurns(store, "demo", all.slice(written));
}
