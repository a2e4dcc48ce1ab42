import type { Store } from "../persistence/store.ts";
import { findRun } from "../runtime/queries/find-run.ts";
import { turnAt } from "../runtime/queries/turn-at.ts";
import type { Cli } from "./cli.ts";
import { readCount } from "./option-values.ts";

/** `--at` as a seq. *Throws* `usage`. */
export function readAt(text: string | undefined): number | undefined {
  return text === undefined ? undefined : readCount("--at", text, 1);
}

/** Says so when `--at` was rounded down to the end of a turn. */
export async function noteRounding(
  cli: Cli,
  store: Store,
  point: { readonly runId: string; readonly at: number | undefined },
): Promise<void> {
  if (point.at === undefined) return;
  const { asked, used } = await turnAt(store, await findRun(store, point.runId), point.at);
  if (asked !== used) await cli.note(`seq ${asked} rounded down to ${used}, where a turn ends`);
}
