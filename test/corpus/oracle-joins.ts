/** What the oracle knows of fan-outs: where branches meet, what they come to together, which one wins. */
import type { Graph } from "../../src/index.ts";

export interface BranchEnd {
  /** The status carried into the join; `fail` of a branch that did not get there. */
  readonly status: string;
  /** The branch's context as it ended. */
  readonly wrote: ReadonlyMap<string, unknown>;
}

/**
 * Where all branches of a fan-out meet: a fan-in before any other node, then the one with the shortest longest way. In the
 * corpus every rule for finding a join finds this one.
 */
export function joinOf(graph: Graph, fanOut: string): string {
  const heads = graph.edges.filter(({ from }) => from === fanOut).map(({ to }) => to);
  const distances = heads.map((head) => distancesFrom(graph, head, fanOut));
  const common = graph.nodes.filter(({ id, type }) => type !== "exit" && distances.every((each) => each.has(id)));
  const farthest = (id: string) => Math.max(...distances.map((each) => each.get(id) ?? 0));
  const isLater = (type: string) => (type === "parallel.fan_in" ? 0 : 1);
  const [first] = common.sort((a, b) => isLater(a.type) - isLater(b.type) || farthest(a.id) - farthest(b.id));
  if (!first) throw new Error(`the branches of ${fanOut} do not meet`);
  return first.id;
}

function distancesFrom(graph: Graph, head: string, without: string): ReadonlyMap<string, number> {
  const distances = new Map([[head, 0]]);
  // The map grows while it is walked.
  for (const [id, distance] of distances) {
    for (const { from, to } of graph.edges)
      if (from === id && to !== without && !distances.has(to)) distances.set(to, distance + 1);
  }
  return distances;
}

/** After the last end. The corpus knows these two policies. */
export function decide(policy: string, ends: readonly BranchEnd[]): string {
  const succeeded = ends.filter(({ status }) => isSuccess(status)).length;
  if (succeeded === ends.length) return "success";
  if (policy === "all_success") return "fail";
  if (policy !== "wait_all") throw new Error(`the oracle does not know the join policy ${policy}`);
  return succeeded > 0 ? "partial_success" : "fail";
}

/** The first of the best. The corpus scores nothing. */
export function winnerOf(ends: readonly BranchEnd[]): BranchEnd | undefined {
  const rank = ({ status }: BranchEnd) => ["partial_success", "skipped"].indexOf(status);
  return ends.filter(({ status }) => isSuccess(status)).toSorted((a, b) => rank(a) - rank(b))[0];
}

/** What has not failed: `skipped` goes on, as it does where a stage is routed. */
function isSuccess(status: string): boolean {
  return status !== "fail" && status !== "retry";
}
