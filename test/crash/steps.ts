/** What both reference pipelines' stages are made of. */
import type { JsonValue, Outcome } from "../../src/index.ts";

export function done(contextUpdates: Record<string, JsonValue>): Outcome {
  return { status: "success", contextUpdates };
}

export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}
