/** The pipeline of the service, and what does its work. Each step must happen once an order, whatever happens to us. */
import { appendFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";
import type { Handler, HandlerInput } from "safepoint";

export const ORDER_PIPELINE = `digraph order {
  goal = "The order is with its customer"

  start    [shape=Mdiamond]
  reserve  [type=reserve]
  charge   [type=charge, max_retries=3, retry_policy=standard]
  ship     [type=ship]
  apologise [type=apologise]
  done     [shape=Msquare]

  start -> reserve
  reserve -> charge [condition="outcome=success"]
  reserve -> apologise
  charge -> ship -> done
  apologise -> done
}`;

export interface OrderOptions {
  /** Every step appends a line here when it begins and when it is done: what the world outside sees of us. */
  readonly ledgerFile: string;
  /** How long a step takes, ms. */
  readonly stepMs: number;
}

/** By node type. The same types have to be there after a restart, or nobody can take the runs up again. */
export function orderHandlers({ ledgerFile, stepMs }: OrderOptions): Readonly<Record<string, Handler>> {
  const step = async ({ node, idempotencyKey, signal }: HandlerInput) => {
    await appendFile(ledgerFile, `began ${node.id} ${idempotencyKey}\n`);
    // Heeding the signal is what makes a stop graceful.
    await delay(stepMs, undefined, { signal });
    await appendFile(ledgerFile, `did ${node.id} ${idempotencyKey}\n`);
  };
  return {
    reserve: async (input) => {
      await step(input);
      return { status: input.inputs["item"] === "unicorn" ? "sold_out" : "success" };
    },
    charge: async (input) => {
      await step(input);
      return { status: "success", contextUpdates: { receipt: `for ${input.idempotencyKey}` } };
    },
    ship: step,
    apologise: step,
  };
}
