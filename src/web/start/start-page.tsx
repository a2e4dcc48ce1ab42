import { useEffect, useState } from "react";
import type { Definition, Diagnostic, RunSummary, Validation } from "../api/answers.ts";
import { Problem, post, wordsOf } from "../api/client.ts";
import { navigate, runHref } from "../app/route.ts";
import { useShortcuts } from "../app/shortcuts.ts";
import { Drawing } from "../drawing/drawing.tsx";
import { useAnswer } from "../parts/use-answer.ts";
import { useSettled } from "../parts/use-settled.ts";
import { Diagnostics } from "./diagnostics.tsx";
import { DotEditor } from "./dot-editor.tsx";
import { readPairs } from "./read-pairs.ts";
import { SAMPLE } from "./sample.ts";

const LINT_MS = 200;
const DRAFT = "safepoint.draft";

interface Draft {
  readonly source: string;
  readonly runId: string;
  readonly inputs: string;
  readonly labels: string;
}

/** A run from DOT: checked while it is written, drawn as it is. */
export function StartPage() {
  const [draft, setDraft] = useState<Draft>(readDraft);
  const { validation, isChecking } = useValidation(draft.source);
  const [failure, setFailure] = useState<string>();
  const [isBusy, setBusy] = useState(false);
  const [jump, setJump] = useState<Diagnostic>();
  useEffect(() => sessionStorage.setItem(DRAFT, JSON.stringify(draft)), [draft]);
  const against = againstStart(draft, validation);
  const start = async (body: Readonly<Record<string, unknown>>) => {
    setBusy(true);
    setFailure(undefined);
    try {
      const run = await post<RunSummary>("/runs", { ...body, ...optionsOf(draft) });
      navigate(runHref(run.runId));
    } catch (thrown) {
      setFailure(thrown instanceof Problem ? `${thrown.code}: ${thrown.message}` : wordsOf(thrown));
    }
    setBusy(false);
  };
  useShortcuts("Start a run", [{ keys: "e", does: "To the text", run: () => document.getElementById("dot")?.focus() }]);
  return (
    <div className="page start">
      <h1 className="sr-only">Start a run</h1>
      <section className="editor-side">
        <DotEditor
          source={draft.source}
          diagnostics={validation?.diagnostics ?? []}
          jump={jump}
          onChange={(source) => setDraft({ ...draft, source })}
        />
        <Diagnostics
          validation={validation}
          isChecking={isChecking}
          onJump={(diagnostic) => setJump({ ...diagnostic })}
        />
      </section>
      <section className="start-side">
        <Preview source={draft.source} isReadable={validation !== undefined && validation.name !== undefined} />
        <form
          className="stack"
          onSubmit={(event) => {
            event.preventDefault();
            void start({ source: draft.source });
          }}
        >
          <Fields draft={draft} onChange={setDraft} />
          {failure && (
            <p role="alert" className="reason-text">
              {failure}
            </p>
          )}
          <div className="row end">
            <span className="muted small grow">{against}</span>
            <button type="submit" className="primary" disabled={against !== undefined || isBusy} title={against}>
              Start
            </button>
          </div>
        </form>
        <Definitions onStart={(pipeline) => void start({ pipeline })} />
      </section>
    </div>
  );
}

function readDraft(): Draft {
  const kept = sessionStorage.getItem(DRAFT);
  const empty = { source: SAMPLE, runId: "", inputs: "", labels: "" };
  return kept === null ? empty : { ...empty, ...(JSON.parse(kept) as Partial<Draft>) };
}

function againstStart({ source, inputs, labels }: Draft, validation: Validation | undefined): string | undefined {
  if (source.trim() === "") return "There is no text yet.";
  if (!validation) return "The text is being checked.";
  const errors = validation.diagnostics.filter(({ severity }) => severity === "error").length;
  if (!validation.ok) return errors === 1 ? "The text has an error." : `The text has ${errors} errors.`;
  return readPairs(inputs).problem ?? readPairs(labels).problem;
}

function optionsOf({ runId, inputs, labels }: Draft): Readonly<Record<string, unknown>> {
  const strings = Object.entries(readPairs(labels).pairs).map(([key, value]) => [key, String(value)]);
  return {
    ...(runId.trim() === "" ? {} : { runId: runId.trim() }),
    inputs: readPairs(inputs).pairs,
    labels: Object.fromEntries(strings),
  };
}

/** The server's own lint, asked when the text stands still. */
function useValidation(source: string): { readonly validation: Validation | undefined; readonly isChecking: boolean } {
  const settled = useSettled(source, LINT_MS);
  const [state, setState] = useState<{ readonly of: string; readonly validation: Validation }>();
  useEffect(() => {
    if (settled === undefined || settled.trim() === "") return undefined;
    let isLeft = false;
    post<Validation>("/validate", { source: settled }).then(
      (validation) => isLeft || setState({ of: settled, validation }),
      (failure: unknown) => isLeft || setState({ of: settled, validation: unchecked(failure) }),
    );
    return () => {
      isLeft = true;
    };
  }, [settled]);
  const isChecking = state?.of !== source;
  return { validation: state?.validation, isChecking };
}

function unchecked(failure: unknown): Validation {
  return { ok: false, diagnostics: [{ rule: "unchecked", severity: "error", message: wordsOf(failure) }] };
}

function Preview({ source, isReadable }: { readonly source: string; readonly isReadable: boolean }) {
  const settled = useSettled(source, LINT_MS * 2);
  if (!isReadable || !settled)
    return <div className="preview-drawing muted pad">The drawing follows when the text can be read.</div>;
  return (
    <div className="preview-drawing plain-drawing">
      <Drawing dot={settled} label="The pipeline as it is written" />
    </div>
  );
}

interface FieldsProps {
  readonly draft: Draft;
  readonly onChange: (draft: Draft) => void;
}

function Fields({ draft, onChange }: FieldsProps) {
  return (
    <>
      <label className="field">
        Run id
        <input
          value={draft.runId}
          placeholder="one is made up where this is empty"
          onChange={(event) => onChange({ ...draft, runId: event.target.value })}
        />
      </label>
      <label className="field">
        Inputs
        <textarea
          rows={2}
          value={draft.inputs}
          placeholder={"key=value, one a line; values may be JSON"}
          onChange={(event) => onChange({ ...draft, inputs: event.target.value })}
        />
      </label>
      <label className="field">
        Labels
        <input
          value={draft.labels}
          placeholder="team=docs, separated by spaces"
          onChange={(event) => onChange({ ...draft, labels: event.target.value })}
        />
      </label>
    </>
  );
}

function Definitions({ onStart }: { readonly onStart: (name: string) => void }) {
  const { answer } = useAnswer<{ definitions: readonly Definition[] }>("/definitions");
  if (!answer || answer.definitions.length === 0) return null;
  return (
    <section>
      <h2>Known to this server</h2>
      <ul className="plain">
        {answer.definitions.map(({ name, goal, nodes }) => (
          <li key={name} className="row">
            <b className="mono">{name}</b>
            <span className="muted clip grow">{goal ?? `${nodes} nodes`}</span>
            <button type="button" onClick={() => onStart(name)}>
              Start
            </button>
          </li>
        ))}
      </ul>
    </section>
  );
}
