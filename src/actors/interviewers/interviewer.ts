/** Who is asked when a gate opens. Answers take the same way as everybody's; not answering leaves the gate open. */
import type { JsonValue } from "../../graph/index.ts";
import type { Question } from "../gates/read-answer.ts";

/** A question as it is put: the gate's, with the run and the stage it belongs to. */
export interface AskedQuestion extends Question {
  readonly runId: string;
  readonly stage: string;
  /** Why the answer before was not taken, when it is asked again. */
  readonly problem?: string;
}

export interface AskOptions {
  /** Aborted when the question is settled otherwise: somebody else answered, its deadline passed, the run ended. */
  readonly signal: AbortSignal;
}

export interface Interviewer {
  /** Who the answers are from, for the journal. Default: the runtime's actor. */
  readonly actor?: string;
  /**
   * Answers, or leaves the question open with undefined. May take as long as it likes: no run and no worker waits here.
   * A rejection leaves the question open, too.
   */
  ask(question: AskedQuestion, options: AskOptions): Promise<JsonValue | undefined>;
}
