import type { Attributes, Graph } from "../../../graph/index.ts";
import { type NodeState, type Overlay, timesTaken } from "./node-states.ts";
import type { NodeCounts } from "./node-tally.ts";

/** A pipeline as data: what `parse` prints, and with a run the state of its nodes and how often edges were taken. */
export interface PipelineDocument {
  readonly name: string;
  readonly attributes: Attributes;
  readonly nodes: readonly {
    readonly id: string;
    readonly type: string;
    readonly attributes: Attributes;
    readonly state?: NodeState | null;
    /** Of a node that several branches visited. */
    readonly counts?: NodeCounts;
  }[];
  readonly edges: readonly {
    readonly from: string;
    readonly to: string;
    readonly attributes: Attributes;
    readonly taken?: number;
  }[];
  readonly subgraphs: readonly {
    readonly id: string;
    readonly label?: string;
    readonly parent?: string;
    readonly attributes: Attributes;
    readonly nodes: readonly string[];
  }[];
}

export function pipelineDocument(graph: Graph, overlay?: Overlay): PipelineDocument {
  return {
    name: graph.name,
    attributes: graph.attributes,
    nodes: graph.nodes.map(({ id, type, attributes }) => {
      const counts = overlay?.counts.get(id);
      const state = overlay ? { state: overlay.nodes.get(id) ?? null } : {};
      return { id, type, attributes, ...state, ...(counts === undefined ? {} : { counts }) };
    }),
    edges: graph.edges.map((edge) => {
      const { from, to, attributes } = edge;
      return { from, to, attributes, ...(overlay ? { taken: timesTaken(overlay, edge) } : {}) };
    }),
    subgraphs: graph.subgraphs.map(({ id, label, parent, attributes, nodes }) => {
      return {
        id,
        ...(label === undefined ? {} : { label }),
        ...(parent === undefined ? {} : { parent }),
        attributes,
        nodes,
      };
    }),
  };
}
