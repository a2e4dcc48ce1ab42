/** One command for many runs: which, and what it came to for each. */

import { isChildId } from "../actors/children/child-id.ts";
import { isSafepointError, SafepointError } from "../errors.ts";
import type { RunRow, RunStatus, Store } from "../persistence/store.ts";
import type { ControlResult, RunSelector } from "./api.ts";

/** Runs that are given a command at the same time: enough for a driver to take many in one look at its inbox. */
const AT_ONCE = 128;
const PAGE_RUNS = 500;
const LIVE: readonly RunStatus[] = ["queued", "running", "pausing", "paused", "cancelling"];

/**
 * The live runs that a selector means, newest first: the others would refuse each command. All are read before the first
 * is given anything, since commands change what fits. *Throws* `usage` when it says nothing.
 */
export async function selectRuns(store: Store, { all, labels = {}, status = [] }: RunSelector): Promise<RunRow[]> {
  if (!all && Object.keys(labels).length === 0 && status.length === 0) {
    throw new SafepointError("usage", "expected all, labels or status to say which runs are meant");
  }
  const wanted = status.length === 0 ? LIVE : status.filter((one) => LIVE.includes(one));
  const runs: RunRow[] = [];
  if (wanted.length === 0) return runs;
  for (let cursor: string | undefined; ; ) {
    const page = await store.read("runs", {
      status: wanted,
      labels,
      limit: PAGE_RUNS,
      ...(cursor === undefined ? {} : { cursor }),
    });
    for (const { cursor: _, ...run } of page) runs.push(run);
    if (page.length < PAGE_RUNS) return withoutChildren(runs);
    cursor = page.at(-1)?.cursor;
  }
}

/** A child run has what its parent is told, and in its name: what it was told itself it would keep when that goes on. */
function withoutChildren(runs: readonly RunRow[]): RunRow[] {
  const ids = new Set(runs.map(({ runId }) => runId));
  return runs.filter(({ runId, parentRun }) => parentRun === undefined || !ids.has(parentRun) || !isChildId(runId));
}

/** Gives each run its command, some at a time; what is thrown for one is its result, and no other's. In the runs' order. */
export async function controlMany(
  runs: readonly RunRow[],
  verb: string,
  give: (runId: string) => Promise<ControlResult>,
): Promise<ControlResult[]> {
  const results: ControlResult[] = [];
  let next = 0;
  const work = async () => {
    for (let index = next++; index < runs.length; index = next++) {
      const { runId } = runs[index] as RunRow;
      results[index] = await give(runId).catch((failure: unknown) => thrown(runId, verb, failure));
    }
  };
  await Promise.all(Array.from({ length: Math.min(AT_ONCE, runs.length) }, work));
  return results;
}

/** What a dry run says of a run: nothing was asked of it. */
export function notGiven({ runId, status }: RunRow, verb: string): ControlResult {
  return {
    runId,
    commandId: "",
    verb,
    accepted: null,
    changed: false,
    before: status,
    after: status,
    draining: [],
    held: [],
  };
}

function thrown(runId: string, verb: string, failure: unknown): ControlResult {
  if (!isSafepointError(failure)) throw failure;
  const { code, message } = failure;
  return { runId, commandId: "", verb, accepted: false, changed: false, code, hint: message, draining: [], held: [] };
}
