import { TextBlock } from "../parts/text-block.tsx";
import { fullTime } from "../parts/times.tsx";
import { eventOf, pathsOf, type StepRow } from "./inspector-log.ts";

/** One step, whole: what the actor was told, and the snapshot that this led to. */
export function StepPanel({ row, onClose }: { readonly row: StepRow; readonly onClose: () => void }) {
  const { step, before } = row;
  const { actor, event, snapshot, seq, at } = step;
  return (
    <aside className="step-panel" aria-label={`Step of ${actor}`}>
      <header className="row">
        <h2 className="mono clip grow" title={actor}>
          {eventOf(step)} <span className="muted">{actor}</span>
        </h2>
        <button type="button" className="quiet icon" aria-label="Close the step" onClick={onClose}>
          ✕
        </button>
      </header>
      <p className="small muted">
        Turn {seq}, {fullTime(at)}. {before !== undefined && `From ${pathsOf(before).join(" · ")}.`}
      </p>
      {event && <TextBlock text={JSON.stringify(event, null, 2)} />}
      <h3>Snapshot</h3>
      <TextBlock text={JSON.stringify(snapshot, null, 2)} />
    </aside>
  );
}
