import { runHref } from "../app/route.ts";
import { useOpenQuestions } from "../app/use-open-questions.ts";
import { Empty } from "../parts/empty.tsx";
import { useNow } from "../parts/times.tsx";
import { AnswerForm } from "./answer-form.tsx";

/** What waits for a person, in all runs. */
export function QuestionsPage() {
  const questions = useOpenQuestions();
  const now = useNow();
  const byRun = Map.groupBy(questions, ({ runId }) => runId);
  return (
    <div className="page narrow">
      <h1>Questions</h1>
      {questions.length === 0 && (
        <Empty title="Nobody is waiting for you">
          <p className="muted">Gates of running pipelines ask here.</p>
        </Empty>
      )}
      {[...byRun].map(([runId, asked]) => (
        <section key={runId}>
          <h2>
            <a className="mono" href={runHref(runId)}>
              {runId}
            </a>
          </h2>
          {asked.map((question) => (
            <AnswerForm key={question.gate} question={question} now={now} />
          ))}
        </section>
      ))}
    </div>
  );
}
