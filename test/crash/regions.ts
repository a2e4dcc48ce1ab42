/** What the stages of the reference pipeline with regions do; as there, all follows from context, visit and attempt. */
import { readFileSync } from "node:fs";
import type { HandlerInput, JsonValue, Outcome } from "../../src/index.ts";
import { RetryableError } from "../../src/index.ts";
import type { Reference } from "./reference.ts";
import { done, untilAborted } from "./steps.ts";

export const REGIONS: Reference = {
  source: readFileSync(new URL("regions.dot", import.meta.url), "utf8"),
  work: workOf,
  isSequential: false,
};

async function workOf({ node, context, attempt, signal }: HandlerInput): Promise<Outcome> {
  const get = (key: string): JsonValue => context.get(key) ?? null;
  switch (node.id) {
    case "plan":
      return done({ list: ["p", "q", "r"], count: 0, laps: 0 });
    case "pick":
      return get("work.item") === "q"
        ? { status: "fail", failureReason: "q is not to be had" }
        : done({ piece: `${get("work.item")}${get("work.index")}` });
    case "left":
      return done({ [`left of ${get("piece")}`]: true });
    case "meet":
      return done({ made: [get("piece"), statuses(get("parallel.split.results"))] });
    case "unsure":
      if (attempt < 3) throw new RetryableError(`attempt ${attempt} is not enough`, { retryAfterMs: 15 });
      return done({ unsure: attempt });
    case "tick":
      return done({ count: Number(get("count")) + 1 });
    case "tock":
      return done({ [`tock ${get("work.index")}`]: get("count") });
    case "swift":
      // Only the first lap leaves its key: the second activation takes it away.
      return get("laps") === 0 ? done({ first: true }) : done({ second: true });
    case "won":
      return done({ laps: Number(get("laps")) + 1 });
    case "slow":
      return await untilAborted(signal);
    case "rub":
      return { status: get("work.index") === 2 ? "shiny" : "success", contextUpdates: { rubbed: get("work.index") } };
    case "report":
      return done({
        report: [statuses(get("parallel.fan.results")), statuses(get("parallel.race.results")), get("rubbed")],
      });
    default:
      return { status: "success" };
  }
}

function statuses(results: JsonValue): JsonValue {
  return (results as { id: string; status: string }[] | null)?.map(({ id, status }) => `${id} ${status}`) ?? null;
}
