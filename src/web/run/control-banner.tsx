import { wordsOf } from "../api/client.ts";
import { takeRun } from "../api/commands.ts";
import { say } from "../app/messages.tsx";
import { runHref } from "../app/route.ts";
import { readStage, shortStage, stageOfExecution } from "../model/address.ts";
import { isFinal } from "../model/tracks.ts";
import { Pill } from "../parts/pill.tsx";
import { clockTime, duration } from "../parts/times.tsx";
import type { Moment } from "./use-run.ts";

/** What a pause or a cancel is about, what a run waits for, and what it died of. Nothing while it simply runs. */
export function ControlBanner({ moment, onTaken }: { readonly moment: Moment; readonly onTaken: () => void }) {
  const { status, isPast, seq, history } = moment;
  return (
    <>
      {isPast && (
        <p className="banner past" role="status">
          <span>
            The run as it was at <b className="mono">{seq}</b>, {clockTime(history.timeAt(seq))}
          </span>
        </p>
      )}
      {(status === "pausing" || status === "paused" || status === "cancelling") && <Halted moment={moment} />}
      {status === "failed" && <FailureBanner moment={moment} />}
      {!isPast && <Unowned moment={moment} onTaken={onTaken} />}
      <Waiting moment={moment} />
    </>
  );
}

const HEADLINES = {
  pausing: "Pausing: nothing new starts, what is in flight ends",
  paused: "Paused: nothing is in flight and nothing starts",
  cancelling: "Cancelling: what is in flight is being stopped",
} as const;

function Halted({ moment }: { readonly moment: Moment }) {
  const { status, view, history, seq, nowMs } = moment;
  const turned = history.transitions.findLast((each) => each.seq <= seq);
  const by = view?.control.lineage.findLast((each) => each.seq <= seq)?.actor;
  // A view from before the turn would contradict the headline; the next one is on its way.
  const control = view && turned && view.status === status && view.seq >= turned.seq ? view.control : undefined;
  return (
    <section className={`banner ${status}`} aria-label={`The run is ${status}`} data-testid="halted">
      <p className="headline">
        <Pill status={status ?? ""} />
        <b>{HEADLINES[status as keyof typeof HEADLINES]}</b>
        <span className="muted">
          {turned && `since ${clockTime(turned.atMs)}`}
          {by && `, by ${by}`}
          {turned?.reason && `: ${turned.reason}`}
        </span>
      </p>
      <div className="columns">
        {status !== "paused" && control && (
          <Listed title="In flight" none="Nothing in flight" testId="draining">
            {control.draining.map(({ stage, attempt, execution, since }) => ({
              key: execution,
              text: shortStage(stage),
              href: stageHref(moment, stage),
              note: `#${attempt}, ${duration(nowMs - Date.parse(since))}`,
            }))}
          </Listed>
        )}
        {control?.atPause && status !== "cancelling" && (
          <Listed title="Was in flight at the pause" none="" testId="at-pause">
            {control.atPause.map(({ execution, ended }) => ({
              key: execution,
              text: shortStage(stageOfExecution(execution)),
              href: stageHref(moment, stageOfExecution(execution)),
              note: ended ?? "still running",
            }))}
          </Listed>
        )}
        {control && status !== "cancelling" && (
          <Listed title="Goes on with Continue" none="Nothing is held" testId="held">
            {control.held.map(({ what, stage }) => ({
              key: `${what} ${stage ?? ""}`,
              text: stage === undefined ? what : shortStage(stage),
              ...(stage === undefined ? {} : { href: stageHref(moment, stage) }),
              note: stage === undefined ? "" : what,
            }))}
          </Listed>
        )}
      </div>
    </section>
  );
}

interface ListedProps {
  readonly title: string;
  readonly none: string;
  readonly testId: string;
  readonly children: readonly {
    readonly key: string;
    readonly text: string;
    readonly href?: string;
    readonly note: string;
  }[];
}

const LISTED_MAX = 8;

function Listed({ title, none, testId, children: items }: ListedProps) {
  if (items.length === 0 && none === "") return null;
  return (
    <div data-testid={testId}>
      <h2>
        {title} <span className="muted">{items.length || ""}</span>
      </h2>
      {items.length === 0 && <p className="muted">{none}</p>}
      <ul>
        {items.slice(0, LISTED_MAX).map(({ key, text, href, note }) => (
          <li key={key}>
            {href ? <a href={href}>{text}</a> : text} <span className="muted">{note}</span>
          </li>
        ))}
      </ul>
      {items.length > LISTED_MAX && <p className="muted">and {items.length - LISTED_MAX} more</p>}
    </div>
  );
}

function stageHref({ runId }: Moment, stage: string): string {
  return runHref(runId, "", { node: readStage(stage).node, stage });
}

function FailureBanner({ moment }: { readonly moment: Moment }) {
  const failure = moment.view?.failure;
  if (!failure) return null;
  return (
    <p className="banner failed" role="status">
      <Pill status="failed" /> <b className="mono">{failure.code}</b> <span className="grow">{failure.message}</span>
      {failure.stage && <a href={stageHref(moment, failure.stage)}>{shortStage(failure.stage)}</a>}
    </p>
  );
}

function Unowned({ moment, onTaken }: { readonly moment: Moment; readonly onTaken: () => void }) {
  const { view, runId, status } = moment;
  if (view?.owner !== null || status === undefined || isFinal(status)) return null;
  const take = async () => {
    try {
      await takeRun(runId);
      say(`${runId}: this server drives it`, "good");
    } catch (failure) {
      say(wordsOf(failure), "bad");
    }
    onTaken();
  };
  return (
    <p className="banner unowned" role="status">
      <b>Nobody drives this run.</b>
      <span className="muted grow">Commands are taken and stored; nothing starts until a process takes it.</span>
      <button type="button" onClick={() => void take()}>
        Take it here
      </button>
    </p>
  );
}

function Waiting({ moment }: { readonly moment: Moment }) {
  const { view, runId, status, nowMs } = moment;
  if (!view || status !== "running" || view.waitingOn.length === 0) return null;
  return (
    <p className="banner waiting" role="status">
      <b>Waits for</b>
      {view.waitingOn.slice(0, 4).map(({ kind, id, stage, until }) => (
        <span key={id}>
          {kind === "gate" && <a href={runHref(runId, "questions")}>an answer at {shortStage(stage ?? id)}</a>}
          {kind === "timer" && <>a timer at {shortStage(stage ?? id)}</>}
          {kind === "child" && <a href={runHref(id)}>run {id}</a>}
          {until && <span className="muted"> in {duration(Date.parse(until) - nowMs)}</span>}
        </span>
      ))}
      {view.waitingOn.length > 4 && <span className="muted">and {view.waitingOn.length - 4} more</span>}
    </p>
  );
}
