/** The pipeline's context as the journal tells it: what entries write to scopes, and what a branch reads. */
import { parentBranch } from "../address.ts";
import type { ContextValue } from "../catalogue.ts";
import { contextChanges, MERGE_ENGINE_KEYS } from "../context-changes.ts";
import type { JournalEntry } from "../entry.ts";
import type { FoldDraft } from "./draft.ts";
import type { FoldState } from "./state.ts";

/** A key as a branch sees it: its own scope's, else its parents'. One that is gone in a scope hides the parents'. */
export function readContext(state: FoldState, branch: string, key: string): ContextValue | undefined {
  for (let path: string | undefined = branch; path !== undefined; path = parentBranch(path)) {
    const scope = state.context.get(path);
    if (scope?.has(key)) return scope.get(key);
  }
  return undefined;
}

/** Every key as a branch sees it. */
export function contextOf(state: FoldState, branch: string): ReadonlyMap<string, ContextValue> {
  const seen = new Map<string, ContextValue | undefined>();
  for (let path: string | undefined = branch; path !== undefined; path = parentBranch(path)) {
    for (const [key, value] of state.context.get(path) ?? []) if (!seen.has(key)) seen.set(key, value);
  }
  return new Map([...seen].flatMap(([key, value]) => (value === undefined ? [] : [[key, value] as const])));
}

/** Writes what an entry changes in the context of scopes that are live. */
export function applyContext(draft: FoldDraft, entry: JournalEntry): void {
  for (const { scope, key, value } of contextChanges(entry)) {
    if (!draft.state.context.has(scope)) continue;
    if (value === undefined) removeKey(draft, scope, key);
    else draft.inner("context", scope).set(key, value);
  }
}

/** What a finished loop iteration has written and removed becomes its container's. The engine's keys stay behind. */
export function copyUp(draft: FoldDraft, from: string, to: string): void {
  if (!draft.state.context.has(to)) return;
  for (const [key, value] of draft.state.context.get(from) ?? []) {
    if (MERGE_ENGINE_KEYS.has(key)) continue;
    if (value === undefined) removeKey(draft, to, key);
    else draft.inner("context", to).set(key, value);
  }
}

/** Takes a key out of a scope. In one with a parent, where it was seen, it stays as gone. */
function removeKey(draft: FoldDraft, scope: string, key: string): void {
  if (parentBranch(scope) === undefined) draft.inner("context", scope).delete(key);
  else if (readContext(draft.state, scope, key) !== undefined) draft.inner("context", scope).set(key, undefined);
}
