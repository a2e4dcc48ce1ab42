import { type FormEvent, useState } from "react";
import type { ControlResult, Question } from "../api/answers.ts";
import { command, runPath, wordsOf } from "../api/client.ts";
import { resultInWords } from "../api/commands.ts";
import { say } from "../app/messages.tsx";
import { refreshQuestions } from "../app/use-open-questions.ts";
import { shortStage } from "../model/address.ts";
import { duration } from "../parts/times.tsx";

interface AnswerFormProps {
  readonly question: Question;
  /** Absent: it can be answered. */
  readonly against?: string | undefined;
  readonly now: number;
  readonly onResult?: (result: ControlResult) => void;
}

/** A question and the form that its kind wants. */
export function AnswerForm({ question, against, now, onResult }: AnswerFormProps) {
  const { runId, gate, stage, text, purpose, deadline, deadlineLeftMs } = question;
  const [isBusy, setBusy] = useState(false);
  const give = async (answer: unknown) => {
    setBusy(true);
    try {
      const path = runPath(runId, `/questions/${gate.split("/").map(encodeURIComponent).join("/")}/answer`);
      const result = await command(path, { answer });
      const { text: said, tone } = resultInWords(result);
      say(result.accepted === false ? said : `${shortStage(stage)}: answered`, tone);
      onResult?.(result);
      await refreshQuestions();
    } catch (failure) {
      say(wordsOf(failure), "bad");
    }
    setBusy(false);
  };
  const left = deadline === undefined ? deadlineLeftMs : Date.parse(deadline) - now;
  return (
    <article className="question" aria-label={text} data-testid={`question-${question.kind}`}>
      <header>
        <p className="question-text">{text}</p>
        <p className="muted small">
          {purpose === "interrupted" ? "Its execution was cut, and nobody knows what it did · " : ""}
          {shortStage(stage)}
          {left !== undefined &&
            ` · ${deadline === undefined ? "time left, standing still" : "answered by itself in"} ${duration(left)}`}
          {question.defaultChoice !== undefined && ` · by default ${question.defaultChoice}`}
        </p>
      </header>
      <fieldset disabled={isBusy || against !== undefined} title={against}>
        <Choices question={question} onAnswer={(answer) => void give(answer)} />
      </fieldset>
      {against && <p className="muted small">{against}</p>}
    </article>
  );
}

interface ChoicesProps {
  readonly question: Question;
  readonly onAnswer: (answer: unknown) => void;
}

function Choices({ question, onAnswer }: ChoicesProps) {
  switch (question.kind) {
    case "freeform":
      return <Freeform onAnswer={onAnswer} />;
    case "multi_select":
      return <MultiSelect question={question} onAnswer={onAnswer} />;
    default:
      return <OneOf question={question} onAnswer={onAnswer} />;
  }
}

const YES_NO = [
  { key: "Y", label: "Yes" },
  { key: "N", label: "No" },
];

function OneOf({ question, onAnswer }: ChoicesProps) {
  const { kind, options, defaultChoice } = question;
  const shown = options.length > 0 ? options : kind === "confirmation" ? [{ key: "Y", label: "Go on" }] : YES_NO;
  return (
    <div className="row wrap">
      {shown.map(({ key, label }, index) => (
        <button
          key={key}
          type="button"
          className={index === 0 ? "primary" : ""}
          title={label === defaultChoice || key === defaultChoice ? "The default" : undefined}
          onClick={() => onAnswer(key)}
        >
          {label} <kbd>{key}</kbd>
        </button>
      ))}
    </div>
  );
}

function MultiSelect({ question, onAnswer }: ChoicesProps) {
  const submit = (event: FormEvent<HTMLFormElement>) => {
    event.preventDefault();
    onAnswer(new FormData(event.currentTarget).getAll("choice"));
  };
  return (
    <form className="stack" onSubmit={submit}>
      {question.options.map(({ key, label }) => (
        <label key={key} className="row">
          <input type="checkbox" name="choice" value={key} />
          {label}
        </label>
      ))}
      <div className="row">
        <button type="submit" className="primary">
          Choose these
        </button>
      </div>
    </form>
  );
}

function Freeform({ onAnswer }: Pick<ChoicesProps, "onAnswer">) {
  const [text, setText] = useState("");
  return (
    <form
      className="stack"
      onSubmit={(event) => {
        event.preventDefault();
        onAnswer(text);
      }}
    >
      <label className="field">
        <span className="sr-only">Answer</span>
        <textarea rows={3} required value={text} onChange={(event) => setText(event.target.value)} />
      </label>
      <div className="row">
        <button type="submit" className="primary">
          Answer
        </button>
      </div>
    </form>
  );
}
