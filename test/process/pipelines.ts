/** Pipelines by the id of the run that drives them. */

const around = (node: string) =>
  `digraph { start [shape=Mdiamond]; exit [shape=Msquare]; work [${node}]; start -> work -> exit }`;

export const ITEMS = 10_000;
export const WINDOW = 10;
const items = JSON.stringify(Array.from({ length: ITEMS }, (_, index) => index));

export const PIPELINES = {
  items: `digraph { start [shape=Mdiamond]; exit [shape=Msquare]; start -> each -> exit
    each [type=foreach, items="${items}", max_parallel=${WINDOW}, body=work, collect=twice]
    subgraph work { item [type=count] } }`,
  hang: around("type=hang"),
  late: around("type=late"),
  /** Writes its process and ticks into $TOOL_TRACE until it is ended; quick once $TOOL_TRACE.quick is there. */
  tool: around(
    'shape=parallelogram, tool_command="echo pid $$ >> ${TOOL_TRACE}; test -e ${TOOL_TRACE}.quick || while true; do echo tick >> ${TOOL_TRACE}; sleep 0.05; done"',
  ),
  /** Goes on once $TOOL_TRACE.quick is there. */
  held: around('shape=parallelogram, tool_command="until test -e ${TOOL_TRACE}.quick; do sleep 0.05; done"'),
} as const;
