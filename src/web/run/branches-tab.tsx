import { useMemo } from "react";
import { setQuery } from "../app/route.ts";
import { isWithin, readBranch, readStage, shortStage } from "../model/address.ts";
import { type ActivationTrack, branchStatusAt } from "../model/tracks.ts";
import { Empty } from "../parts/empty.tsx";
import { ActivationView } from "./activation-view.tsx";
import { BranchPanel } from "./branch-panel.tsx";
import type { Moment } from "./use-run.ts";

const LISTED_MAX = 500;

/** Fan-outs and containers, one at a time, down to each of their branches. */
export function BranchesTab({ moment, query }: { readonly moment: Moment; readonly query: URLSearchParams }) {
  const { history, seq, version } = moment;
  const branch = query.get("branch") ?? undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: the history grows in place; its version says so
  const activations = useMemo(
    () => [...history.activations.values()].filter(({ fromSeq }) => fromSeq <= seq),
    [history, version, seq],
  );
  const asked = query.get("in") ?? (branch === undefined ? undefined : readBranch(branch)?.activation);
  const shown = activations.find(({ address }) => address === asked) ?? activations[0];
  if (!shown) {
    return (
      <Empty title="No branches so far">
        <p className="muted">Parallel nodes, foreach and loops show theirs here, once they are entered.</p>
      </Empty>
    );
  }
  return (
    <div className={branch === undefined ? "split alone" : "split"}>
      <div className="branches">
        <nav className="activations" aria-label="Fan-outs and containers">
          {activations.slice(-LISTED_MAX).map((each) => (
            <ActivationLink key={each.address} activation={each} seq={seq} isShown={each === shown} />
          ))}
        </nav>
        <ActivationView key={shown.address} activation={shown} moment={moment} picked={branch} />
      </div>
      {branch !== undefined && <BranchPanel path={branch} moment={moment} />}
    </div>
  );
}

interface ActivationLinkProps {
  readonly activation: ActivationTrack;
  readonly seq: number;
  readonly isShown: boolean;
}

function ActivationLink({ activation, seq, isShown }: ActivationLinkProps) {
  const { address, kind, total, branches } = activation;
  const ended = branches.filter((branch) => branch?.toSeq !== undefined && branch.toSeq <= seq).length;
  const isOver = total !== undefined && ended >= total;
  const isBusy = branches.some((branch) => branchStatusAt(branch, seq) === "running");
  return (
    <button
      type="button"
      className={`activation ${isBusy ? "busy" : ""}`}
      style={{ paddingLeft: `${8 + depthOf(address) * 14}px` }}
      aria-pressed={isShown}
      onClick={() => setQuery({ in: address, branch: undefined })}
    >
      <span className="muted small">{kind}</span>
      <span className="clip grow">{shortStage(address)}</span>
      <span className="mono small">
        {ended}
        {total === undefined ? "" : `/${total}`}
        {isOver ? " ✓" : ""}
      </span>
    </button>
  );
}

function depthOf(address: string): number {
  let depth = 0;
  for (let { branch } = readStage(address); branch !== "main" && branch !== ""; depth += 1) {
    const around = readBranch(branch);
    if (!around || !isWithin(branch, around.activation)) return depth;
    branch = readStage(around.activation).branch;
  }
  return depth;
}
