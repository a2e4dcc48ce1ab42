import type { JsonValue } from "../../graph/outcome.ts";
import type { JournalEntry } from "../entry.ts";
import type { FoldDraft } from "./draft.ts";
import { readFold } from "./json.ts";
import { stageOfActor } from "./live.ts";
import { runTimeAt } from "./run-clock.ts";
import type { BranchFold, ContainerFold, FoldState, ParallelFold, StageFold, TimerFold } from "./state.ts";

/**
 * Puts a fork on the state it was forked from: branches, frames, counters, run-time timers and context go on, while
 * executions are not yet started, gates and children not yet opened, and no control state comes along. What the fork's
 * own `run.created` put into the main scope stands above the base's. Seqs of the base become those before the fork's
 * first, 0 and below, so that what came earlier stays earlier. JSON that is no folded state changes nothing.
 */
export function rebase(draft: FoldDraft, json: JsonValue, entry: JournalEntry<"run.forked">): void {
  const base = readFold(json);
  if (!base) return;
  const context = new Map(base.context);
  for (const [scope, own] of draft.state.context)
    context.set(scope, new Map([...(base.context.get(scope) ?? []), ...own]));
  draft.set({
    clock: { runTimeMs: runTimeAt(base, base.atMs), sinceMs: entry.at },
    branches: mapOver(base.branches, (branch) => branchBefore(branch, base.seq)),
    stages: mapOver(base.stages, (stage) => stageBefore(notStarted(stage), base.seq)),
    timers: new Map([...base.timers].filter(([, timer]) => timer.clock === "run" && !isPoll(base, timer))),
    containers: mapOver(base.containers, (container) => containerBefore(container, base.seq)),
    parallels: mapOver(base.parallels, (parallel) => parallelBefore(parallel, base.seq)),
    visits: base.visits,
    redirects: base.redirects,
    counts: base.counts,
    context,
    ...startOf(base, entry),
  });
}

/** The attempt that was going on is still to come; a person who was asked is asked again. */
function notStarted(stage: StageFold): StageFold {
  const { execution, gate, interrupted, ...rest } = stage;
  if (stage.child !== undefined) return withoutChild(stage);
  if (execution !== undefined) return { ...rest, status: "held", attempt: stage.attempt - 1, start: 0, crashes: 0 };
  if (gate === undefined) return stage;
  return interrupted === undefined ? { ...rest, status: "held" } : { ...rest, status: "interrupted", interrupted };
}

/** A child run is started anew, and looked at from then on. */
function withoutChild({ child: _child, timers: _timers, ...stage }: StageFold): StageFold {
  return { ...stage, status: "held" };
}

function isPoll({ stages }: FoldState, { actor }: TimerFold): boolean {
  return stages.get(stageOfActor(actor) ?? "")?.child !== undefined;
}

function branchBefore({ outcome, next, ...branch }: BranchFold, seq: number): BranchFold {
  return {
    ...branch,
    bornSeq: branch.bornSeq - seq,
    since: branch.since - seq,
    ...(outcome === undefined ? {} : { outcome: { ...outcome, seq: outcome.seq - seq } }),
    ...(next === undefined ? {} : { next: { ...next, seq: next.seq - seq, since: next.since - seq } }),
  };
}

function stageBefore({ interrupted, since, ...stage }: StageFold, seq: number): StageFold {
  return {
    ...stage,
    bornSeq: stage.bornSeq - seq,
    ...(interrupted === undefined ? {} : { interrupted: { ...interrupted, seq: interrupted.seq - seq } }),
    ...(since === undefined ? {} : { since: since - seq }),
  };
}

function containerBefore({ newest, unsuccessful, ...container }: ContainerFold, seq: number): ContainerFold {
  return {
    ...container,
    ...(newest === undefined ? {} : { newest: { ...newest, seq: newest.seq - seq } }),
    ...(unsuccessful === undefined ? {} : { unsuccessful: { ...unsuccessful, seq: unsuccessful.seq - seq } }),
  };
}

function parallelBefore({ branches, decided, ...parallel }: ParallelFold, seq: number): ParallelFold {
  return {
    ...parallel,
    branches: mapOver(branches, ({ endedSeq, ...branch }) => {
      return { ...branch, ...(endedSeq === undefined ? {} : { endedSeq: endedSeq - seq }) };
    }),
    ...(decided === undefined ? {} : { decided: { ...decided, seq: decided.seq - seq } }),
  };
}

function mapOver<V>(values: ReadonlyMap<string, V>, change: (value: V) => V): Map<string, V> {
  return new Map([...values].map(([key, value]) => [key, change(value)]));
}

function startOf(base: FoldState, entry: JournalEntry): Pick<FoldState, "startedAtMs"> | undefined {
  return base.branches.size === 0 ? undefined : { startedAtMs: entry.at };
}
