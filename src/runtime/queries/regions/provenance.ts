/** Where a key of the context comes from. Source: 03 §5 (provenance), 05 §1. */
import { isSafepointError, SafepointError } from "../../../errors.ts";
import type { JsonValue } from "../../../graph/index.ts";
import { MAIN_BRANCH } from "../../../journal/address.ts";
import type { JournalEntry } from "../../../journal/entry.ts";
import type { Store } from "../../../persistence/store.ts";
import { type VisibleScope, visibleScopes } from "../context.ts";
import { findRun } from "../find-run.ts";
import { journalPages } from "../journal-pages.ts";
import { resolveValue } from "../stored-value.ts";
import { turnAt } from "../turn-at.ts";
import { type KeyWriter, KeyWriters, WRITER_TYPES } from "./key-writers.ts";

export interface ProvenanceQuery {
  /** As this branch reads it; default: main. */
  readonly branch?: string | undefined;
  /** As it was then; a seq, rounded down to a complete turn. */
  readonly at?: number | undefined;
}

/** Who wrote a key that a branch reads, in which scope, and from which branches it was merged. */
export interface Provenance extends Omit<KeyWriter, "path"> {
  readonly runId: string;
  /** The branch that reads it. */
  readonly branch: string;
  /** The branch that has it: itself, or one around it. */
  readonly scope: string;
  /** Absent where the key is gone. */
  readonly value?: JsonValue;
  /** Of a fork that came with the key: who wrote it in the run it was forked from. */
  readonly origin?: Provenance;
}

/**
 * Who wrote a key, as its journal tells. Reads the journal once; memory is O(live branches that have the key).
 * *Throws* `run_not_found`, `branch_not_found`, `usage`, `key_not_found` where nobody wrote it.
 */
export async function provenanceOf(
  store: Store,
  runId: string,
  asked: ProvenanceQuery & { readonly key: string },
): Promise<Provenance> {
  const { key, branch = MAIN_BRANCH } = asked;
  const scopes = await visibleScopes(store, runId, asked);
  const writers = await readWriters(store, runId, { ...asked, scopes });
  for (const [at, { scope }] of scopes.entries()) {
    const writer = writers.writer(scope, key);
    if (!writer) continue;
    const { path: _, ...rest } = writer;
    const value = writer.removed ? undefined : await valueIn(store, { runId, key, scopes: scopes.slice(at) });
    const origin = writer.type === "run.forked" ? await originOf(store, runId, writer) : undefined;
    return {
      runId,
      ...rest,
      branch,
      scope,
      ...(value === undefined ? {} : { value }),
      ...(origin === undefined ? {} : { origin }),
    };
  }
  throw new SafepointError("key_not_found", `nobody wrote "${key}" where branch "${branch}" of run "${runId}" reads`, {
    details: { runId, branch, key },
  });
}

async function readWriters(
  store: Store,
  runId: string,
  {
    key,
    at,
    scopes,
  }: { readonly key: string; readonly at?: number | undefined; readonly scopes: readonly VisibleScope[] },
): Promise<KeyWriters> {
  const run = await findRun(store, runId);
  const until = at === undefined ? run.seq : (await turnAt(store, run, at)).used;
  const seenUntil = new Map(scopes.map(({ scope, seen }) => [scope, seen]));
  const writers = new KeyWriters(key, seenUntil.keys());
  for await (const page of journalPages(store, { runId, until, types: WRITER_TYPES })) {
    for (const entry of page) if (isSeen(entry, seenUntil)) writers.add(entry);
  }
  return writers;
}

/** A branch reads the scopes around it as they were when it began. */
function isSeen(entry: JournalEntry, seenUntil: ReadonlyMap<string, number | undefined>): boolean {
  return entry.turn <= (seenUntil.get(entry.branch ?? MAIN_BRANCH) ?? entry.turn);
}

/** A value that was set to what a scope around it had already has no row of its own there. */
async function valueIn(
  store: Store,
  { runId, key, scopes }: { readonly runId: string; readonly key: string; readonly scopes: readonly VisibleScope[] },
): Promise<JsonValue | undefined> {
  for (const { scope, seen } of scopes) {
    const [row] = await store.read("context", { runId, scope, key, ...(seen === undefined ? {} : { atSeq: seen }) });
    if (row) return row.value === undefined ? undefined : resolveValue(store, row.value);
  }
  return undefined;
}

/** Undefined where that run is no longer there. */
async function originOf(store: Store, runId: string, { path, key, seq }: KeyWriter): Promise<Provenance | undefined> {
  const [entry] = await store.read("journal", { runId, after: seq - 1, until: seq });
  const { from, at } = (entry as JournalEntry<"run.forked">).data;
  try {
    return await provenanceOf(store, from, { key, branch: path, at });
  } catch (failure) {
    if (isSafepointError(failure) && failure.code === "run_not_found") return undefined;
    throw failure;
  }
}
