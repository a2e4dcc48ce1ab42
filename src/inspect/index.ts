/** `safepoint/inspect`: the statecharts, drawn, where a run is in them, and the bridge to Stately Inspector. */
export { type ActiveState, activeStates, type StateValue } from "./active-states.ts";
export { type Chart, type ChartState, type ChartTransition, readChart } from "./chart.ts";
export { drawDot } from "./draw.ts";
export { statechartDot, statechartSvg } from "./statechart-dot.ts";
export { type StatechartJson, type StatechartTransitionJson, statechartJson } from "./statechart-json.ts";
export { statechartMermaid } from "./statechart-mermaid.ts";
export { statecharts } from "./statecharts.ts";
export { openStatelyBridge, type StatelyBridge, type StatelyOptions } from "./stately/bridge.ts";
export { createStatelyMessages, type StatelyMessage } from "./stately/messages.ts";
