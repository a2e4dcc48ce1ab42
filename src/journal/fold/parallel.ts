/** Folding parallel nodes: which branches have begun and ended, and what the join decided. */
import { formatBranch, isWithin, readBranchAddress } from "../address.ts";
import type { JournalEntry } from "../entry.ts";
import type { EndedBranchStatus } from "../status.ts";
import type { FoldDraft } from "./draft.ts";
import { endBranch, enterBranch } from "./live.ts";
import { isCancelling } from "./scopes.ts";
import type { ParallelBranch } from "./state.ts";

export function foldParallelStarted(draft: FoldDraft, entry: JournalEntry<"parallel.started">): void {
  const { activation, join, branches, ratio, ...policy } = entry.data;
  if (draft.state.parallels.has(activation) || !draft.state.stages.has(activation)) return;
  draft.map("parallels").set(activation, {
    activation,
    ...policy,
    ...(join === undefined ? {} : { join }),
    ...(ratio === undefined ? {} : { ratio }),
    total: branches.length,
    branches: new Map(branches.map(({ path, head }, index) => [path, { index, head, status: "queued" }])),
    tally: {
      queued: new Set(branches.map(({ path }) => path)).size,
      running: 0,
      succeeded: 0,
      failed: 0,
      cancelled: 0,
      superseded: 0,
    },
  });
}

export function foldBranchStarted(draft: FoldDraft, entry: JournalEntry<"branch.started">): void {
  const { activation, index, head, branchRunId } = entry.data;
  const path = formatBranch({ activation, index });
  // One that has ended is never begun again, whatever crash or pause came between.
  if (draft.state.parallels.get(activation)?.branches.get(path)?.endedSeq !== undefined) return;
  if (!draft.state.parallels.has(activation)) return;
  enterBranch(draft, { path, origin: "parallel", seq: entry.seq, branchRunId, head });
  setBranch(draft, path, () => ({ index, head, status: "running" }));
}

type BranchEnd = "branch.succeeded" | "branch.failed" | "branch.cancelled" | "branch.superseded";

export function foldBranchEnded(draft: FoldDraft, entry: JournalEntry<BranchEnd>): void {
  const { branch: path } = entry;
  if (path === undefined) return;
  const how = entry.type.slice("branch.".length) as EndedBranchStatus;
  const cut = how === "cancelled" && isCancelling(draft.state, readBranchAddress(path)?.activation ?? "");
  endBranch(draft, path, how);
  const { status, notes, reason } = entry.data;
  setBranch(draft, path, (known) => {
    if (known === undefined || known.endedSeq !== undefined) return known;
    return {
      ...known,
      status: how,
      outcome: status,
      endedSeq: entry.seq,
      ...(notes === undefined ? {} : { notes }),
      ...(reason === undefined ? {} : { reason }),
      ...(cut ? { cut } : {}),
    };
  });
}

/** See `cutIterations`. */
export function cutBranches(draft: FoldDraft, scope: string, after: number): void {
  for (const [activation, { branches }] of draft.state.parallels) {
    if (!isWithin(activation, scope)) continue;
    const cut = [...branches].filter(([, { status, endedSeq = 0 }]) => status === "cancelled" && endedSeq > after);
    for (const [path] of cut) setBranch(draft, path, (known) => known && { ...known, cut: true });
  }
}

export function foldJoinDecided(draft: FoldDraft, entry: JournalEntry<"join.decided">): void {
  const { activation, decision, winners } = entry.data;
  // Never made again: the first one stands.
  draft.update("parallels", activation, (parallel) =>
    parallel.decided ? parallel : { ...parallel, decided: { seq: entry.seq, decision, winners } },
  );
}

function setBranch(
  draft: FoldDraft,
  path: string,
  change: (known: ParallelBranch | undefined) => ParallelBranch | undefined,
): void {
  const activation = readBranchAddress(path)?.activation;
  if (activation === undefined) return;
  draft.update("parallels", activation, (parallel) => {
    const known = parallel.branches.get(path);
    const changed = change(known);
    if (changed === undefined || changed === known) return parallel;
    const branches = draft.nested(parallel.branches);
    branches.set(path, changed);
    const tally = { ...parallel.tally };
    if (known) tally[known.status] -= 1;
    tally[changed.status] += 1;
    return { ...parallel, branches, tally };
  });
}
