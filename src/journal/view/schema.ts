/** The run view: what `show --json` prints and `GET /runs/{id}` answers. Source: 05 §1. */
import { z } from "zod";
import type { JsonValue } from "../../graph/outcome.ts";
import {
  ATTEMPT_STATUSES,
  BRANCH_ORIGINS,
  BRANCH_STATUSES,
  CONTAINER_KINDS,
  HELD_KINDS,
  RUN_STATUSES,
  STAGE_STATUSES,
  WAITING_KINDS,
} from "../status.ts";

const text = z.string();
const count = z.number().int().nonnegative();
/** RFC 3339, UTC, ms. */
const time = z.iso.datetime();
const json = z.json() as unknown as z.ZodType<JsonValue>;

const attempt = z.strictObject({
  n: count,
  status: z.enum(ATTEMPT_STATUSES),
  execution: text,
  startedAt: time,
  endedAt: time.exactOptional(),
  failureReason: text.exactOptional(),
  /** True for an execution that does again what an interruption cut. */
  rerun: z.boolean().exactOptional(),
});

const stage = z.strictObject({
  address: text,
  node: text,
  branch: text,
  visit: count,
  kind: text.exactOptional(),
  status: z.enum(STAGE_STATUSES),
  /** 0 where nothing has been executed. */
  attempt: count,
  /** One row an execution, the newest hundred. */
  attempts: z.array(attempt),
  startedAt: time,
  endedAt: time.exactOptional(),
  /** The outcome's status word. */
  outcome: text.exactOptional(),
  notes: text.exactOptional(),
  failureReason: text.exactOptional(),
});

const frame = z.strictObject({
  container: text,
  activation: text,
  iteration: count,
  stage: text.exactOptional(),
  completed: count,
});

const branch = z.strictObject({
  path: text,
  branchRunId: text,
  origin: z.enum(BRANCH_ORIGINS),
  parent: text.exactOptional(),
  index: count.exactOptional(),
  status: z.enum(BRANCH_STATUSES),
  node: text.exactOptional(),
  visit: count.exactOptional(),
  frames: z.array(frame).exactOptional(),
});

const join = z.strictObject({
  activation: text,
  join: text.exactOptional(),
  policy: text,
  errorPolicy: text,
  need: count,
  succeeded: count,
  failed: count,
  open: count,
  decision: text.exactOptional(),
  decidedSeq: count.exactOptional(),
  winners: z.array(text).exactOptional(),
  /** Of what the join brought into its branch's context, the first hundred keys: which branches gave it, by which rule. */
  provenance: z.record(text, z.strictObject({ branches: z.array(text), rule: text })).exactOptional(),
});

const container = z.strictObject({
  activation: text,
  kind: z.enum(CONTAINER_KINDS),
  branch: text,
  /** Absent for a loop. */
  total: count.exactOptional(),
  completed: count,
  inFlight: count,
  failed: count,
});

const transition = z.strictObject({
  seq: count,
  at: time,
  from: z.enum(RUN_STATUSES),
  to: z.enum(RUN_STATUSES),
  verb: text,
  actor: text.exactOptional(),
  reason: text.exactOptional(),
  boundary: text.exactOptional(),
});

const control = z.strictObject({
  /** In flight while pausing or cancelling. */
  draining: z.array(z.strictObject({ stage: text, attempt: count, execution: text, since: time })),
  held: z.array(z.strictObject({ what: z.enum(HELD_KINDS), stage: text.exactOptional(), reason: text })),
  abandoned: z.array(z.strictObject({ execution: text, stage: text })),
  /** `ended` is null for an execution that is still in flight. */
  atPause: z
    .array(z.strictObject({ execution: text, ended: z.enum(ATTEMPT_STATUSES).exclude(["running"]).nullable() }))
    .exactOptional(),
  /** The newest hundred, oldest first. */
  lineage: z.array(transition),
  lineageTotal: count,
});

const owner = z.strictObject({
  host: text,
  bootId: text,
  pid: count,
  processStart: text,
  leaseUntil: time.exactOptional(),
});

export const runViewSchema = z.strictObject({
  runId: text,
  pipeline: z.strictObject({ name: text, hash: text }),
  status: z.enum(RUN_STATUSES),
  statusReason: text.exactOptional(),
  seq: count,
  resumeEpoch: count,
  createdAt: time,
  startedAt: time.exactOptional(),
  finishedAt: time.exactOptional(),
  /** Null for a live run that nobody drives; absent once it has ended, and in a view of the past. */
  owner: owner.nullable().exactOptional(),
  labels: z.record(text, text),
  inputs: z.record(text, json),
  waitingOn: z.array(
    z.strictObject({ kind: z.enum(WAITING_KINDS), id: text, stage: text.exactOptional(), until: time.exactOptional() }),
  ),
  control,
  branches: z.array(branch),
  branchesTotal: count,
  joins: z.array(join),
  stages: z.array(stage),
  stagesTotal: count,
  containers: z.array(container),
  goalGates: z.array(z.strictObject({ node: text, branch: text, status: text, satisfied: z.boolean() })),
  failure: z.strictObject({ code: text, message: text, stage: text.exactOptional() }).exactOptional(),
  result: z.strictObject({ status: text, exit: text }).exactOptional(),
  lineage: z.strictObject({
    parentRun: text.exactOptional(),
    parentSeq: count.exactOptional(),
    rootRun: text.exactOptional(),
    /** The run that goes on from this one after a `loop_restart`. */
    restartedAs: text.exactOptional(),
    children: z.array(z.strictObject({ runId: text, stage: text.exactOptional(), status: text })),
  }),
});

export type RunView = z.infer<typeof runViewSchema>;
export type StageView = RunView["stages"][number];
export type AttemptView = StageView["attempts"][number];
export type BranchView = RunView["branches"][number];
export type JoinView = RunView["joins"][number];
export type ContainerView = RunView["containers"][number];
export type ControlView = RunView["control"];
