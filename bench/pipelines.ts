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

/** So many branches, each a chain of so many distinct nodes. */
export function fan(size: { readonly branches: number; readonly stages: number; readonly atOnce: number }): string {
  const branch = (index: number) => Array.from({ length: size.stages }, (_, at) => `b${index}_${at + 1}`);
  const all = Array.from({ length: size.branches }, (_, index) => branch(index));
  return pipeline({
    ids: all.flat(),
    attributes: "",
    nodes: [`fan [shape=component, max_parallel=${size.atOnce}, merge=none]`, "join [shape=tripleoctagon]"],
    edges: ["start -> fan", ...all.map((ids) => ["fan", ...ids, "join"].join(" -> ")), "join -> exit"],
  });
}

/** The context key of the list that {@link foreach} goes through. */
export const ITEMS_KEY = "list";

/** One stage an item, so many at once; the stage before leaves the list. */
export function foreach(atOnce: number): string {
  return pipeline({
    ids: ["before"],
    attributes: "",
    nodes: [
      `each [type=foreach, items=${ITEMS_KEY}, body=one, max_parallel=${atOnce}]`,
      `subgraph one { item [type="${NOOP_TYPE}"] }`,
    ],
    edges: ["start -> before -> each -> exit"],
  });
}

function pipeline(parts: {
  readonly ids: readonly string[];
  readonly attributes: string;
  /** Written as they are. */
  readonly nodes?: readonly string[];
  readonly edges: readonly string[];
}): string {
  const noops = parts.ids.map((id) => `  ${id} [type="${NOOP_TYPE}"${parts.attributes}]`);
  const nodes = [...noops, ...(parts.nodes ?? []).map((node) => `  ${node}`)];
  const ends = ["  start [shape=Mdiamond]", "  exit [shape=Msquare]"];
  return ["digraph bench {", ...ends, ...nodes, ...parts.edges.map((edge) => `  ${edge}`), "}", ""].join("\n");
}
