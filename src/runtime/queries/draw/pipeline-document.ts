import type { Attributes, Graph } from "../../../graph/index.ts";
import type { NodeState, Overlay } from "./node-states.ts";

/** A pipeline as data: what `parse` prints, and with a run the state of its nodes and how often edges were taken. */
export interface PipelineDocument {
  readonly name: string;
  readonly attributes: Attributes;
  readonly nodes: readonly {
    readonly id: string;
    readonly type: string;
    readonly attributes: Attributes;
    readonly state?: NodeState | null;
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
      return { id, type, attributes, ...(overlay ? { state: overlay.nodes.get(id) ?? null } : {}) };
    }),
    edges: graph.edges.map(({ from, to, attributes, index }) => {
      return { from, to, attributes, ...(overlay ? { taken: overlay.edges.get(index) ?? 0 } : {}) };
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
