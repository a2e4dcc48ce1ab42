import { inspect } from "node:util";
import type { HandlerInput } from "../handler.ts";

/** XState's `log` action, which else writes to the console, where only data belongs. */
export function loggerOf(input: HandlerInput): (...parts: unknown[]) => void {
  return (...parts) => {
    const message = parts.map((part) => (typeof part === "string" ? part : inspect(part, { depth: 4 }))).join(" ");
    input.log.info(message, { stage: input.stage });
  };
}
