import { useMemo, useState } from "react";
import { runHref } from "../app/route.ts";
import { shortStage } from "../model/address.ts";
import { attemptStatusAt, type StageTrack, stateAt } from "../model/tracks.ts";
import { Empty } from "../parts/empty.tsx";
import { clockTime, duration } from "../parts/times.tsx";
import { VirtualList } from "../parts/virtual-list.tsx";
import type { Moment } from "./use-run.ts";

/** A stretch of time, in percent of all that is shown. */
interface Bar {
  readonly key: string;
  readonly left: number;
  readonly width: number;
  readonly state: string;
  readonly title: string;
}

const ZOOMS = [1, 2, 5, 10, 25, 100] as const;
const ROW_PX = 24;

/** Every stage as a row, every attempt as a bar; while the run was paused the ground is shaded. */
export function TimelineTab({ moment }: { readonly moment: Moment }) {
  const { history, seq, version, nowMs } = moment;
  const [search, setSearch] = useState("");
  const [zoom, setZoom] = useState<number>(1);
  const [withAll, setWithAll] = useState(false);
  // biome-ignore lint/correctness/useExhaustiveDependencies: the history grows in place; its version says so
  const stages = useMemo(() => {
    const words = search.toLowerCase();
    return [...history.stages.values()].filter(
      (stage) =>
        (stage.marks[0]?.seq ?? 0) <= seq &&
        (withAll || stage.attempts.length > 0 || stage.kind === "wait.human" || stage.kind === "wait") &&
        (words === "" || stage.address.toLowerCase().includes(words)),
    );
  }, [history, version, seq, search, withAll]);
  const fromMs = history.timeAt(1);
  const spanMs = Math.max(1, nowMs - fromMs);
  const pauses = pauseBars(moment, fromMs, spanMs);
  return (
    <div className="timeline">
      <div className="toolbar">
        <label className="search">
          <span className="sr-only">Only stages with this in their address</span>
          <input
            type="search"
            placeholder="Filter stages"
            value={search}
            onChange={(event) => setSearch(event.target.value)}
          />
        </label>
        <label className="row small">
          <input type="checkbox" checked={withAll} onChange={(event) => setWithAll(event.target.checked)} />
          also stages that execute nothing
        </label>
        <span className="grow" />
        <label className="row small">
          <span className="muted">Zoom</span>
          <select value={zoom} onChange={(event) => setZoom(Number(event.target.value))}>
            {ZOOMS.map((each) => (
              <option key={each} value={each}>
                {each}×
              </option>
            ))}
          </select>
        </label>
        <span className="muted small">
          {stages.length} stages, {duration(spanMs)}
        </span>
      </div>
      {stages.length === 0 ? (
        <Empty title="Nothing to draw yet" />
      ) : (
        <VirtualList
          count={stages.length}
          rowHeight={ROW_PX}
          label="Timeline"
          className="gantt"
          header={<Axis fromMs={fromMs} spanMs={spanMs} zoom={zoom} />}
          row={(index) => {
            const stage = stages[index] as StageTrack;
            const bars = [...pauses, ...barsOf(stage, { seq, fromMs, spanMs, nowMs })];
            return <GanttRow key={stage.address} runId={moment.runId} stage={stage} bars={bars} zoom={zoom} />;
          }}
        />
      )}
    </div>
  );
}

interface GanttRowProps {
  readonly runId: string;
  readonly stage: StageTrack;
  readonly bars: readonly Bar[];
  readonly zoom: number;
}

function GanttRow({ runId, stage, bars, zoom }: GanttRowProps) {
  return (
    <div className="gantt-row" style={{ width: widthOf(zoom) }}>
      <a
        className="gantt-name clip"
        href={runHref(runId, "", { node: stage.node, stage: stage.address })}
        title={stage.address}
      >
        {shortStage(stage.address)}
      </a>
      <span className="gantt-track">
        {bars.map(({ key, left, width, state, title }) => (
          <span key={key} className={`bar s-${state}`} style={{ left: `${left}%`, width: `${width}%` }} title={title} />
        ))}
      </span>
    </div>
  );
}

function widthOf(zoom: number): string {
  return `max(100%, calc(var(--gantt-name) + ${zoom} * (100% - var(--gantt-name))))`;
}

const TICKS = 8;

function Axis({ fromMs, spanMs, zoom }: { readonly fromMs: number; readonly spanMs: number; readonly zoom: number }) {
  const count = TICKS * Math.min(zoom, 10);
  return (
    <div className="gantt-row gantt-axis" style={{ width: widthOf(zoom) }} aria-hidden="true">
      <span className="gantt-name" />
      <span className="gantt-track">
        {Array.from({ length: count }, (_, index) => {
          const share = index / count;
          return (
            <span
              key={share}
              className="tick"
              style={{ left: `${share * 100}%` }}
              title={clockTime(fromMs + share * spanMs)}
            >
              {duration(share * spanMs)}
            </span>
          );
        })}
      </span>
    </div>
  );
}

interface Scale {
  readonly seq: number;
  readonly fromMs: number;
  readonly spanMs: number;
  readonly nowMs: number;
}

function barsOf(stage: StageTrack, { seq, fromMs, spanMs, nowMs }: Scale): Bar[] {
  const place = (from: number, to: number) => ({
    left: ((from - fromMs) / spanMs) * 100,
    width: Math.max(0, ((to - from) / spanMs) * 100),
  });
  if (stage.attempts.length === 0) {
    const [first] = stage.marks;
    const last = stage.marks.findLast((mark) => mark.seq <= seq) ?? first;
    if (!first || !last) return [];
    const until = last === first ? nowMs : last.atMs;
    return [
      {
        key: "stage",
        ...place(first.atMs, until),
        state: last.state,
        title: `${last.state}, ${duration(until - first.atMs)}`,
      },
    ];
  }
  return stage.attempts
    .filter((attempt) => attempt.fromSeq <= seq)
    .map((attempt) => {
      const status = attemptStatusAt(attempt, seq);
      const until = status === "running" ? nowMs : (attempt.toMs ?? nowMs);
      const final = status === "succeeded" ? (stateAt(stage.marks, seq) ?? status) : status;
      const title = `#${attempt.n} ${status}, ${duration(until - attempt.fromMs)}${attempt.reason ? `: ${attempt.reason}` : ""}`;
      return { key: attempt.execution, ...place(attempt.fromMs, until), state: final, title };
    });
}

function pauseBars({ history, seq, nowMs }: Moment, fromMs: number, spanMs: number): Bar[] {
  const known = history.transitions.filter((each) => each.seq <= seq);
  return known.flatMap(({ state, atMs }, index) => {
    if (state !== "paused" && state !== "pausing") return [];
    const until = known[index + 1]?.atMs ?? nowMs;
    const left = ((atMs - fromMs) / spanMs) * 100;
    return [
      {
        key: `pause ${atMs} ${state}`,
        left,
        width: ((until - atMs) / spanMs) * 100,
        state: `ground-${state}`,
        title: state,
      },
    ];
  });
}
