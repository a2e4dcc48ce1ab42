import { endsScope } from "../../actors/regions.ts";
import type { FoldState } from "../../journal/fold.ts";
import type { ContextWrite, Store } from "../../persistence/store.ts";

/**
 * What the branches of live activations came to, as the run had kept it at the end of a turn: results are made of it.
 * Large values by reference.
 */
export async function keptEnds(
  store: Store,
  { runId, atSeq, state }: { readonly runId: string; readonly atSeq: number; readonly state: FoldState },
): Promise<ContextWrite[]> {
  const writes: ContextWrite[] = [];
  for (const activation of [...state.parallels.keys(), ...state.containers.keys()]) {
    const rows = await store.read("context", { runId, scope: endsScope(activation), atSeq });
    writes.push(...rows.map(({ scope, key, value }): ContextWrite => ({ scope, key, ...(value ? { value } : {}) })));
  }
  return writes;
}
