/**
 * The event catalogue: what each journal entry says. One schema and version a type; entries that do not fit are refused,
 * naming run and seq. Dotted, past tense. Source: 03 §10. docs/reference/events.md is compared with this table.
 */
import { z } from "zod";
import type { JsonValue } from "../graph/outcome.ts";
import { isJson } from "./json.ts";

/** Any JSON. A walk of our own: z.json() costs 2 µs for three small context updates, this 0.3 µs. */
const json = z.unknown().refine(isJson, { error: "expected JSON" }) as unknown as z.ZodType<JsonValue>;
const count = z.number().int().nonnegative();
const ms = z.number();
const text = z.string();

/** Stands in an entry for a value that is kept as a blob. `$blob` is the sha-256 of its JSON text. */
export interface BlobReference {
  readonly $blob: string;
  readonly bytes: number;
}

/** A context value as entries carry it: JSON, or a reference to the blob that holds it. */
export type ContextValue = JsonValue | BlobReference;

/** A reference is JSON too, so one check does for both. Told apart by {@link isBlobReference}. */
export const valueSchema = json as z.ZodType<ContextValue>;

export function isBlobReference(value: ContextValue): value is BlobReference {
  if (typeof value !== "object" || value === null || !("$blob" in value) || !("bytes" in value)) return false;
  return typeof value.$blob === "string" && typeof value.bytes === "number" && Object.keys(value).length === 2;
}

/** An outcome with its updates. Large values are blob references. */
export const outcomeSchema = z.strictObject({
  status: text,
  contextUpdates: z.record(text, valueSchema).optional(),
  preferredLabel: text.optional(),
  suggestedNextIds: z.array(text).optional(),
  notes: text.optional(),
  failureReason: text.optional(),
});

const controlStates = z.enum([
  "queued",
  "running",
  "pausing",
  "paused",
  "cancelling",
  "cancelled",
  "completed",
  "failed",
]);
const interruptCauses = z.enum(["crash", "pause", "shutdown", "lost", "foreign_host"]);
const pauseSources = z.enum(["own", "inherited"]);
const failureClass = z.enum(["transient", "deterministic"]);
const candidate = z.strictObject({
  edge: count,
  to: text,
  condition: text.optional(),
  result: z.boolean().optional(),
});
const frame = z.strictObject({ activation: text, index: count });
/** As in `stage.entered`. Required where that was `start`, `exit` or `conditional`: those leave the engine's keys alone. */
const endKind = text.optional();
const nothing = z.strictObject({});
/** Of the end of a parallel stage: keys of its scope that go, and which branches gave each merged key, by which rule. */
const merged = {
  removed: z.array(text).optional(),
  provenance: z.record(text, z.strictObject({ branches: z.array(text), rule: text })).optional(),
};
const branchEnd = z.strictObject({ status: text, notes: text.optional(), reason: text.optional() });

const schemas = {
  "run.created": z.strictObject({
    pipeline: z.strictObject({ name: text, hash: text }),
    inputs: z.record(text, json),
    labels: z.record(text, text),
    /** What the main scope starts with (graph.goal, inputs …). */
    context: z.record(text, valueSchema),
    parent: z.strictObject({ runId: text, seq: count, stage: text }).optional(),
    rootRunId: text.optional(),
    restarts: count.optional(),
    maxRestarts: count.optional(),
    /** Pipelines of the child runs that its nodes start, by node. */
    children: z.record(text, z.strictObject({ name: text, hash: text })).optional(),
  }),
  "run.queued": z.strictObject({ reason: text.optional() }),
  "run.started": nothing,
  "run.resumed": z.strictObject({ resumeEpoch: count, host: text, pid: count }),
  "run.pausing": z.strictObject({
    mode: z.enum(["drain", "interrupt"]),
    source: pauseSources,
    deadlineMs: ms.optional(),
    reason: text.optional(),
    /** Executions in flight at the request. */
    draining: z.array(text),
    runTimeMs: ms,
  }),
  "run.paused": z.strictObject({ runTimeMs: ms, reason: text.optional() }),
  "run.continued": z.strictObject({
    runTimeMs: ms,
    pausedMs: ms,
    message: text.optional(),
    context: z.record(text, valueSchema).optional(),
    reason: text.optional(),
    withdrawn: z.boolean().optional(),
  }),
  "run.cancelling": z.strictObject({
    reason: text.optional(),
    graceMs: ms,
    deadlineMs: ms.optional(),
    force: z.boolean().optional(),
  }),
  "run.cancelled": z.strictObject({ reason: text.optional(), abandoned: z.array(text) }),
  "run.completed": z.strictObject({ status: text, exit: text }),
  "run.failed": z.strictObject({ code: text, message: text, stage: text.optional() }),
  "run.forked": z.strictObject({ from: text, at: count, base: json }),
  /** A message for stages that start later. */
  "run.steered": z.strictObject({ message: text, reason: text.optional() }),
  "run.restarted": z.strictObject({ newRunId: text, restarts: count }),
  "control.accepted": z.strictObject({
    verb: text,
    before: controlStates,
    after: controlStates,
    changed: z.boolean(),
    /** Of a pause or continue: whose reason to pause it sets or clears. Absent: the run's own. */
    source: pauseSources.optional(),
    reason: text.optional(),
    boundary: text.optional(),
  }),
  "control.rejected": z.strictObject({
    verb: text,
    state: controlStates,
    code: text,
    hint: text.optional(),
    reason: text.optional(),
  }),
  "pause.escalated": z.strictObject({ draining: z.array(text) }),
  /** A stage without executions: gate, wait, container, parallel, child, conditional, start, exit. */
  "stage.entered": z.strictObject({ kind: text }),
  /** One execution, before its handler is called. `attempt` and `execution` are columns of the entry. */
  "stage.started": z.strictObject({ timeoutMs: ms.optional() }),
  "stage.interrupted": z.strictObject({
    cause: interruptCauses,
    /** Crash interruptions of this attempt in a row, with this one. */
    inARow: count,
    policy: z.enum(["retry", "ask", "fail"]),
    detail: text.optional(),
    /** It outlived its grace and goes on: see `control.abandoned`. */
    abandoned: z.boolean().optional(),
  }),
  /** An execution ended and another attempt follows; carries the attempt's outcome. */
  "stage.retry_scheduled": z.strictObject({
    outcome: outcomeSchema,
    failureClass: failureClass,
    nextAttempt: count,
    delayMs: ms,
    timer: text,
    /** Run time. */
    dueMs: ms,
    abandoned: z.boolean().optional(),
  }),
  "stage.succeeded": z.strictObject({ outcome: outcomeSchema, kind: endKind, partialFrom: text.optional(), ...merged }),
  "stage.failed": z.strictObject({
    outcome: outcomeSchema,
    kind: endKind,
    code: text,
    failureClass: failureClass.optional(),
    abandoned: z.boolean().optional(),
    ...merged,
  }),
  "stage.skipped": z.strictObject({ outcome: outcomeSchema, kind: endKind, ...merged }),
  "stage.cancelled": z.strictObject({ reason: text, abandoned: z.boolean().optional() }),
  "stage.result_discarded": z.strictObject({ status: text, reason: text }),
  "edge.selected": z.strictObject({
    from: text,
    to: text,
    /** Declaration index; absent for a jump to a retry target. */
    edge: count.optional(),
    label: text.optional(),
    rule: text,
    candidates: z.array(candidate),
  }),
  "goal_gate.redirected": z.strictObject({ gate: text, status: text, target: text, redirects: count }),
  "parallel.started": z.strictObject({
    activation: text,
    join: text.optional(),
    joinRule: text,
    policy: text,
    errorPolicy: text,
    need: count,
    /** Of a quorum: the share that it asks for, of those of its branches that count. */
    ratio: z.number().optional(),
    branches: z.array(z.strictObject({ path: text, head: text })),
    maxParallel: count,
  }),
  "branch.started": z.strictObject({ activation: text, index: count, head: text, branchRunId: text }),
  "branch.succeeded": branchEnd,
  "branch.failed": branchEnd,
  "branch.cancelled": branchEnd,
  "branch.superseded": branchEnd,
  "join.decided": z.strictObject({
    activation: text,
    decision: z.enum(["success", "partial_success", "fail"]),
    /** The word the stage ends with, where the decision is the end of one branch as it is. */
    status: text.optional(),
    policy: text,
    succeeded: count,
    failed: count,
    open: count,
    winners: z.array(text),
    results: json.optional(),
  }),
  "container.entered": z.strictObject({
    activation: text,
    kind: z.enum(["foreach", "loop"]),
    total: count.optional(),
    items: z.strictObject({ hash: text, bytes: count }).optional(),
    maxParallel: count,
    /** Of a foreach. Absent: `stop`. */
    onItemFailure: z.enum(["stop", "continue"]).optional(),
  }),
  "container.exited": z.strictObject({ activation: text, status: text, completed: count, failed: count }),
  "iteration.decided": z.strictObject({ activation: text, index: count, go: z.boolean(), expression: text.optional() }),
  /** Of a foreach: its element, and how many there are. */
  "iteration.started": z.strictObject({
    activation: text,
    index: count,
    item: valueSchema.optional(),
    count: count.optional(),
  }),
  "iteration.succeeded": z.strictObject({
    activation: text,
    index: count,
    status: text,
    notes: text.optional(),
    value: valueSchema.optional(),
  }),
  "iteration.failed": z.strictObject({ activation: text, index: count, status: text, reason: text.optional() }),
  "iteration.cancelled": frame,
  "gate.opened": z.strictObject({
    gate: text,
    kind: z.enum(["yes_no", "confirmation", "multiple_choice", "multi_select", "freeform"]),
    purpose: z.enum(["gate", "interrupted"]),
    text: text,
    options: z.array(z.strictObject({ key: text, label: text, to: text.optional() })),
    defaultChoice: text.optional(),
    /** Run time. */
    deadlineMs: ms.optional(),
  }),
  /** `choice` and `outcome`: the answer as it was read against the question, which the stage acts on. */
  "gate.answered": z.strictObject({
    gate: text,
    answer: json,
    by: text,
    choice: text.optional(),
    outcome: outcomeSchema.optional(),
  }),
  "gate.timed_out": z.strictObject({
    gate: text,
    defaultChoice: text.optional(),
    choice: text.optional(),
    outcome: outcomeSchema.optional(),
  }),
  "gate.withdrawn": z.strictObject({ gate: text, reason: text }),
  "timer.set": z.strictObject({ timer: text, actor: text, kind: text, clock: z.enum(["run", "wall"]), dueMs: ms }),
  "timer.fired": z.strictObject({ timer: text }),
  "timer.cleared": z.strictObject({ timer: text }),
  "child.started": z.strictObject({ child: text, pipeline: text }),
  /** `inherited`: by the pause of this run, which it has taken. */
  "child.paused": z.strictObject({ child: text, inherited: z.literal(true).optional() }),
  "child.continued": z.strictObject({ child: text }),
  /** What a supervisor saw of its child in one cycle; `context` is written to its branch's scope. */
  "child.observed": z.strictObject({
    child: text,
    cycle: count,
    context: z.record(text, valueSchema),
    /** It is being cancelled for that, and its stage comes to this. */
    dismissal: z.strictObject({ status: z.enum(["success", "fail"]), reason: text, code: text.optional() }).optional(),
  }),
  "child.steered": z.strictObject({ child: text, message: text }),
  "child.finished": z.strictObject({
    child: text,
    status: z.enum(["completed", "failed", "cancelled", "restarted"]),
    /** The status word that it completed with. */
    outcome: text.optional(),
    reason: text.optional(),
    /** What its node asked to have of its context. */
    context: z.record(text, valueSchema).optional(),
  }),
  "artifact.stored": z.strictObject({
    artifact: text,
    name: text,
    mediaType: text,
    hash: text,
    bytes: count,
    complete: z.boolean(),
  }),
  "checkpoint.pruned": z.strictObject({ before: count, rows: count }),
} as const;

/** Schema and version of every entry type. */
export const CATALOGUE = schemas;
/** All are at version 1; a change that old readers would misread raises one. */
export const ENTRY_VERSION = 1;

export type EntryType = keyof typeof schemas;
export type EntryData<T extends EntryType = EntryType> = T extends EntryType ? z.infer<(typeof schemas)[T]> : never;
export type EntryOutcome = z.infer<typeof outcomeSchema>;
