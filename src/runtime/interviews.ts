/** Puts the questions of the runs driven here to the interviewer, and gives its answers as everybody's are given. */
import type { Draft } from "../actors/draft.ts";
import type { Question } from "../actors/gates/read-answer.ts";
import type { HandlerLog } from "../actors/handler.ts";
import type { HeldRun } from "../actors/held-run.ts";
import type { AskedQuestion, Interviewer } from "../actors/interviewers/interviewer.ts";
import { messageOf } from "../errors.ts";
import { isFinalStatus } from "../journal/status.ts";
import type { GateRow } from "../persistence/store.ts";
import type { SendCommand } from "./send-command.ts";

/** Times an answer that does not fit is asked for again. */
const TRIES_MAX = 3;

export interface Interviews {
  /** After each commit: asks what was opened, or was open when the run was taken, and takes back what is settled. */
  onCommitted(held: HeldRun, draft: Draft): void;
  stop(): void;
}

export function createInterviews(interviewer: Interviewer, deps: { send: SendCommand; log: HandlerLog }): Interviews {
  const asking = new Map<string, AbortController>();
  const keyOf = (runId: string, gate: string) => `${runId}\0${gate}`;
  const ask = (runId: string, row: GateRow) => {
    const key = keyOf(runId, row.gate);
    if (asking.has(key)) return;
    const controller = new AbortController();
    asking.set(key, controller);
    void interview(interviewer, deps, { runId, row, signal: controller.signal })
      .catch((failure: unknown) => {
        deps.log.warn("a question was left open", { runId, gate: row.gate, message: messageOf(failure) });
      })
      .finally(() => asking.delete(key));
  };
  const takeBack = (key: string) => asking.get(key)?.abort();
  return {
    onCommitted(held, draft) {
      const { runId } = held;
      for (const [gate, row] of draft.gates) {
        if (row.status === "open") ask(runId, row);
        else takeBack(keyOf(runId, gate));
      }
      if (draft.patch.resumeEpoch !== undefined) for (const row of held.gates.values()) ask(runId, row);
      if (!isFinalStatus(held.row.status)) return;
      for (const key of asking.keys()) if (key.startsWith(keyOf(runId, ""))) takeBack(key);
    },
    stop() {
      for (const key of asking.keys()) takeBack(key);
    },
  };
}

async function interview(
  interviewer: Interviewer,
  { send, log }: { send: SendCommand; log: HandlerLog },
  { runId, row, signal }: { runId: string; row: GateRow; signal: AbortSignal },
): Promise<void> {
  const { gate, stage } = row;
  let question: AskedQuestion = { ...(row.question as unknown as Question), runId, stage };
  const by = interviewer.actor === undefined ? {} : { actor: interviewer.actor };
  for (let tries = 1; tries <= TRIES_MAX; tries += 1) {
    const answer = await interviewer.ask(question, { signal });
    if (answer === undefined || signal.aborted) return;
    const result = await send({ runId, verb: "answer", body: { gate, answer }, options: by });
    if (result.code !== "answer_invalid") return;
    question = { ...question, problem: result.hint ?? "it does not fit the question" };
  }
  log.warn("a question was left open: no answer fitted it", { runId, gate, problem: question.problem });
}
