/** Inputs and events that between them lead the three charts everywhere. Moments stand still, so that states are few. */
import { type BranchInput, branchMachine } from "../../src/machines/branch.machine.ts";
import type { BranchEvent, ExecutionEnd, Hop, RunEvent, StageEvent } from "../../src/machines/protocol.ts";
import { type RunInput, runMachine } from "../../src/machines/run.machine.ts";
import { executionId, type StageContext, type StageInput, stageMachine } from "../../src/machines/stage.machine.ts";
import type { AnyStateMachine } from "../../src/machines/xstate.ts";
import { childEvents } from "./child-samples.ts";
import { regionEvents } from "./region-samples.ts";

export const now = { atMs: 5_000, runMs: 4_000, baseSeq: 7 } as const;
const stamp = { ...now, commandId: "c-1", actor: "ada" } as const;

export function stageInput(more: Partial<StageInput> = {}): StageInput {
  return {
    stage: "main/work@1",
    node: "work",
    branch: "main",
    visit: 1,
    kind: "execution",
    type: "tool",
    limits: { attempts: 2, onInterrupt: "retry" },
    seed: "r:main/work@1",
    carried: null,
    control: "running",
    ...now,
    ...more,
  };
}

export const runEvents: readonly RunEvent[] = [
  { ...stamp, type: "PAUSE", mode: "drain", source: "own", draining: ["main/work@1#1.1"], reason: "lunch" },
  { ...stamp, type: "PAUSE", mode: "interrupt", source: "own", draining: [], deadlineMs: 9_000 },
  { ...stamp, type: "PAUSE", mode: "drain", source: "inherited", draining: [] },
  { ...stamp, type: "CONTINUE", source: "own", slot: true, message: "go on", context: { a: 1 } },
  { ...stamp, type: "CONTINUE", source: "own", slot: false },
  { ...stamp, type: "CONTINUE", source: "inherited", slot: true },
  { ...stamp, type: "CONTINUE", source: "inherited", slot: false, reason: "parent went on" },
  { ...stamp, type: "CANCEL", graceMs: 5_000, force: false, reason: "wrong branch" },
  { ...stamp, type: "CANCEL", graceMs: 5_000, force: true },
  { ...now, type: "SLOT" },
  { ...now, type: "PROCEED" },
  { ...now, type: "QUIET", abandoned: ["main/work@1#1.1"] },
  { ...now, type: "ESCALATE", draining: ["main/work@1#1.1"] },
  { ...now, type: "BRANCH_ENDED", branch: "main", status: "success", exit: "exit", cancelled: false },
  {
    ...now,
    type: "BRANCH_ENDED",
    branch: "main",
    status: "fail",
    cancelled: false,
    failure: { code: "no_route", message: "no edge", stage: "main/work@1" },
  },
  { ...now, type: "BRANCH_ENDED", branch: "main", status: "success", cancelled: false, restart: "again" },
  { ...now, type: "BRANCH_ENDED", branch: "main", status: "success", cancelled: true },
];

const hops: readonly Hop[] = [
  {
    kind: "enter",
    node: "next",
    visit: 1,
    entry: {
      type: "edge.selected",
      branch: "main",
      data: { from: "work", to: "next", edge: 0, rule: "unconditional", candidates: [{ edge: 0, to: "next" }] },
    },
  },
  { kind: "enter", node: "work", visit: 2 },
  { kind: "end", node: "exit", exit: true },
  { kind: "end", node: "leaf", exit: false },
  { kind: "fail", code: "no_route", message: "no edge" },
  { kind: "restart", node: "again" },
];

export const branchEvents: readonly BranchEvent[] = [
  { ...now, type: "PAUSE", mode: "drain" },
  { ...now, type: "PAUSE", mode: "interrupt" },
  { ...now, type: "CONTINUE" },
  { ...now, type: "CANCEL" },
  { ...now, type: "STAGE_HELD" },
  ...hops.map((hop): BranchEvent => ({ ...now, type: "HEAD", hop })),
  // A check never starts the run over: that is an edge's doing.
  ...hops.filter(({ kind }) => kind !== "restart").map((hop): BranchEvent => ({ ...now, type: "CHECKED", hop })),
  ...hops.map((hop): BranchEvent => ended(hop, true)),
  ended({ kind: "end", node: "exit", exit: true }, false),
  { ...ended({ kind: "fail", code: "cancelled", message: "cancelled" }, true), cancelled: true } as BranchEvent,
];

function ended(hop: Hop, counts: boolean): BranchEvent {
  const outcome = { status: "success", notes: "done" };
  return { ...now, type: "STAGE_ENDED", stage: "main/work@1", node: "work", cancelled: false, counts, outcome, hop };
}

export const ends: readonly ExecutionEnd[] = [
  { outcome: { status: "success", preferredLabel: "yes", suggestedNextIds: ["next"], notes: "n" } },
  { outcome: { status: "partial_success" } },
  { outcome: { status: "shipped" } },
  { outcome: { status: "skipped" } },
  { outcome: { status: "fail", failureReason: "red" } },
  { outcome: { status: "retry" } },
  { outcome: { status: "fail" }, thrown: { terminal: false, transient: true, retryAfterMs: 70 } },
  { outcome: { status: "fail" }, thrown: { terminal: true, transient: false } },
  { outcome: { status: "fail" }, thrown: { terminal: false, transient: false }, abandoned: true },
];

/** Every kind of event, those that are for something else than the stage's open execution, timer or gate among them. */
export function stageEvents(context: StageContext): readonly StageEvent[] {
  const execution = executionId(context);
  const stale = `${context.stage}#9.9`;
  const gates = [context.stage, `${execution}:interrupted`];
  const timers = [`${context.stage}:wait`, `${context.stage}#${context.attempt}:retry`, `${context.stage}#9:retry`];
  return [
    { ...now, type: "PAUSE", mode: "drain" },
    { ...now, type: "PAUSE", mode: "interrupt" },
    { ...now, type: "CONTINUE" },
    { ...now, type: "CANCEL" },
    { ...now, type: "PROCEED" },
    ...ends.map((end): StageEvent => finished(execution, end)),
    finished(stale, { outcome: { status: "success" } }),
    { ...now, type: "EXECUTION_LOST", execution, cause: "crash" },
    { ...now, type: "EXECUTION_LOST", execution, cause: "foreign_host", detail: "host b" },
    { ...now, type: "EXECUTION_LOST", execution: stale, cause: "crash" },
    { ...now, type: "TIME_OUT", execution },
    { ...now, type: "TIME_OUT", execution: stale },
    { ...now, type: "INTERRUPT", reason: "pause" },
    { ...now, type: "INTERRUPT", reason: "shutdown" },
    ...timers.map((timer): StageEvent => ({ ...now, type: "TIMER_FIRED", timer })),
    ...gates.flatMap((gate) => answers(gate)),
    ...answers("main/other@1"),
    ...(context.kind === "child" ? childEvents(context) : regionEvents(context)),
  ];
}

export function finished(execution: string, end: ExecutionEnd): StageEvent {
  const { suggestedNextIds, ...rest } = end.outcome;
  const ids = suggestedNextIds === undefined ? {} : { suggestedNextIds: [...suggestedNextIds] };
  return {
    ...now,
    type: "EXECUTION_ENDED",
    execution,
    end,
    outcome: { ...rest, ...ids, contextUpdates: { seen: true } },
  };
}

function answers(gate: string): StageEvent[] {
  const words: readonly [choice: string, status: string][] = [
    ["retry", "success"],
    ["fail", "fail"],
    ["done", "success"],
    ["done", "skipped"],
    ["", "retry"],
  ];
  return words.map(([choice, status], at) => ({
    ...now,
    type: "ANSWER",
    gate,
    choice,
    by: "ada",
    answer: choice,
    outcome: { status },
    ...(at === 4 ? { timedOut: true } : {}),
  }));
}

export interface Sample {
  readonly name: string;
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  readonly eventsOf: (context: never) => readonly { readonly type: string }[];
  /** Beyond it a chart only counts on. */
  readonly isFarEnough: (context: never) => boolean;
}

function stageSample(name: string, more: Partial<StageInput>): Sample {
  return {
    name: `stage: ${name}`,
    machine: stageMachine,
    input: stageInput(more),
    eventsOf: stageEvents,
    isFarEnough: ({ start, region, child }: StageContext) =>
      start > 4 || (region?.next ?? 0) > 3 || (child?.cycle ?? 0) > 1,
  };
}

function branchSample(name: string, more: Partial<BranchInput>): Sample {
  return {
    name: `branch: ${name}`,
    machine: branchMachine,
    input: { branch: "main", origin: "main", control: "running", ...more } satisfies BranchInput,
    eventsOf: () => branchEvents,
    isFarEnough: () => false,
  };
}

function runSample(name: string, slot: boolean): Sample {
  return {
    name: `run: ${name}`,
    machine: runMachine,
    input: { runId: "r", createdAtMs: 1_000, slot } satisfies RunInput,
    eventsOf: () => runEvents,
    isFarEnough: () => false,
  };
}

const patient = { attempts: 2, backoff: { initialMs: 100, factor: 2, maxMs: 1_000, jitter: true } } as const;

export const samples: readonly Sample[] = [
  runSample("with a slot", true),
  runSample("without a slot", false),
  branchSample("entered while running", {}),
  branchSample("entered while paused", { control: "paused" }),
  branchSample("entered while cancelling", { branch: "main/fan@1/0", origin: "parallel", control: "cancelling" }),
  branchSample("of a parallel node", { branch: "main/fan@1/0", origin: "parallel" }),
  branchSample("of a foreach, entered while pausing", {
    branch: "main/each@2/11",
    origin: "foreach",
    control: "pausing",
  }),
  branchSample("of a loop in a branch", { branch: "main/fan@1/0/again@1/3", origin: "loop" }),
  stageSample("an execution", { limits: { ...patient, onInterrupt: "retry" }, timeoutMs: 50, edge: 3 }),
  stageSample("that asks after a crash", { limits: { attempts: 1, onInterrupt: "ask" }, control: "pausing" }),
  stageSample("that fails after a crash", { limits: { ...patient, retryOnFail: true, onInterrupt: "fail" } }),
  stageSample("partial and with retry as a word", {
    limits: { ...patient, allowPartial: true, retryIsWord: true, retryOnFail: true, onInterrupt: "retry" },
    carried: { status: "fail", failureReason: "before" },
  }),
  stageSample("a gate", { kind: "gate", type: "wait.human" }),
  stageSample("a gate entered while paused", { kind: "gate", type: "wait.human", control: "paused" }),
  stageSample("a wait", { kind: "wait", type: "wait", durationMs: 300 }),
  stageSample("a conditional", { kind: "instant", type: "conditional", carried: { status: "fail" } }),
  stageSample("a conditional entered while paused", { kind: "instant", type: "conditional", control: "paused" }),
  stageSample("entered while cancelling", { control: "cancelling" }),
  stageSample("a parallel node", { kind: "parallel", type: "parallel" }),
  stageSample("a parallel node entered while paused", { kind: "parallel", type: "parallel", control: "paused" }),
  stageSample("a foreach", { kind: "foreach", type: "foreach" }),
  stageSample("a loop", { kind: "loop", type: "loop", edge: 2 }),
  stageSample("a child run", { kind: "child", type: "pipeline" }),
  stageSample("a child run entered while paused", { kind: "child", type: "pipeline", control: "paused" }),
  stageSample("a supervisor", { kind: "child", type: "stack.manager_loop", pollMs: 45_000 }),
  stageSample("a loop entered while cancelling", { kind: "loop", type: "loop", control: "cancelling" }),
];
