import { useState } from "react";
import { setQuery } from "../app/route.ts";
import { type ActivationTrack, branchStatusAt, itemInWords } from "../model/tracks.ts";
import { Pill } from "../parts/pill.tsx";
import { duration } from "../parts/times.tsx";
import { VirtualList } from "../parts/virtual-list.tsx";
import { BranchGrid } from "./branch-grid.tsx";
import type { Moment } from "./use-run.ts";

type Status = ReturnType<typeof branchStatusAt>;

interface ActivationViewProps {
  readonly activation: ActivationTrack;
  readonly moment: Moment;
  readonly picked: string | undefined;
}

/** More than this are squares; fewer are rows with words. */
const ROWS_MAX = 60;
const ORDER: readonly Status[] = ["running", "succeeded", "failed", "cancelled", "superseded", "queued"];

/** The branches of one activation, at the moment shown. */
export function ActivationView({ activation, moment, picked }: ActivationViewProps) {
  const { seq } = moment;
  const [only, setOnly] = useState<Status | undefined>();
  const count = activation.total ?? activation.branches.length;
  const counts = new Map<Status, number>();
  for (let index = 0; index < count; index += 1) {
    const status = branchStatusAt(activation.branches[index], seq);
    counts.set(status, (counts.get(status) ?? 0) + 1);
  }
  const isGrid = count > ROWS_MAX && only === undefined;
  return (
    <section className="activation-view" aria-label={`Branches of ${activation.address}`}>
      <Facts activation={activation} seq={seq} />
      <div className="row wrap">
        <fieldset className="chips" aria-label="Only branches that are">
          {ORDER.filter((status) => counts.has(status)).map((status) => (
            <button
              key={status}
              type="button"
              className={`s-${status}`}
              aria-pressed={only === status}
              onClick={() => setOnly(only === status ? undefined : status)}
            >
              <span className="dot" aria-hidden="true" />
              {status} <b>{counts.get(status)}</b>
            </button>
          ))}
        </fieldset>
        <GoTo activation={activation} count={count} />
      </div>
      {isGrid ? (
        <BranchGrid activation={activation} count={count} seq={seq} version={moment.version} picked={picked} />
      ) : (
        <BranchRows {...{ activation, moment, only, count, picked }} />
      )}
    </section>
  );
}

function Facts({ activation, seq }: { readonly activation: ActivationTrack; readonly seq: number }) {
  const { address, kind, policy, need, total, maxParallel, join, decision } = activation;
  const isDecided = decision !== undefined && decision.seq <= seq;
  return (
    <p className="row wrap activation-facts">
      <b className="mono">{address}</b>
      <span className="muted">
        {kind}
        {policy && `, ${policy}: needs ${need} of ${total}`}
        {join && `, joins at ${join}`}, {maxParallel} at a time
      </span>
      {isDecided && (
        <span>
          decided <b>{decision.decision}</b> at <span className="mono">{decision.seq}</span>
          {decision.winners.length > 0 && decision.winners.length <= 12 && `, by ${decision.winners.join(" ")}`}
        </span>
      )}
    </p>
  );
}

function GoTo({ activation, count }: { readonly activation: ActivationTrack; readonly count: number }) {
  return (
    <label className="row small">
      <span className="muted">Go to</span>
      <input
        type="number"
        className="number"
        min={0}
        max={count - 1}
        placeholder={`0–${count - 1}`}
        onChange={(event) => {
          const index = Number(event.target.value);
          const isThere = event.target.value !== "" && activation.branches[index] !== undefined;
          setQuery({ branch: isThere ? `${activation.address}/${index}` : undefined });
        }}
      />
    </label>
  );
}

interface BranchRowsProps extends ActivationViewProps {
  readonly only: Status | undefined;
  readonly count: number;
}

function BranchRows({ activation, moment, only, count, picked }: BranchRowsProps) {
  const { seq, nowMs, history } = moment;
  const indexes = Array.from({ length: count }, (_, index) => index).filter(
    (index) => only === undefined || branchStatusAt(activation.branches[index], seq) === only,
  );
  const row = (at: number) => {
    const index = indexes[at] as number;
    const branch = activation.branches[index];
    const status = branchStatusAt(branch, seq);
    const stage = branch && history.stagesOf(branch.path).findLast(({ marks }) => (marks[0]?.seq ?? 0) <= seq);
    return (
      <button
        key={index}
        type="button"
        className="branch-row"
        disabled={status === "queued"}
        aria-pressed={branch !== undefined && branch.path === picked}
        onClick={() => branch && setQuery({ branch: branch.path, in: activation.address })}
      >
        <span className="mono index">{index}</span>
        <Pill status={status} />
        <span className="clip">{branch?.head ?? itemInWords(branch)}</span>
        <span className="clip muted grow">{stage ? `at ${stage.node}` : ""}</span>
        {branch && status !== "queued" && (
          <span className="mono small">
            {duration((status === "running" ? nowMs : (branch.toMs ?? nowMs)) - branch.fromMs)}
          </span>
        )}
      </button>
    );
  };
  return <VirtualList count={indexes.length} rowHeight={30} label="Branches" row={row} />;
}
