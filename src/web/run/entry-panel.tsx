import type { Entry } from "../api/answers.ts";
import { runHref, setQuery } from "../app/route.ts";
import { readStage } from "../model/address.ts";
import { TextBlock } from "../parts/text-block.tsx";
import { fullTime } from "../parts/times.tsx";
import type { Moment } from "./use-run.ts";

/** One entry, whole. */
export function EntryPanel({ entry, moment }: { readonly entry: Entry; readonly moment: Moment }) {
  const { seq, gseq, turn, at, type, stage, execution, cause, data } = entry;
  return (
    <aside className="panel" aria-label={`Entry ${seq}`}>
      <header className="row">
        <h2 className="mono clip grow">
          {seq} {type}
        </h2>
        <button type="button" className="quiet icon" aria-label="Close" onClick={() => setQuery({ seq: undefined })}>
          ✕
        </button>
      </header>
      <dl className="pairs">
        <Pair name="At" value={fullTime(at)} />
        <Pair name="Turn" value={`${turn}, of all runs ${gseq}`} />
        {stage && <Pair name="Stage" value={stage} />}
        {execution && <Pair name="Execution" value={execution} />}
        {cause && <Pair name="Caused by" value={`${cause.actor}, ${cause.commandId}`} />}
      </dl>
      <TextBlock text={JSON.stringify(data, null, 2)} />
      <p className="row wrap small">
        <button type="button" onClick={() => setQuery({ at: turn >= moment.history.seq ? undefined : String(turn) })}>
          The run at this turn
        </button>
        {stage && <a href={runHref(moment.runId, "", { node: readStage(stage).node, stage })}>In the graph</a>}
      </p>
    </aside>
  );
}

function Pair({ name, value }: { readonly name: string; readonly value: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="mono">{value}</dd>
    </div>
  );
}
