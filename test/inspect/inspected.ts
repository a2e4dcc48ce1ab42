/** What was seen of a run, against what its store has of it. */
import { expect } from "vitest";
import type { Inspection } from "../../src/index.ts";
import type { Store } from "../../src/persistence/store.ts";

/** A regions' worth of everything: branches that race, items, a loop, a gate. */
export const REGIONS = `digraph regions {
  node [type=step]
  start [shape=Mdiamond, type=start]
  exit  [shape=Msquare, type=exit]
  fan   [type=parallel, max_parallel=2]
  each  [type=foreach, items="[1, 2, 3]", body=item, max_parallel=2]
  again [type=loop, body=round, until="work.index >= 1"]
  subgraph item  { one -> two }
  subgraph round { turn }
  start -> fan; fan -> a; fan -> b; fan -> c; a -> join; b -> join; c -> join
  join -> each -> again -> exit
}`;

/** As JSON has it: stored snapshots know no undefined. */
const plain = (value: unknown): unknown => JSON.parse(JSON.stringify(value));

/** Each actor as it was seen last at or before a seq; those that were done then are left out. */
export function seenAt(seen: readonly Inspection[], seq: number): Record<string, unknown> {
  const last = new Map<string, Inspection>();
  for (const each of seen) if (each.seq <= seq) last.set(each.actor, each);
  return Object.fromEntries(
    [...last]
      .filter(([, { snapshot }]) => snapshot.status === "active")
      .map(
        ([
          actor,
          {
            snapshot: { value, context },
          },
        ]) => [actor, plain({ value, context })],
      ),
  );
}

/** The checkpoints that a run had at a seq. */
export async function storedAt(store: Store, runId: string, atSeq: number): Promise<Record<string, unknown>> {
  const rows = await store.read("checkpoints", { runId, atSeq });
  return Object.fromEntries(rows.map(({ actor, snapshot }) => [actor, JSON.parse(snapshot)]));
}

/** At every turn of the run, what was seen is what was stored then. */
export async function expectAsStored(store: Store, runId: string, seen: readonly Inspection[]): Promise<number> {
  const entries = await store.read("journal", { runId });
  const turns = [...new Set(entries.map(({ turn }) => turn))];
  for (const turn of turns) expect(seenAt(seen, turn), `turn ${turn}`).toEqual(await storedAt(store, runId, turn));
  return turns.length;
}

/** What was seen, as `actor event`. */
export const told = (seen: readonly Inspection[]): string[] =>
  seen.map(({ actor, event }) => `${actor} ${event?.type ?? "found"}`);
