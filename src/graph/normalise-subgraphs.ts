import { isLayoutAttribute } from "./attributes-layout.ts";
import type { Draft, DraftSubgraph } from "./parser-draft.ts";

export interface KeptSubgraph {
  readonly id: string;
  readonly parent: string | undefined;
  readonly draft: DraftSubgraph;
}

export interface SubgraphPlan {
  readonly kept: readonly KeptSubgraph[];
  /** The id of the innermost kept subgraph; undefined for the graph itself. */
  idOf(subgraph: DraftSubgraph | undefined): string | undefined;
}

/**
 * Which subgraphs the graph has. Braces without a name only group (`{ rank=same; a; b }`, scoped defaults): their nodes
 * belong to what is around them. With a label, or anything else but layout, they get a name, for the class that comes of it.
 */
export function planSubgraphs(draft: Draft): SubgraphPlan {
  const ids = new Map<DraftSubgraph, string>();
  const taken = new Set(draft.subgraphs.flatMap((each) => each.id ?? []));
  let next = 1;
  for (const subgraph of draft.subgraphs.filter(isKept)) {
    while (subgraph.id === undefined && taken.has(`subgraph_${next}`)) next += 1;
    ids.set(subgraph, subgraph.id ?? `subgraph_${next++}`);
  }
  const idOf = (subgraph: DraftSubgraph | undefined): string | undefined => {
    let at = subgraph;
    while (at && !ids.has(at)) at = at.parent;
    return at && ids.get(at);
  };
  const kept = [...ids].map(([subgraph, id]) => ({ id, parent: idOf(subgraph.parent), draft: subgraph }));
  return { kept, idOf };
}

function isKept(subgraph: DraftSubgraph): boolean {
  return subgraph.id !== undefined || [...subgraph.attributes.keys()].some((name) => !isLayoutAttribute(name));
}
