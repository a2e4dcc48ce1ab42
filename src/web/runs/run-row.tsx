import { memo } from "react";
import type { RunSummary } from "../api/answers.ts";
import { runHref, setQuery } from "../app/route.ts";
import { Pill } from "../parts/pill.tsx";
import { Ago, duration } from "../parts/times.tsx";

interface RunRowProps {
  readonly run: RunSummary;
  readonly isChosen: boolean;
  readonly onToggle: (runId: string) => void;
  readonly now: number;
}

export const RunRow = memo(function RunRow({ run, isChosen, onToggle, now }: RunRowProps) {
  const { runId, pipeline, status, statusReason, labels, createdAt, startedAt, finishedAt } = run;
  const from = startedAt ?? createdAt;
  const took = (finishedAt === undefined ? now : Date.parse(finishedAt)) - Date.parse(from);
  return (
    <tr className={isChosen ? "chosen" : undefined}>
      <td className="check">
        <input type="checkbox" aria-label={`Select ${runId}`} checked={isChosen} onChange={() => onToggle(runId)} />
      </td>
      <td className="status-cell">
        <Pill status={status} title={statusReason} />
      </td>
      <td className="id-cell">
        <a className="run-link" href={runHref(runId)}>
          {runId}
        </a>
        {statusReason && <span className="muted small clip reason">{statusReason}</span>}
      </td>
      <td className="clip">{pipeline.name}</td>
      <td>
        <div className="labels">
          {Object.entries(labels).map(([key, value]) => (
            <button
              key={key}
              type="button"
              className="label"
              title="Only these"
              onClick={() => setQuery({ label: `${key}=${value}` })}
            >
              {key}={value}
            </button>
          ))}
        </div>
      </td>
      <td className="right muted">
        <Ago at={createdAt} now={now} />
      </td>
      <td className="right mono">{startedAt === undefined ? "–" : duration(took)}</td>
    </tr>
  );
});
