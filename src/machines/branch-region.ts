/** Where the branches of an activation may go, and where they begin. Pure. Source: 03 §4 (leaving a region), §6. */
import { bodyEntries, bodyNodes, bodyOf } from "../graph/bodies.ts";
import { findJoin, type GraphIndex, type GraphNode } from "../graph/index.ts";
import { readBranchAddress, readStageAddress } from "../journal/address.ts";
import type { BranchRegion } from "./hop.ts";

/** The parallel node or container that a branch belongs to; undefined for the main one. */
export function ownerNode(index: GraphIndex, path: string): GraphNode | undefined {
  const activation = readBranchAddress(path)?.activation;
  const stage = activation === undefined ? undefined : readStageAddress(activation);
  return stage && index.node(stage.node);
}

/** Where a branch may go; undefined for the main one. */
export function branchRegion(index: GraphIndex, path: string): BranchRegion | undefined {
  const node = ownerNode(index, path);
  if (!node) return undefined;
  if (node.type === "parallel") {
    const { join, region } = findJoin(index.graph, node.id);
    return { nodes: region, ...(join === undefined ? {} : { join }) };
  }
  const body = bodyOf(index.graph, node);
  return { nodes: body ? bodyNodes(index.graph, body) : new Set() };
}

/** Where every iteration of a container begins. */
export function bodyHead(index: GraphIndex, node: GraphNode): string | undefined {
  const body = bodyOf(index.graph, node);
  return body && bodyEntries(index.graph, body)[0];
}
