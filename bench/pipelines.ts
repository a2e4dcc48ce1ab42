/** Pipelines of stages that do nothing, as DOT: what is measured is the engine. */

export const NOOP_TYPE = "noop";
/** The label of the edge that leads out of a cycle. */
export const WAY_OUT = "out";

/** `stages` distinct nodes, one after the other. */
export function chain(stages: number): string {
  const ids = Array.from({ length: stages }, (_, index) => `n${index + 1}`);
  return pipeline({ ids, attributes: "", edges: [["start", ...ids, "exit"].join(" -> ")] });
}

/** `nodes` nodes round and round, until one of the last node's outcomes prefers the label {@link WAY_OUT}. */
export function cycle(nodes: number, visitsMax: number): string {
  const ids = Array.from({ length: nodes }, (_, index) => `n${index + 1}`);
  const last = ids.at(-1) as string;
  return pipeline({
    ids,
    attributes: `, max_visits=${visitsMax}`,
    edges: [["start", ...ids].join(" -> "), `${last} -> n1 [weight=1]`, `${last} -> exit [label="${WAY_OUT}"]`],
  });
}

function pipeline(parts: {
  readonly ids: readonly string[];
  readonly attributes: string;
  readonly edges: readonly string[];
}): string {
  const nodes = parts.ids.map((id) => `  ${id} [type="${NOOP_TYPE}"${parts.attributes}]`);
  const ends = ["  start [shape=Mdiamond]", "  exit [shape=Msquare]"];
  return ["digraph bench {", ...ends, ...nodes, ...parts.edges.map((edge) => `  ${edge}`), "}", ""].join("\n");
}
