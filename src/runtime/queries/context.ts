import { SafepointError } from "../../errors.ts";
import type { JsonValue } from "../../graph/index.ts";
import { MAIN_BRANCH } from "../../journal/address.ts";
import type { Store, StoredValue, Topics } from "../../persistence/store.ts";
import { findRun } from "./find-run.ts";
import { resolveValue } from "./stored-value.ts";
import { turnAt } from "./turn-at.ts";

type ScopeEntry = Topics["scopes"]["row"];

/**
 * What a branch reads at a point of the run: one flat object, keys in alphabetical order. A branch's scope falls through
 * to its parent's as it was when the branch forked, and once it has ended, as it was then. The engine's own scopes
 * (`@…`) are no branches.
 * *Throws* `run_not_found`, `branch_not_found`, `usage` (see turnAt).
 */
export async function contextOf(
  store: Store,
  runId: string,
  options: { readonly branch?: string | undefined; readonly at?: number | undefined } = {},
): Promise<Record<string, JsonValue>> {
  // Undefined: the key is gone here, which hides the parent's.
  const values = new Map<string, StoredValue | undefined>();
  for (const { scope, seen } of await visibleScopes(store, runId, options)) {
    const rows = await store.read("context", seen === undefined ? { runId, scope } : { runId, scope, atSeq: seen });
    for (const row of rows) if (!values.has(row.key)) values.set(row.key, row.value);
  }
  const heads = [...values].flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const]));
  heads.sort(([a], [b]) => (a < b ? -1 : 1));
  // fromEntries defines own properties: a key named __proto__ stays a key.
  return Object.fromEntries(
    await Promise.all(heads.map(async ([key, value]) => [key, await resolveValue(store, value)] as const)),
  );
}

/** A scope that a branch reads, and the seq it is seen at; undefined: now. */
export interface VisibleScope {
  readonly scope: string;
  readonly seen: number | undefined;
}

/** The scopes a branch reads through, innermost first. *Throws* as {@link contextOf}. */
export async function visibleScopes(
  store: Store,
  runId: string,
  { branch = MAIN_BRANCH, at }: { readonly branch?: string | undefined; readonly at?: number | undefined },
): Promise<readonly VisibleScope[]> {
  const run = await findRun(store, runId);
  const atSeq = at === undefined ? undefined : (await turnAt(store, run, at)).used;
  return scopeChain(await store.read("scopes", { runId }), { branch, atSeq, runId });
}

function scopeChain(
  scopes: readonly ScopeEntry[],
  from: { readonly branch: string; readonly atSeq: number | undefined; readonly runId: string },
): VisibleScope[] {
  const rows = new Map(scopes.map((row) => [row.scope, row]));
  const chain: VisibleScope[] = [];
  let scope: string | undefined = from.branch;
  let seen = from.atSeq;
  while (scope !== undefined && chain.length <= scopes.length) {
    const row = rows.get(scope);
    if (chain.length === 0) assertBranch(row, { ...from, scope });
    chain.push({ scope, seen });
    if (row?.parentSeq !== undefined) seen = Math.min(seen ?? row.parentSeq, row.parentSeq);
    // What the turn in which a branch ended did to those around it came of its end.
    if (row?.endedSeq !== undefined) seen = Math.min(seen ?? row.endedSeq, row.endedSeq - 1);
    scope = row?.parent;
  }
  return chain;
}

function assertBranch(
  row: ScopeEntry | undefined,
  asked: { readonly scope: string; readonly atSeq: number | undefined; readonly runId: string },
): void {
  const bornInTime = row === undefined ? asked.scope === MAIN_BRANCH : row.bornSeq <= (asked.atSeq ?? row.bornSeq);
  if (bornInTime && !asked.scope.startsWith("@")) return;
  const when = asked.atSeq === undefined ? "" : ` at seq ${asked.atSeq}`;
  throw new SafepointError("branch_not_found", `run "${asked.runId}" has no branch "${asked.scope}"${when}`, {
    details: { runId: asked.runId, branch: asked.scope },
  });
}
