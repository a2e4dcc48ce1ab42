import type { RunStatus } from "../api/answers.ts";
import { setQuery } from "../app/route.ts";

const ORDER: readonly RunStatus[] = [
  "running",
  "pausing",
  "paused",
  "queued",
  "cancelling",
  "failed",
  "completed",
  "cancelled",
];

interface StatusChipsProps {
  readonly counts: Readonly<Partial<Record<RunStatus, number>>>;
  readonly chosen: RunStatus | undefined;
}

/** How many runs there are of each status; one click shows only these. */
export function StatusChips({ counts, chosen }: StatusChipsProps) {
  const total = ORDER.reduce((sum, status) => sum + (counts[status] ?? 0), 0);
  return (
    <fieldset className="chips" aria-label="Status">
      <button type="button" aria-pressed={chosen === undefined} onClick={() => setQuery({ status: undefined })}>
        all <b>{total}</b>
      </button>
      {ORDER.map((status) => (
        <button
          key={status}
          type="button"
          className={`s-${status}`}
          aria-pressed={chosen === status}
          onClick={() => setQuery({ status: chosen === status ? undefined : status })}
        >
          <span className="dot" aria-hidden="true" />
          {status} <b>{counts[status] ?? 0}</b>
        </button>
      ))}
    </fieldset>
  );
}
