/** `safepoint/inspect`: the statecharts, drawn, and where a run is in them. */
export { type ActiveState, activeStates, type StateValue } from "./active-states.ts";
export { type Chart, type ChartState, type ChartTransition, readChart } from "./chart.ts";
export { drawDot } from "./draw.ts";
export { statechartDot, statechartSvg } from "./statechart-dot.ts";
export { type StatechartJson, type StatechartTransitionJson, statechartJson } from "./statechart-json.ts";
export { statechartMermaid } from "./statechart-mermaid.ts";
export { statecharts } from "./statecharts.ts";
