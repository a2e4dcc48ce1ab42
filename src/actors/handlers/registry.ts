import { SafepointError } from "../../errors.ts";
import type { Handler, HandlerDefinition, HandlerLogic } from "../handler.ts";
import { checkLogic } from "./logic-kind.ts";

export interface HandlerRegistry {
  /** Replaces a handler of that type. Throws `handler_invalid`. */
  register(type: string, handler: Handler): void;
  resolve(type: string): HandlerDefinition | undefined;
  has(type: string): boolean;
  /** In alphabetical order. */
  types(): readonly string[];
}

/** Types that have no executions: the engine does them itself, and a handler of that name would never be called. */
export const ENGINE_TYPES: ReadonlySet<string> = new Set([
  "start",
  "exit",
  "conditional",
  "wait",
  "wait.human",
  "parallel",
  "foreach",
  "loop",
  "pipeline",
  "stack.manager_loop",
]);

const TYPE_NAME = /^[A-Za-z_][\w.:-]{0,127}$/;
const ON_INTERRUPT: readonly unknown[] = ["retry", "ask", "fail", undefined];

/** Handlers by node type. Everything that can be wrong with a handler is said when it is registered. */
export function createRegistry(initial: Readonly<Record<string, Handler>> = {}): HandlerRegistry {
  const definitions = new Map<string, HandlerDefinition>();
  const registry: HandlerRegistry = {
    register: (type, handler) => void definitions.set(checkType(type), defineHandler(type, handler)),
    resolve: (type) => definitions.get(type),
    has: (type) => definitions.has(type),
    types: () => [...definitions.keys()].sort(),
  };
  for (const [type, handler] of Object.entries(initial)) registry.register(type, handler);
  return registry;
}

function checkType(type: string): string {
  if (!TYPE_NAME.test(type)) throw invalid(type, "a type begins with a letter and holds letters, digits, `_ . : -`");
  if (ENGINE_TYPES.has(type)) throw invalid(type, "nodes of this type are done by the engine itself");
  return type;
}

/** Any of the shapes of a handler as a definition. Throws `handler_invalid`. */
function defineHandler(type: string, handler: Handler): HandlerDefinition {
  const given: unknown = handler;
  if (typeof given === "function" || isLogic(given)) return { handler: checkHandler(type, given) };
  if (typeof given !== "object" || given === null || !("handler" in given)) {
    const found = given === null ? "null" : typeof given;
    throw invalid(type, `expected a function, XState actor logic or { handler, … }, found ${found}`);
  }
  const definition = given as HandlerDefinition;
  if (!ON_INTERRUPT.includes(definition.onInterrupt)) throw invalid(type, "onInterrupt is retry, ask or fail");
  if (!["boolean", "undefined"].includes(typeof definition.idempotent))
    throw invalid(type, "idempotent is true or false");
  if (!["function", "undefined"].includes(typeof definition.check)) throw invalid(type, "check is a function");
  return Object.freeze({ ...definition, handler: checkHandler(type, definition.handler) });
}

function checkHandler(type: string, handler: unknown): HandlerDefinition["handler"] {
  if (typeof handler === "function") return handler as HandlerDefinition["handler"];
  if (!isLogic(handler)) throw invalid(type, `expected a function or XState actor logic, found ${typeof handler}`);
  const problems = checkLogic(handler);
  if (problems.length > 0) throw invalid(type, problems.join("; "), { problems });
  return handler;
}

function isLogic(value: unknown): value is HandlerLogic {
  if (typeof value !== "object" || value === null) return false;
  const logic = value as Partial<HandlerLogic>;
  return typeof logic.transition === "function" && typeof logic.getInitialSnapshot === "function";
}

function invalid(type: string, problem: string, details: Record<string, unknown> = {}): SafepointError {
  return new SafepointError("handler_invalid", `the handler for "${type}" cannot be used: ${problem}`, {
    details: { type, ...details },
  });
}
