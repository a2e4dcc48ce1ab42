import type { NodeState } from "./node-states.ts";

/** Fill and line of a node by state; dark text on all fills stays readable. */
export const STATE_COLOURS: Readonly<Record<NodeState, { readonly fill: string; readonly line: string }>> = {
  waiting: { fill: "#fff4c2", line: "#a67c00" },
  running: { fill: "#cfe5ff", line: "#1f6fd1" },
  backing_off: { fill: "#ffe3c2", line: "#c26a00" },
  interrupted: { fill: "#eadcf7", line: "#7a3fb0" },
  succeeded: { fill: "#d3f2d8", line: "#22863a" },
  partial: { fill: "#e6f2c9", line: "#5d7f0d" },
  failed: { fill: "#ffd6d6", line: "#c62828" },
  skipped: { fill: "#eeeeee", line: "#777777" },
  cancelled: { fill: "#e0e0e0", line: "#444444" },
};
