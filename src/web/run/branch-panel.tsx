import { setQuery } from "../app/route.ts";
import { readBranch, readStage, shortStage } from "../model/address.ts";
import { branchStatusAt, stateAt } from "../model/tracks.ts";
import { Pill } from "../parts/pill.tsx";
import { TextBlock } from "../parts/text-block.tsx";
import { BranchCancel } from "./branch-cancel.tsx";
import { StageDetails } from "./stage-details.tsx";
import type { Moment } from "./use-run.ts";

const STAGES_MAX = 40;

/** One branch: its item, its stages, and what is below it. */
export function BranchPanel({ path, moment }: { readonly path: string; readonly moment: Moment }) {
  const { history, seq, runId } = moment;
  const place = readBranch(path);
  const branch = place && history.activations.get(place.activation)?.branches[place.index];
  const status = branchStatusAt(branch, seq);
  const stages = history.stagesOf(path).filter(({ marks }) => stateAt(marks, seq) !== undefined);
  return (
    <aside className="panel" aria-label={`Branch ${path}`}>
      <header className="row">
        <h2 className="mono clip grow" title={path}>
          {place ? `${readStage(place.activation).node}[${place.index}]` : path}
        </h2>
        <Pill status={status} />
        <button type="button" className="quiet icon" aria-label="Close" onClick={() => setQuery({ branch: undefined })}>
          ✕
        </button>
      </header>
      {branch?.item !== undefined && <TextBlock text={JSON.stringify(branch.item, null, 2)} />}
      {branch?.reason && status !== "running" && <p className="reason-text">{branch.reason}</p>}
      <BranchCancel runId={runId} path={path} against={againstCancel(moment, status)} />
      {stages.length === 0 && <p className="muted">No stages yet.</p>}
      {stages.slice(-STAGES_MAX).map((stage) => {
        const below = history.activations.get(stage.address);
        return (
          <details key={stage.address} open={stages.length < 6}>
            <summary className="row">
              <span className="grow clip">{shortStage(stage.address)}</span>
              <Pill status={stateAt(stage.marks, seq) ?? "queued"} />
            </summary>
            <StageDetails stage={stage} moment={moment} />
            {below && (
              <button type="button" onClick={() => setQuery({ in: stage.address, branch: undefined })}>
                Its branches
              </button>
            )}
          </details>
        );
      })}
    </aside>
  );
}

function againstCancel({ isPast, status: run }: Moment, status: string): string | undefined {
  if (isPast) return "This is the past.";
  if (status !== "running") return `The branch is ${status}.`;
  return run === "cancelling" ? "The whole run is being cancelled." : undefined;
}
