import type { RunView } from "../journal/run-view.ts";
import { BRANCH_STATUSES } from "../journal/status.ts";
import type { Store } from "../persistence/store.ts";
import { type BranchesPage, branchesOf } from "../runtime/queries/regions/branches.ts";
import type { ViewAt } from "../runtime/queries/view.ts";
import { viewOf } from "../runtime/queries/view.ts";
import type { Cli } from "./cli.ts";
import { BRANCHES_SHOWN } from "./text/branches.ts";
import { formatView, STAGES_SHOWN } from "./text/view.ts";

/** Prints a run's view: the document with --json, else a summary with the last stages. Answers with the view. */
export async function printView(
  cli: Cli,
  store: Store,
  run: { readonly runId: string; readonly at?: number | undefined },
): Promise<RunView> {
  const { view, at } = await readView(cli, store, run);
  const open = cli.globals.json ? undefined : await readBranches(store, view, run.at);
  await cli.result(at ? { ...view, at } : view, () => formatView(view, open));
  return view;
}

/** Of many branches a person wants to see those that go on, and those that failed. */
async function readBranches(store: Store, view: RunView, at: number | undefined): Promise<BranchesPage | undefined> {
  if (view.branchesTotal <= 1) return undefined;
  const isFew = view.branchesTotal <= BRANCHES_SHOWN + 1;
  const status = isFew
    ? []
    : BRANCH_STATUSES.filter((each) => !["succeeded", "cancelled", "superseded"].includes(each));
  return branchesOf(store, view.runId, { at, status, limit: BRANCHES_SHOWN + 1 });
}

/** A document lists the first stages, and the rest is asked for by page; a person wants to see the last. */
async function readView(
  cli: Cli,
  store: Store,
  { runId, at }: { readonly runId: string; readonly at?: number | undefined },
): Promise<ViewAt> {
  const now = cli.io.now();
  const read = await viewOf(store, runId, { at, now });
  const { stages, stagesTotal } = read.view;
  if (cli.globals.json || stagesTotal <= stages.length) return read;
  return viewOf(store, runId, { at, now, stagesFrom: stagesTotal - STAGES_SHOWN });
}
