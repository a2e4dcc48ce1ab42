import type { Diagnostic, Validation } from "../api/answers.ts";

interface DiagnosticsProps {
  readonly validation: Validation | undefined;
  readonly isChecking: boolean;
  readonly onJump: (diagnostic: Diagnostic) => void;
}

/** What lint says of the text, worst first; a press goes to the place. */
export function Diagnostics({ validation, isChecking, onJump }: DiagnosticsProps) {
  const rank = { error: 0, warning: 1, info: 2 };
  const found = [...(validation?.diagnostics ?? [])].sort((a, b) => rank[a.severity] - rank[b.severity]);
  return (
    <section className="diagnostics" aria-label="Lint" aria-busy={isChecking}>
      <p className="row small">
        <b className={validation?.ok ? "good" : "warn"} role="status" data-testid="lint">
          {!validation ? "checking" : validation.ok ? "can be run" : "cannot be run"}
        </b>
        <span className="muted">{found.length === 0 ? "nothing found" : `${found.length} found`}</span>
      </p>
      <ul className="plain">
        {found.map((diagnostic) => {
          const { rule, severity, message, line, column, fix } = diagnostic;
          return (
            <li key={`${rule} ${line} ${column} ${message}`}>
              <button type="button" className={`diagnostic ${severity}`} onClick={() => onJump(diagnostic)}>
                <span className="mono small">{line === undefined ? "" : `${line}:${column ?? 1}`}</span>
                <span>
                  {message}
                  {fix && <span className="muted"> {fix}</span>}
                </span>
                <span className="muted small mono">{rule}</span>
              </button>
            </li>
          );
        })}
      </ul>
    </section>
  );
}
