/** The runs that a turn begins: child runs, and the next of a chain. Their first turns are stored with it. */
import type { Graph } from "../graph/index.ts";
import type { TurnWrite } from "../persistence/store.ts";
import { creationOf } from "./children/start-child.ts";
import type { Draft } from "./draft.ts";
import { computeTurn, type TurnSettings } from "./inputs.ts";
import { emptyRun } from "./load.ts";
import { startOver } from "./start-over.ts";

export interface BeginDeps {
  readonly settingsOf: (graph: Graph) => TurnSettings;
  /** The pipeline of a child run, by its hash. */
  readonly childGraph: (hash: string) => Graph;
}

/** Unowned and queued, to be taken up as soon as the turn is stored. */
export function runsBegunBy(draft: Draft, { settingsOf, childGraph }: BeginDeps): readonly TurnWrite[] {
  const { held } = draft;
  const children = draft.childStarts.map((start) => {
    const graph = childGraph(start.pin.hash);
    const { create, created } = creationOf(draft, graph, start);
    const input = { kind: "begin" as const, create, slot: false, created };
    return computeTurn(emptyRun(create, graph, 0), input, { ...settingsOf(graph), atMs: draft.atMs }).toWrite();
  });
  return draft.restart === undefined ? children : [...children, startOver(held, draft, settingsOf(held.graph))];
}
