import { messageOf, SafepointError } from "../errors.ts";
import type { Store } from "../persistence/store.ts";
import { findRun } from "../runtime/queries/find-run.ts";
import { turnAt } from "../runtime/queries/turn-at.ts";

/** A state of a chart as XState writes it: a name, or a name per region. */
export type StateValue = string | { readonly [region: string]: StateValue };

/** Where one live actor of a run is. */
export interface ActiveState {
  /** `run`, `branch:<path>` or `stage:<path>/<node>@<visit>`. */
  readonly actor: string;
  /** Key into the statecharts. */
  readonly chart: string;
  /** What wrote the checkpoint: `<machine>@<version>/xstate@<version>`. */
  readonly machine: string;
  /** Of the turn that stored it. */
  readonly seq: number;
  readonly value: StateValue;
  /** The innermost active states, one a region, as paths: `control.running`. */
  readonly states: readonly string[];
}

/**
 * Which state each live actor of a run is in, from its newest checkpoints; none for a run that has ended. With `at` as it
 * was then: a seq, rounded down to a complete turn.
 *
 * Throws: store_corrupt when a checkpoint is not what Safepoint writes; with `at` run_not_found, and usage where there is no
 * such turn.
 */
export async function activeStates(
  store: Store,
  runId: string,
  { at }: { readonly at?: number | undefined } = {},
): Promise<readonly ActiveState[]> {
  const atSeq = at === undefined ? undefined : (await turnAt(store, await findRun(store, runId), at)).used;
  const rows = await store.read("checkpoints", { runId, ...(atSeq === undefined ? {} : { atSeq }) });
  return rows.map(({ actor, machine, seq, snapshot }) => {
    const value = readValue(snapshot, `checkpoint of ${actor} of run ${runId} at seq ${seq}`);
    return { actor, chart: chartOf(actor), machine, seq, value, states: pathsOf(value) };
  });
}

function chartOf(actor: string): string {
  return actor.split(":", 1)[0] ?? actor;
}

function readValue(snapshot: string, what: string): StateValue {
  try {
    const { value } = JSON.parse(snapshot) as { value: unknown };
    if (!isStateValue(value)) throw new Error("it has no state value");
    return value;
  } catch (cause) {
    throw new SafepointError("store_corrupt", `the ${what} cannot be read: ${messageOf(cause)}`, { cause });
  }
}

function isStateValue(value: unknown): value is StateValue {
  if (typeof value === "string") return true;
  return typeof value === "object" && value !== null && Object.values(value).every(isStateValue);
}

function pathsOf(value: StateValue): string[] {
  if (typeof value === "string") return [value];
  return Object.entries(value).flatMap(([region, child]) => {
    const below = pathsOf(child);
    return below.length === 0 ? [region] : below.map((path) => `${region}.${path}`);
  });
}
