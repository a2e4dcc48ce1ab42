import { systemClock } from "../../actors/clock.ts";
import { readUnowned } from "../../actors/unowned.ts";
import { isShippedType } from "../../graph/shapes.ts";
import type { RunStatus, Store } from "../../persistence/store.ts";
import { graphOf } from "../../runtime/queries/graph.ts";
import type { Cli } from "../cli.ts";
import { loadHandlers } from "../load-handlers.ts";
import { withStore } from "../open-store.ts";

export interface UnownedRun {
  readonly runId: string;
  readonly status: RunStatus;
  readonly missingTypes: readonly string[];
}

/** More are not listed: `safepoint runs` pages through all. */
const LISTED_MAX = 100;

/** Live runs whose lease is free or over or whose owner is gone, and the handler types each needs that are neither shipped nor given. */
export async function findUnownedRuns(
  cli: Cli,
  options: { readonly handlers?: string },
): Promise<readonly UnownedRun[]> {
  const types = new Set(Object.keys(await loadHandlers(cli, options.handlers)));
  return withStore(cli, {}, async (store) => {
    const rows = await readUnowned({ store, clock: { ...systemClock, now: () => cli.io.now() } });
    const found: UnownedRun[] = [];
    for (const { runId, status } of rows.slice(0, LISTED_MAX)) {
      found.push({ runId, status, missingTypes: await missingTypes(store, runId, types) });
    }
    return found;
  });
}

async function missingTypes(store: Store, runId: string, types: ReadonlySet<string>): Promise<readonly string[]> {
  const graph = await graphOf(store, runId);
  const needed = new Set(graph.nodes.map((node) => node.type));
  return [...needed].filter((type) => !isShippedType(type) && !types.has(type)).sort();
}
