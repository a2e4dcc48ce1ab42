import type { JsonValue } from "../../graph/index.ts";
import type { AskedQuestion, Interviewer } from "./interviewer.ts";

export interface Interview {
  readonly question: AskedQuestion;
  /** Absent: it was left open. */
  readonly answer?: JsonValue;
}

export interface RecordingInterviewer extends Interviewer {
  /** Every question so far, in the order they were settled. */
  readonly interviews: readonly Interview[];
}

/** Asks another interviewer and keeps what was said, for tests and for a second run with {@link queueInterviewer}. */
export function recordingInterviewer(inner: Interviewer): RecordingInterviewer {
  const interviews: Interview[] = [];
  return {
    ...(inner.actor === undefined ? {} : { actor: inner.actor }),
    interviews,
    async ask(question, options) {
      const answer = await inner.ask(question, options);
      interviews.push(answer === undefined ? { question } : { question, answer });
      return answer;
    },
  };
}
