/** Runs as the server tells them. The view itself is the journal's: `journal/view/schema.ts`. */
import { z } from "zod";
import { BRANCH_STATUSES, RUN_STATUSES } from "../../journal/status.ts";
import { runViewSchema } from "../../journal/view/schema.ts";
import { count, cursor, json, text, time } from "./basics.ts";
import { named } from "./named.ts";

const owner = z.strictObject({
  host: text,
  bootId: text,
  pid: count,
  processStart: text,
  leaseUntil: time.exactOptional(),
});

export const runSummary = named(
  "RunSummary",
  z.strictObject({
    runId: text,
    pipeline: z.strictObject({ name: text, hash: text }),
    status: z.enum(RUN_STATUSES),
    statusReason: text.exactOptional(),
    seq: count,
    resumeEpoch: count,
    createdAt: time,
    startedAt: time.exactOptional(),
    finishedAt: time.exactOptional(),
    /** Null: nobody drives it. */
    owner: owner.nullable(),
    labels: z.record(text, text),
    inputs: z.record(text, json),
    parentRun: text.exactOptional(),
  }),
);

export const runsPage = z.strictObject({ runs: z.array(runSummary), cursor });

/** `at` is there where a point of its history was asked for, and says which was used. */
export const runView = named(
  "RunView",
  runViewSchema.extend({ at: z.strictObject({ asked: count, used: count }).exactOptional() }),
);

export const stagesPage = z.strictObject({
  runId: text,
  seq: count,
  stages: runViewSchema.shape.stages,
  stagesTotal: count,
  cursor,
});

export const controlView = z.strictObject({
  runId: text,
  status: z.enum(RUN_STATUSES),
  statusReason: text.exactOptional(),
  seq: count,
  waitingOn: runViewSchema.shape.waitingOn,
  ...runViewSchema.shape.control.shape,
});

export const lineageView = z.strictObject({
  runId: text,
  ...runViewSchema.shape.lineage.shape,
  /** Of control, the newest hundred, oldest first. */
  transitions: runViewSchema.shape.control.shape.lineage,
  transitionsTotal: count,
});

export const branchesPage = z.strictObject({
  runId: text,
  seq: count,
  branches: runViewSchema.shape.branches,
  branchesTotal: count,
  /** Of each status, among those that may be listed whatever their status. */
  counts: z.partialRecord(z.enum(BRANCH_STATUSES), count),
  cursor,
});

const join = runViewSchema.shape.joins.element.extend({
  branch: text,
  rule: text,
  total: count,
  maxParallel: count,
  superseded: count,
  decidedAt: time.exactOptional(),
  status: text.exactOptional(),
  ended: z.enum(["succeeded", "failed", "skipped", "cancelled"]).exactOptional(),
});

export const joinsPage = z.strictObject({
  runId: text,
  seq: count,
  joins: z.array(join),
  joinsTotal: count,
  cursor,
});
