import type { JsonValue } from "../../graph/index.ts";
import type { Interviewer } from "./interviewer.ts";

export interface QueueInterviewer extends Interviewer {
  /** Adds answers behind those that are left. */
  add(...answers: readonly JsonValue[]): void;
  /** Answers that nobody has asked for yet. */
  readonly left: number;
}

/** Gives prepared answers out in turn, one a question; with none left, questions stay open. */
export function queueInterviewer(answers: Iterable<JsonValue> = []): QueueInterviewer {
  const queue = [...answers];
  return {
    actor: "prepared answers",
    add: (...more) => void queue.push(...more),
    get left() {
      return queue.length;
    },
    ask: async () => queue.shift(),
  };
}
