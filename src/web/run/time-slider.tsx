import { memo, useMemo } from "react";
import { setQuery } from "../app/route.ts";
import type { History } from "../model/history.ts";
import { clockTime } from "../parts/times.tsx";

interface TimeSliderProps {
  readonly history: History;
  readonly seq: number;
  readonly isPast: boolean;
  /** Of the history, which itself stays the same object. */
  readonly version: number;
}

/** Shows the run as it was after any entry. At its end it is live. */
export const TimeSlider = memo(function TimeSlider({ history, seq, isPast }: TimeSliderProps) {
  const newest = history.seq;
  const marks = useMarks(history, newest);
  if (newest < 2) return null;
  return (
    <div className="slider">
      <label className="row grow">
        <span className="sr-only">Moment, as seq of the journal</span>
        <span className="rail">
          {marks.map(({ left, width, state }) => (
            <span
              key={`${left} ${state}`}
              className={`rail-mark s-${state}`}
              style={{ left: `${left}%`, width: `${width}%` }}
            />
          ))}
          <input
            type="range"
            min={1}
            max={newest}
            value={seq}
            aria-valuetext={`entry ${seq} of ${newest}, ${clockTime(history.timeAt(seq))}`}
            onChange={(event) => {
              const at = Number(event.target.value);
              setQuery({ at: at >= newest ? undefined : String(at) });
            }}
          />
        </span>
      </label>
      <output className="mono small">
        {seq} / {newest} · {clockTime(history.timeAt(seq))}
      </output>
      <button
        type="button"
        className={isPast ? "primary" : "quiet"}
        disabled={!isPast}
        title="Live (l)"
        onClick={() => setQuery({ at: undefined })}
      >
        {isPast ? "Back to live" : "Live"}
      </button>
    </div>
  );
});

/** The statuses of the run along the journal, in percent of its length. */
function useMarks(history: History, newest: number) {
  const { length } = history.transitions;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the history grows in place; its length says so
  return useMemo(
    () =>
      history.transitions.map(({ seq, state }, index) => {
        const until = history.transitions[index + 1]?.seq ?? newest;
        const span = Math.max(1, newest - 1);
        return { state, left: ((seq - 1) / span) * 100, width: Math.max(0.2, ((until - seq) / span) * 100) };
      }),
    [history, length, newest],
  );
}
