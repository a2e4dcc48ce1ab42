import type { JsonValue } from "../../graph/outcome.ts";
import type { JournalEntry } from "../entry.ts";
import type { FoldDraft } from "./draft.ts";
import { readFold } from "./json.ts";
import { runTimeAt } from "./run-clock.ts";
import type { FoldState, StageFold } from "./state.ts";

/**
 * Puts a fork on the state it was forked from: branches, frames, counters, run-time timers and context go on, while
 * executions are not yet started, gates and children not yet opened, and no control state comes along. What the fork's
 * own `run.created` put into the main scope stands above the base's. JSON that is no folded state changes nothing.
 */
export function rebase(draft: FoldDraft, json: JsonValue, entry: JournalEntry<"run.forked">): void {
  const base = readFold(json);
  if (!base) return;
  const context = new Map(base.context);
  for (const [scope, own] of draft.state.context)
    context.set(scope, new Map([...(base.context.get(scope) ?? []), ...own]));
  draft.set({
    clock: { runTimeMs: runTimeAt(base, base.atMs), sinceMs: entry.at },
    branches: base.branches,
    stages: new Map([...base.stages].map(([address, stage]) => [address, notStarted(stage)])),
    timers: new Map([...base.timers].filter(([, timer]) => timer.clock === "run")),
    containers: base.containers,
    parallels: base.parallels,
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
  if (execution !== undefined) return { ...rest, status: "held", attempt: stage.attempt - 1, start: 0, crashes: 0 };
  if (gate === undefined) return stage;
  return interrupted === undefined ? { ...rest, status: "held" } : { ...rest, status: "interrupted", interrupted };
}

function startOf(base: FoldState, entry: JournalEntry): Pick<FoldState, "startedAtMs"> | undefined {
  return base.branches.size === 0 ? undefined : { startedAtMs: entry.at };
}
