import type { Pipeline } from "../api/answers.ts";
import { setQuery } from "../app/route.ts";
import { shortStage } from "../model/address.ts";
import { type StageTrack, stateAt } from "../model/tracks.ts";
import { Pill } from "../parts/pill.tsx";
import { VirtualList } from "../parts/virtual-list.tsx";
import { StageDetails } from "./stage-details.tsx";
import type { Moment } from "./use-run.ts";

interface NodePanelProps {
  readonly node: Pipeline["nodes"][number];
  readonly moment: Moment;
  readonly stage: string | undefined;
}

/** A node, and what became of its visits. */
export function NodePanel({ node, moment, stage: asked }: NodePanelProps) {
  const { history, seq } = moment;
  const visits = [...history.stages.values()].filter(
    (each) => each.node === node.id && stateAt(each.marks, seq) !== undefined,
  );
  const stage = visits.find(({ address }) => address === asked) ?? visits.at(-1);
  return (
    <aside className="panel" aria-label={`Node ${node.id}`}>
      <header className="row">
        <h2 className="mono clip grow">{node.id}</h2>
        <span className="muted">{node.type}</span>
        <button
          type="button"
          className="quiet icon"
          aria-label="Close"
          onClick={() => setQuery({ node: undefined, stage: undefined })}
        >
          ✕
        </button>
      </header>
      {visits.length > 1 && <Visits visits={visits} seq={seq} shown={stage?.address} />}
      {stage ? <StageDetails stage={stage} moment={moment} /> : <p className="muted">Not visited.</p>}
      <Attributes attributes={node.attributes} />
    </aside>
  );
}

interface VisitsProps {
  readonly visits: readonly StageTrack[];
  readonly seq: number;
  readonly shown: string | undefined;
}

function Visits({ visits, seq, shown }: VisitsProps) {
  return (
    <VirtualList
      count={visits.length}
      rowHeight={26}
      label={`${visits.length} visits`}
      className="visits"
      row={(index) => {
        const { address, marks } = visits[index] as StageTrack;
        return (
          <button
            key={address}
            type="button"
            className="visit"
            aria-pressed={address === shown}
            onClick={() => setQuery({ stage: address })}
          >
            <span className="clip grow">{shortStage(address)}</span>
            <Pill status={stateAt(marks, seq) ?? "queued"} />
          </button>
        );
      }}
    />
  );
}

const HIDDEN = new Set(["label", "shape"]);

function Attributes({ attributes }: { readonly attributes: Readonly<Record<string, unknown>> }) {
  const shown = Object.entries(attributes).filter(([name]) => !HIDDEN.has(name));
  if (shown.length === 0) return null;
  return (
    <details>
      <summary>Attributes</summary>
      <dl className="pairs">
        {shown.map(([name, value]) => (
          <div key={name}>
            <dt>{name}</dt>
            <dd className="mono">{String(value)}</dd>
          </div>
        ))}
      </dl>
    </details>
  );
}
