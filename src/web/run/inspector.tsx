import { useEffect, useMemo, useState, useSyncExternalStore } from "react";
import { isFinal } from "../model/tracks.ts";
import { clockTime } from "../parts/times.tsx";
import { VirtualList } from "../parts/virtual-list.tsx";
import { StepFeed, type StepsState } from "./inspector-feed.ts";
import { actorName, changeOf, eventOf, type StepRow } from "./inspector-log.ts";
import { StepPanel } from "./inspector-step.tsx";
import type { Moment } from "./use-run.ts";

const NOTHING = () => () => {};

/** What the actors do, step by step as it happens; nothing of it is kept beyond the newest that are listed. */
export function Inspector({ moment }: { readonly moment: Moment }) {
  const { feed, state } = useSteps(moment.runId);
  const [actor, setActor] = useState("");
  const [frozen, setFrozen] = useState<StepsState>();
  const [picked, setPicked] = useState<StepRow>();
  const shown = frozen ?? state;
  const actors = useMemo(() => [...new Set(shown?.rows.map(({ step }) => step.actor))].sort(), [shown]);
  const rows = useMemo(
    () => (shown?.rows ?? []).filter(({ step }) => actor === "" || step.actor === actor),
    [shown, actor],
  );
  if (!feed || !state || !shown) return null;
  const more = state.count - shown.count;
  const clear = () => {
    feed.clear();
    setPicked(undefined);
    setFrozen((old) => old && feed.current());
  };
  return (
    <section className="inspector" aria-label="Steps of actors">
      <div className="toolbar">
        <h2>Steps</h2>
        <span className="muted small clip grow" role="status" data-testid="seen-from">
          {seenFrom(moment, state)}
        </span>
        <span className="muted small" data-testid="steps">
          {shown.count > shown.rows.length ? `newest ${shown.rows.length} of ${shown.count}` : shown.count} steps
          {frozen && more > 0 && `, ${more} more`}
        </span>
        <select aria-label="Whose" value={actor} onChange={(event) => setActor(event.target.value)}>
          <option value="">every actor</option>
          {(actor === "" || actors.includes(actor) ? actors : [...actors, actor]).map((each) => (
            <option key={each} value={each}>
              {actorName(each)}
            </option>
          ))}
        </select>
        <button
          type="button"
          aria-pressed={frozen !== undefined}
          title="The list stands still; the run goes on"
          onClick={() => setFrozen(frozen ? undefined : state)}
        >
          Freeze
        </button>
        <button type="button" disabled={shown.count === 0} onClick={clear}>
          Clear
        </button>
      </div>
      <div className={picked ? "steps picked" : "steps"}>
        <VirtualList
          count={rows.length}
          rowHeight={24}
          label="Steps"
          follow={frozen === undefined && picked === undefined}
          row={(index) => {
            const row = rows[index] as StepRow;
            return <Row key={row.n} row={row} isPicked={row.n === picked?.n} onPick={setPicked} />;
          }}
        />
        {picked && <StepPanel row={picked} onClose={() => setPicked(undefined)} />}
      </div>
    </section>
  );
}

function useSteps(runId: string): { readonly feed: StepFeed | undefined; readonly state: StepsState | undefined } {
  const [feed, setFeed] = useState<StepFeed>();
  useEffect(() => {
    const opened = new StepFeed(runId);
    setFeed(opened);
    opened.open();
    return () => opened.close();
  }, [runId]);
  const state = useSyncExternalStore(feed?.subscribe ?? NOTHING, () => feed?.current());
  return { feed, state };
}

interface RowProps {
  readonly row: StepRow;
  readonly isPicked: boolean;
  readonly onPick: (row: StepRow | undefined) => void;
}

function Row({ row, isPicked, onPick }: RowProps) {
  const { step, gap } = row;
  return (
    <button
      type="button"
      className={gap ? "entry step gap" : "entry step"}
      aria-pressed={isPicked}
      title={gap && `Before this step: ${gap}`}
      onClick={() => onPick(isPicked ? undefined : row)}
    >
      <span className="mono seq">{step.seq}</span>
      <span className="mono muted time">{clockTime(step.at)}</span>
      <span className="clip actor" title={step.actor}>
        {actorName(step.actor)}
      </span>
      <span className="mono clip event">{eventOf(step)}</span>
      <span className="mono clip muted grow">{changeOf(row)}</span>
      {gap && <span className="warn">{gap}</span>}
    </button>
  );
}

/** Whether anything can be seen from here, and if not, why. */
function seenFrom({ status, known }: Moment, { connection, process }: StepsState): string {
  if (connection === "ended" || (status !== undefined && isFinal(status) && connection === "live"))
    return "The run has ended: its actors do nothing any more.";
  if (connection !== "live" || !process) return connection === "lost" ? "Reconnecting." : "Connecting.";
  const owner = known?.owner;
  if (owner === null) return "Nobody drives this run: there is nothing to see until a process takes it.";
  if (!owner) return "Live.";
  const { host, pid } = owner;
  const isHere = (["host", "bootId", "pid", "processStart"] as const).every((part) => owner[part] === process[part]);
  return isHere ? "Live." : `Another process drives this run, ${host}:${pid}: its steps cannot be seen from here.`;
}
