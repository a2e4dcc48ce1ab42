/** The door of the graph room for the rooms above it. */

export { statusWord } from "./conditions-status.ts";
export { parseDuration } from "./durations.ts";
export type {
  Attributes,
  AttributeValue,
  Diagnostic,
  Graph,
  GraphEdge,
  GraphIndex,
  GraphNode,
  Position,
  Severity,
  Subgraph,
} from "./graph.ts";
export { indexGraph } from "./graph.ts";
export { type FoundJoin, findJoin } from "./join.ts";
export type { JsonValue, Outcome, RoutingOutcome } from "./outcome.ts";
export { isFailureStatus, isStatusWord, isSuccessStatus } from "./outcome.ts";
export type {
  ConflictRule,
  ContainerSettings,
  ErrorPolicy,
  JoinPolicy,
  JoinSettings,
  LoopCondition,
  MergeMode,
  ParallelSettings,
} from "./region-settings.ts";
export { containerSettings, parallelSettings } from "./region-settings.ts";
export type { Route, RouteCandidate, RouteQuestion } from "./routing.ts";
export { decideRoute } from "./routing.ts";
export { type ChoiceLabel, parseChoiceLabel } from "./routing-labels.ts";
export type { Backoff, OnInterrupt, StageSettings } from "./settings.ts";
export { stageSettings } from "./settings.ts";
