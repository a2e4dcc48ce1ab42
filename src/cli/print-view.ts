import type { RunView } from "../journal/run-view.ts";
import type { Store } from "../persistence/store.ts";
import type { ViewAt } from "../runtime/queries/view.ts";
import { viewOf } from "../runtime/queries/view.ts";
import type { Cli } from "./cli.ts";
import { formatView, STAGES_SHOWN } from "./text/view.ts";

/** Prints a run's view: the document with --json, else a summary with the last stages. Answers with the view. */
export async function printView(
  cli: Cli,
  store: Store,
  run: { readonly runId: string; readonly at?: number | undefined },
): Promise<RunView> {
  const { view, at } = await readView(cli, store, run);
  await cli.result(at ? { ...view, at } : view, () => formatView(view));
  return view;
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
