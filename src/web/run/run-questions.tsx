import { useEffect } from "react";
import type { Question } from "../api/answers.ts";
import { runPath } from "../api/client.ts";
import { shortStage } from "../model/address.ts";
import { Empty, Failed } from "../parts/empty.tsx";
import { useNow } from "../parts/times.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { AnswerForm } from "../questions/answer-form.tsx";
import type { Moment } from "./use-run.ts";

/** The questions of one run: those that are open, and what was answered so far. */
export function RunQuestions({ moment }: { readonly moment: Moment }) {
  const { runId, history, isPast, status } = moment;
  const { answer, failure, ask } = useAnswer<{ questions: readonly Question[] }>(runPath(runId, "/questions"));
  const now = useNow();
  const changes = [...history.questions.values()].reduce((sum, { toSeq }) => sum + (toSeq === undefined ? 1 : 2), 0);
  // A pause stops the time that is left, a continue starts it again.
  // biome-ignore lint/correctness/useExhaustiveDependencies: asked again when one opened or closed
  useEffect(ask, [changes, status]);
  if (failure !== undefined && !answer) return <Failed failure={failure} onRetry={ask} />;
  const open = answer?.questions ?? [];
  return (
    <div className="page narrow scroll">
      {open.length === 0 && answer && <Empty title="No open questions" />}
      {open.map((question) => (
        <AnswerForm
          key={question.gate}
          question={question}
          now={now}
          onResult={ask}
          {...(isPast ? { against: "This is the past: go back to live first." } : {})}
        />
      ))}
      <Answered moment={moment} />
    </div>
  );
}

function Answered({ moment }: { readonly moment: Moment }) {
  const { history, seq } = moment;
  const closed = history.entries.filter(
    ({ type, seq: at }) => at <= seq && /^gate\.(?:answered|timed_out|withdrawn)$/.test(type),
  );
  if (closed.length === 0) return null;
  return (
    <section>
      <h2>Closed</h2>
      <ul className="plain">
        {closed.map(({ seq: at, type, data, stage }) => (
          <li key={at}>
            <b>{stage ? shortStage(stage) : String(data["gate"])}</b>{" "}
            {type === "gate.answered" ? (
              <>
                answered <code>{wordOf(data["choice"] ?? data["answer"])}</code> by {String(data["by"])}
              </>
            ) : (
              <span className="muted">{type.slice(5).replace("_", " ")}</span>
            )}
          </li>
        ))}
      </ul>
    </section>
  );
}

function wordOf(value: unknown): string {
  return typeof value === "string" ? value : JSON.stringify(value);
}
