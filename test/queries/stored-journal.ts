/** Stores a journal that was made for a test, turn by turn, with the context rows that follow from it. */

import { parentBranch } from "../../src/journal/address.ts";
import { contextChanges } from "../../src/journal/context-changes.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { FoldDraft } from "../../src/journal/fold/draft.ts";
import { emptyFold, type FoldState } from "../../src/journal/fold/state.ts";
import { foldInto } from "../../src/journal/fold.ts";
import type { ContextWrite, RunPatch, ScopeWrite, Store } from "../../src/persistence/store.ts";
import { creationOf, hashOf } from "./stored-run.ts";

const SOURCE = "digraph p { start [shape=Mdiamond]; exit [shape=Msquare]; start -> exit }";

/** A run with this journal; `source` is its pipeline. */
export async function storeJournal(
  store: Store,
  entries: readonly JournalEntry[],
  source: string = SOURCE,
): Promise<void> {
  const runId = entries[0]?.runId ?? "";
  await store.putPipeline({ hash: hashOf(source), name: "p", source });
  const { create } = creationOf(runId, source);
  const draft = new FoldDraft(emptyFold(runId));
  for (const turn of Map.groupBy(entries, (entry) => entry.turn).values()) {
    const baseSeq = draft.state.seq;
    const before = draft.release();
    for (const entry of turn) foldInto(draft, entry);
    const after = draft.release();
    const [result] = await store.commit([
      {
        runId,
        token: 1,
        baseSeq,
        atMs: turn[0]?.at ?? 0,
        ...(baseSeq === 0 && create ? { create } : {}),
        entries: turn.map(({ type, branch, stage, attempt, execution, data, cause }) => {
          const columns = { branch, stage, attempt, execution, cause };
          return {
            type,
            data,
            ...Object.fromEntries(Object.entries(columns).filter(([, value]) => value !== undefined)),
          };
        }),
        run: patchOf(after),
        scopes: scopesBetween(before, after),
        context: contextBetween(before, after, turn),
      },
    ]);
    if (!result?.ok) throw new Error(`turn at ${baseSeq} refused: ${JSON.stringify(result)}`);
  }
}

function patchOf({ status, resumeEpoch, finishedAtMs }: FoldState): RunPatch {
  return { status, resumeEpoch, ...(finishedAtMs === undefined ? {} : { finishedAtMs }) };
}

function scopesBetween(before: FoldState, after: FoldState): ScopeWrite[] {
  const begun = [...after.context.keys()].filter((scope) => !before.context.has(scope));
  const ended = [...before.context.keys()].filter((scope) => !after.context.has(scope));
  return [
    ...begun.map((scope) => {
      const parent = parentBranch(scope);
      return { scope, ...(parent === undefined ? {} : { parent }) };
    }),
    ...ended.map((scope) => ({ scope, ended: true as const })),
  ];
}

/** Scopes that end in the turn had their last values in it, too. */
function contextBetween(before: FoldState, after: FoldState, turn: readonly JournalEntry[]): ContextWrite[] {
  const writes = new Map<string, ContextWrite>();
  const write = (scope: string, key: string, value: unknown) => {
    const stored = value === undefined ? {} : { value: { json: JSON.stringify(value) } };
    writes.set(JSON.stringify([scope, key]), { scope, key, ...stored });
  };
  for (const entry of turn) for (const { scope, key, value } of contextChanges(entry)) write(scope, key, value);
  for (const [scope, own] of after.context) {
    const known = before.context.get(scope);
    for (const [key, value] of own) if (!known?.has(key) || known.get(key) !== value) write(scope, key, value);
  }
  return [...writes.values()];
}
