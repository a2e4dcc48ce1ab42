/** What a new text begins with: small, and shows a tool, a gate and a choice. */
export const SAMPLE = `digraph hello {
  graph [goal="See what a run looks like"]

  start [shape=Mdiamond]
  done  [shape=Msquare]

  greet [shape=parallelogram, tool_command="echo hello"]
  ask   [shape=hexagon, label="Was that all?"]

  start -> greet -> ask
  ask -> done  [label="Yes"]
  ask -> greet [label="No, again"]
}
`;
