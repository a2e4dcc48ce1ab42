import type { Handler } from "../handler.ts";
import type { CodergenBackend } from "./backend.ts";
import { simulateBackend } from "./backends/simulate.ts";
import { createCodergen } from "./codergen.ts";
import { createFanIn } from "./fan-in.ts";
import { tool } from "./tool.ts";

/** The handlers that ship and have executions, by node type; what else ships is done by the engine itself. */
export function builtinHandlers(backend: CodergenBackend = simulateBackend()): Readonly<Record<string, Handler>> {
  return { codergen: createCodergen(backend), tool, "parallel.fan_in": createFanIn(backend) };
}
