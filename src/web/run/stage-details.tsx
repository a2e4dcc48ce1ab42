import { runHref } from "../app/route.ts";
import { readBranch } from "../model/address.ts";
import { attemptStatusAt, isEnded, type StageTrack, stateAt } from "../model/tracks.ts";
import { Pill } from "../parts/pill.tsx";
import { TextBlock } from "../parts/text-block.tsx";
import { clockTime, duration } from "../parts/times.tsx";
import { OutputView } from "./output-view.tsx";
import type { Moment } from "./use-run.ts";

/** One stage: its attempts, what it came to, and the ways to more about it. */
export function StageDetails({ stage, moment }: { readonly stage: StageTrack; readonly moment: Moment }) {
  const { runId, seq, nowMs } = moment;
  const state = stateAt(stage.marks, seq);
  const attempts = stage.attempts.filter(({ fromSeq }) => fromSeq <= seq);
  const hasEnded = isEnded(state);
  const place = readBranch(stage.branch);
  return (
    <section className="stage">
      <p className="row wrap">
        {state && <Pill status={state} />}
        <span className="mono small clip grow" title={stage.address}>
          {stage.address}
        </span>
      </p>
      {hasEnded && stage.outcome && stage.outcome !== "success" && (
        <p>
          Outcome <b className="mono">{stage.outcome}</b>
        </p>
      )}
      {hasEnded && stage.reason && <p className="reason-text">{stage.reason}</p>}
      {hasEnded && stage.notes && <TextBlock text={stage.notes} />}
      {attempts.length > 0 && (
        <table className="attempts">
          <thead>
            <tr>
              <th>Attempt</th>
              <th>Status</th>
              <th className="right">Began</th>
              <th className="right">Took</th>
            </tr>
          </thead>
          <tbody>
            {attempts.map((attempt) => {
              const status = attemptStatusAt(attempt, seq);
              const until = status === "running" ? nowMs : (attempt.toMs ?? nowMs);
              return (
                <tr key={attempt.execution} title={attempt.reason}>
                  <td className="mono">#{attempt.execution.slice(attempt.execution.lastIndexOf("#") + 1)}</td>
                  <td>
                    <Pill status={status} />
                  </td>
                  <td className="right mono">{clockTime(attempt.fromMs)}</td>
                  <td className="right mono">{duration(until - attempt.fromMs)}</td>
                </tr>
              );
            })}
          </tbody>
        </table>
      )}
      <p className="row wrap small">
        <a href={runHref(runId, "journal", { stage: stage.address })}>Journal</a>
        <a href={runHref(runId, "artifacts", { stage: stage.address })}>Artifacts</a>
        {place && <a href={runHref(runId, "branches", { in: place.activation, branch: stage.branch })}>Its branch</a>}
        <a href={runHref(runId, "charts", { actor: `stage:${stage.address}` })}>Statechart</a>
      </p>
      <OutputView runId={runId} execution={attempts.at(-1)?.execution} isRunning={state === "running"} />
    </section>
  );
}
