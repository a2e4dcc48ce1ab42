/** What does the thinking of `codergen` stages. Source: 04 §6. */
import type { GraphNode, Outcome } from "../../graph/index.ts";
import type { ContextView, HandlerInput } from "../handler.ts";
import type { Fidelity } from "./fidelity.ts";

export interface CodergenRequest {
  readonly node: GraphNode;
  /** Expanded; without the preamble. */
  readonly prompt: string;
  /** What the model should know of the run so far; empty where it is to know nothing, or has it in its session. */
  readonly preamble: string;
  readonly context: ContextView;
  readonly signal: AbortSignal;
  readonly fidelity: Fidelity;
  /** The session to go on with, or to begin. Only where the node asks for `full`. */
  readonly thread?: string;
  readonly model?: string;
  readonly provider?: string;
  readonly effort?: string;
  readonly input: HandlerInput;
}

/** The text of the response (a success), an outcome, or both. */
export type CodergenReply = string | Outcome | { readonly response: string; readonly outcome: Outcome };

export interface CodergenBackend {
  readonly name: string;
  /** Whether it remembers a thread from one stage to the next. Without, `full` becomes `summary:high`. */
  readonly sessions: boolean;
  /** Throws as a handler does: TerminalError, RetryableError, anything else. */
  run(request: CodergenRequest): CodergenReply | Promise<CodergenReply>;
}
