import { parseDuration } from "../../../graph/durations.ts";
import { isStatusWord, type Outcome } from "../../../graph/index.ts";
import type { CodergenBackend, CodergenReply, CodergenRequest } from "../backend.ts";

export interface SimulateOptions {
  /**
   * What the stages of a node come to, in turn; the last one repeats. A status word is that status, any other text is
   * the response of a success. Which one is taken depends on visit and attempt alone, so that a run that was
   * interrupted goes the way of one that was not: attempt a of visit v takes number v + a - 1.
   */
  readonly script?: Readonly<Record<string, readonly (string | Outcome)[]>>;
  /** How long a response takes, ms; a node's `simulate.delay` is stronger. */
  readonly delayMs?: number;
}

/** A backend without a model: the same text for the same stage, at once, without a network. */
export function simulateBackend({ script = {}, delayMs = 0 }: SimulateOptions = {}): CodergenBackend {
  return {
    name: "simulate",
    sessions: true,
    async run(request) {
      const own = request.input.attributes["simulate.delay"];
      await wait(request, (typeof own === "boolean" || own === undefined ? undefined : parseDuration(own)) ?? delayMs);
      const steps = Object.hasOwn(script, request.node.id) ? (script[request.node.id] ?? []) : [];
      const { visit, attempt } = request.input;
      const step = steps[Math.min(visit + attempt - 2, steps.length - 1)];
      return step === undefined ? simulatedText(request) : replyOf(step, request);
    },
  };
}

function simulatedText({ node }: CodergenRequest): string {
  return `[simulated] ${node.id} has done its part.`;
}

function replyOf(step: string | Outcome, request: CodergenRequest): CodergenReply {
  if (typeof step === "string" && !isStatusWord(step)) return step;
  const outcome = typeof step === "string" ? { status: step } : step;
  const failed = outcome.status === "fail" && outcome.failureReason === undefined;
  const reason = failed && { failureReason: `[simulated] ${request.node.id} fails as the script says.` };
  return { response: outcome.notes ?? simulatedText(request), outcome: { ...outcome, ...reason } };
}

async function wait({ signal, input }: CodergenRequest, ms: number): Promise<void> {
  signal.throwIfAborted();
  if (ms <= 0) return;
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  const { clock } = input.host;
  const timer = clock.setTimer(resolve, ms);
  const abort = () => reject(signal.reason);
  signal.addEventListener("abort", abort, { once: true });
  try {
    await promise;
  } finally {
    clock.clearTimer(timer);
    signal.removeEventListener("abort", abort);
  }
}
