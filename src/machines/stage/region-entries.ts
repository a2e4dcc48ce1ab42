/** What the stage of a parallel node or container writes into the journal. */
import type { NewEntry } from "../../journal/entry.ts";
import type { BranchEnd, Effect, StageEvent } from "../protocol.ts";
import { emit } from "../xstate.ts";
import { type Args, type StageContext, where } from "./facts.ts";
import { branchEnd, hasFailed, type RegionContext } from "./region.ts";

const entry = (build: (args: Args) => NewEntry) =>
  emit<StageContext, StageEvent, undefined, StageEvent, Effect>(({ context, event }) => ({
    type: "effect.journal",
    entry: build({ context, event }),
  }));

const regionOf = (context: StageContext): RegionContext => context.region as RegionContext;

export const regionEntries = {
  "record the branch's end": entry(({ context, event }) =>
    context.kind === "parallel" ? endOfBranch(context, branchEnd(event)) : endOfIteration(context, branchEnd(event)),
  ),
  "record the decision": emit<StageContext, StageEvent, undefined, StageEvent, Effect>(({ context }) =>
    context.kind === "parallel" ? { type: "effect.journal", entry: joinDecided(context) } : { type: "effect.none" },
  ),
  "record the exit": emit<StageContext, StageEvent, undefined, StageEvent, Effect>(({ context, event }) =>
    context.kind === "parallel" || !context.region
      ? { type: "effect.none" }
      : { type: "effect.journal", entry: containerExited(context, event) },
  ),
};

function endOfBranch(context: StageContext, end: BranchEnd): NewEntry {
  const { status, cancelled, failure, outcome } = end;
  const region = regionOf(context);
  const how =
    region.decision !== null ? "superseded" : cancelled ? "cancelled" : hasFailed(end) ? "failed" : "succeeded";
  const reason = failure?.message ?? outcome?.failureReason;
  return {
    type: `branch.${how}`,
    branch: end.branch,
    data: {
      status,
      ...(outcome?.notes === undefined ? {} : { notes: outcome.notes }),
      ...(cancelled ? { reason: "cancelled" } : reason === undefined ? {} : { reason }),
    },
  };
}

function endOfIteration(context: StageContext, end: BranchEnd): NewEntry {
  const { index, status, cancelled, failure, outcome, value, branch } = end;
  const activation = context.stage;
  const isCut = cancelled || regionOf(context).decision !== null;
  if (isCut) return { type: "iteration.cancelled", branch, data: { activation, index } };
  const reason = failure?.message ?? outcome?.failureReason;
  if (hasFailed(end)) {
    return {
      type: "iteration.failed",
      branch,
      data: { activation, index, status, ...(reason === undefined ? {} : { reason }) },
    };
  }
  const notes = outcome?.notes === undefined ? {} : { notes: outcome.notes };
  return {
    type: "iteration.succeeded",
    branch,
    data: { activation, index, status, ...notes, ...(value === undefined ? {} : { value }) },
  };
}

function joinDecided(context: StageContext): NewEntry {
  const { total, succeeded, failed, decision, join } = regionOf(context);
  const open = (total ?? 0) - succeeded - failed;
  const word = decision?.decision ?? "fail";
  return {
    type: "join.decided",
    ...where(context),
    data: {
      activation: context.stage,
      decision: word,
      ...(decision && decision.status !== word ? { status: decision.status } : {}),
      policy: join?.policy ?? "",
      succeeded,
      failed,
      open,
      winners: [],
    },
  };
}

function containerExited(context: StageContext, event: StageEvent): NewEntry {
  const { succeeded, failed } = regionOf(context);
  const { outcome } = event as Extract<StageEvent, { type: "SETTLED" }>;
  return {
    type: "container.exited",
    ...where(context),
    data: { activation: context.stage, status: outcome.status, completed: succeeded + failed, failed },
  };
}
