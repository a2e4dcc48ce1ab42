/** Pipelines by the id of the run that drives them. */

const around = (node: string) =>
  `digraph { start [shape=Mdiamond]; exit [shape=Msquare]; work [${node}]; start -> work -> exit }`;

export const PIPELINES = {
  hang: around("type=hang"),
  late: around("type=late"),
  /** Writes its process and ticks into $TOOL_TRACE until it is ended; quick once $TOOL_TRACE.quick is there. */
  tool: around(
    'shape=parallelogram, tool_command="echo pid $$ >> ${TOOL_TRACE}; test -e ${TOOL_TRACE}.quick || while true; do echo tick >> ${TOOL_TRACE}; sleep 0.05; done"',
  ),
  /** Goes on once $TOOL_TRACE.quick is there. */
  held: around('shape=parallelogram, tool_command="until test -e ${TOOL_TRACE}.quick; do sleep 0.05; done"'),
} as const;
