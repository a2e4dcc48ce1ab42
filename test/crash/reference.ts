/** The reference pipeline and what its stages do; every outcome follows from context, visit and attempt alone. */
import { readFileSync } from "node:fs";
import type { HandlerInput, Outcome } from "../../src/index.ts";
import { RetryableError } from "../../src/index.ts";
import { done, untilAborted } from "./steps.ts";

/** A pipeline that is crashed, and what its stages do. */
export interface Reference {
  readonly source: string;
  readonly work: (input: HandlerInput) => Promise<Outcome>;
  /** One thing after another; else side by side, where the order of things differs from run to run. */
  readonly isSequential: boolean;
}

export const LINE: Reference = {
  source: readFileSync(new URL("reference.dot", import.meta.url), "utf8"),
  work: workOf,
  isSequential: true,
};
export const RUN_ID = "reference";

/** Where stages leave their traces in the world; may never come back, as in a process that died meanwhile. */
export type Leave = (kind: "start" | "end", input: HandlerInput) => void | Promise<void>;

/** The handler of the type `step`. */
export function createStep(leave: Leave, { work }: Reference): (input: HandlerInput) => Promise<Outcome> {
  return async (input) => {
    await leave("start", input);
    const outcome = await work(input);
    await leave("end", input);
    return outcome;
  };
}

/** In the place of the `tool` type, for tests without processes. */
export function createFakeTool(leave: Leave): (input: HandlerInput) => Promise<Outcome> {
  return async (input) => {
    await leave("start", input);
    await new Promise((resolve) => setImmediate(resolve));
    await leave("end", input);
    const isShaky = input.node.id === "shaky" && input.attempt === 1;
    return { status: isShaky ? "fail" : "success", contextUpdates: { "tool.output": `${input.node.id} is done` } };
  };
}

async function workOf(input: HandlerInput): Promise<Outcome> {
  const { node, context, visit, attempt } = input;
  const round = Number(context.get("round") ?? 0);
  switch (node.id) {
    case "plan":
      return done({ round: 0, plan: ["left", "right"] });
    case "round":
      return done({ round: round + 1 });
    case "left":
    case "right":
      return done({ [node.id]: round, trail: `${String(context.get("trail") ?? "")}${node.id[0]}` });
    case "meet":
      return { status: "merged", contextUpdates: { [`met.${round}`]: context.get("trail") ?? null } };
    case "flaky":
      if (attempt < 3) throw new RetryableError(`attempt ${attempt} is not enough`, { retryAfterMs: 15 });
      return done({ flaky: attempt });
    case "slow":
      return await untilAborted(input.signal);
    case "verify":
      return visit === 1 ? { status: "fail", failureReason: "not repaired yet" } : done({ verified: visit });
    case "report":
      return done({ report: { visit, round, verified: context.get("verified") ?? null } });
    default:
      return { status: "success" };
  }
}
