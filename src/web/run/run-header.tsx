import type { ReactNode } from "react";
import type { Connection } from "../api/follow.ts";
import { runHref } from "../app/route.ts";
import { Pill } from "../parts/pill.tsx";
import { duration, fullTime } from "../parts/times.tsx";
import type { Moment } from "./use-run.ts";

interface RunHeaderProps {
  readonly moment: Moment;
  readonly connection: Connection;
  readonly isLoaded: boolean;
  readonly children: ReactNode;
}

const CONNECTION: Readonly<Record<Connection, string>> = {
  connecting: "reading",
  live: "live",
  lost: "reconnecting",
  ended: "complete",
};

export function RunHeader({ moment, connection, isLoaded, children }: RunHeaderProps) {
  const { runId, known: view, status, nowMs, seq, isPast } = moment;
  const began = view?.startedAt ?? view?.createdAt;
  return (
    <header className="run-header">
      <div className="run-title">
        <h1 className="mono clip">{runId}</h1>
        <span data-testid="status">
          {status && <Pill status={status} title={isPast ? undefined : view?.statusReason} />}
        </span>
        <span
          className={`connection ${connection}`}
          title={`${isLoaded ? "The journal is followed" : "The journal is being read"}`}
        >
          {isLoaded ? CONNECTION[connection] : "reading"} · <span className="mono">{seq}</span>
        </span>
      </div>
      <dl className="facts">
        {view && (
          <>
            <Fact name="Pipeline">{view.pipeline.name}</Fact>
            {began && <Fact name="Began">{fullTime(began)}</Fact>}
            {began && <Fact name="Took">{duration(nowMs - Date.parse(began))}</Fact>}
            {view.owner && (
              <Fact name="Driven by">
                {view.owner.host}:{view.owner.pid}
              </Fact>
            )}
            {view.resumeEpoch > 1 && <Fact name="Taken up">{view.resumeEpoch} times</Fact>}
            {view.lineage.parentRun && (
              <Fact name="From">
                <a href={runHref(view.lineage.parentRun)}>{view.lineage.parentRun}</a>
              </Fact>
            )}
            {view.lineage.restartedAs && (
              <Fact name="Goes on as">
                <a href={runHref(view.lineage.restartedAs)}>{view.lineage.restartedAs}</a>
              </Fact>
            )}
            {view.lineage.children.slice(0, 6).map((child) => (
              <Fact key={child.runId} name="Child">
                <a href={runHref(child.runId)}>{child.runId}</a> {child.status}
              </Fact>
            ))}
          </>
        )}
      </dl>
      {children}
    </header>
  );
}

function Fact({ name, children }: { readonly name: string; readonly children: ReactNode }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd className="clip">{children}</dd>
    </div>
  );
}
