/** Everything the server can be asked, in the order in which the OpenAPI document lists it. */
import type { Operation } from "./api/operation.ts";
import { ATTRACTOR_OPERATIONS } from "./operations/attractor.ts";
import { CONTROL_OPERATIONS } from "./operations/control.ts";
import { EVENT_OPERATIONS } from "./operations/events.ts";
import { GRAPH_OPERATIONS } from "./operations/graph.ts";
import { HEALTH_OPERATIONS } from "./operations/health.ts";
import { INSPECT_OPERATIONS } from "./operations/inspect.ts";
import { METRICS_OPERATIONS } from "./operations/metrics.ts";
import { OUTPUT_OPERATIONS } from "./operations/output.ts";
import { PIPELINE_OPERATIONS } from "./operations/pipelines.ts";
import { QUESTION_OPERATIONS } from "./operations/questions.ts";
import { PART_OPERATIONS } from "./operations/run-parts.ts";
import { RUN_OPERATIONS } from "./operations/runs.ts";

export const OPERATIONS: readonly Operation[] = [
  ...RUN_OPERATIONS,
  ...PART_OPERATIONS,
  ...OUTPUT_OPERATIONS,
  ...GRAPH_OPERATIONS,
  ...CONTROL_OPERATIONS,
  ...EVENT_OPERATIONS,
  ...INSPECT_OPERATIONS,
  ...QUESTION_OPERATIONS,
  ...PIPELINE_OPERATIONS,
  ...ATTRACTOR_OPERATIONS,
  ...HEALTH_OPERATIONS,
  ...METRICS_OPERATIONS,
];
