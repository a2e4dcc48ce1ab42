/** What a stage with branches says of them in its own line, and below those of them that are shown. */
import { completedIterations } from "../../journal/fold/containers.ts";
import { formatSpan } from "../text/times.ts";
import type { RunProgress } from "./progress.ts";
import type { Segment } from "./render-tree.ts";

/** How many lines there are for each kind of thing. */
export interface Room {
  /** Of each kind of what a pause or cancel is about. */
  readonly control: number;
  readonly ended: number;
  readonly branches: number;
  readonly failed: number;
}

interface Counts {
  readonly done: number;
  /** Absent where nobody knows how many there will be. */
  readonly total?: number;
  readonly inFlight: number;
  readonly failed: number;
  /** Ended and counting nowhere. */
  readonly cut: number;
  readonly decision?: string;
}

function countsOf({ fold: { state } }: RunProgress, activation: string): Counts | undefined {
  const container = state.containers.get(activation);
  if (container) {
    const { total, inFlight, failed, cancelled } = container;
    const done = completedIterations(container);
    return { done, inFlight: inFlight.length, failed, cut: cancelled, ...(total === undefined ? {} : { total }) };
  }
  const parallel = state.parallels.get(activation);
  if (!parallel) return undefined;
  const { queued, running, failed, cancelled, superseded } = parallel.tally;
  const { total, decided } = parallel;
  return {
    ...{ done: total - queued - running, total, inFlight: running, failed: failed + cancelled, cut: superseded },
    ...(decided ? { decision: decided.decision } : {}),
  };
}

/** Branches of an activation that failed. */
export function failedOf(run: RunProgress, activation: string): number {
  return countsOf(run, activation)?.failed ?? 0;
}

/** `45 of 100 done, 6 in flight, 3 failed, slowest #12 4.2s`. Nothing for a stage without branches. */
export function activationSegments(run: RunProgress, activation: string, now: number): readonly Segment[] {
  const counts = countsOf(run, activation);
  if (!counts) return [];
  const { done, total, inFlight, failed, cut, decision } = counts;
  const of = total === undefined ? "" : ` of ${grouped(total)}`;
  return [
    { text: `  ${grouped(done)}${of} done` },
    ...(inFlight > 0 ? [{ text: `, ${grouped(inFlight)} ${openWord(run)}`, tone: "live" as const }] : []),
    ...(failed > 0 ? [{ text: `, ${grouped(failed)} failed`, tone: "bad" as const }] : []),
    ...(cut > 0 ? [dim(`, ${grouped(cut)} cut`)] : []),
    ...(decision === undefined ? [] : [dim(`, decided: ${decision}`)]),
    ...(run.status === "paused" ? [] : slowest(run, activation, now)),
  ];
}

/** Of several in flight the one that began first. */
function slowest(run: RunProgress, activation: string, now: number): readonly Segment[] {
  const branches = run.activations.get(activation)?.branches;
  if (!branches || branches.size < 2) return [];
  let first: { readonly path: string; readonly sinceAt: number } | undefined;
  for (const branch of branches.values()) if (!first || branch.sinceAt < first.sinceAt) first = branch;
  if (!first) return [];
  return [dim(`, slowest ${first.path.slice(first.path.lastIndexOf("/") + 1)} ${formatSpan(now - first.sinceAt)}`)];
}

/** What the branches of a stage that has ended came to: `30 done, 3 failed`. */
export function describeTally(done: number, failed: number): string {
  return `${grouped(done)} done${failed > 0 ? `, ${grouped(failed)} failed` : ""}`;
}

/** While a run pauses its branches stay open, though most of them have nothing in flight. */
function openWord({ status }: RunProgress): string {
  return status === "pausing" || status === "paused" ? "open" : "in flight";
}

/** `+ 34 more in flight, 2 more failed`: what there are no lines for. */
export function moreSegments(
  run: RunProgress,
  hidden: { readonly inFlight: number; readonly failed: number },
): string | undefined {
  const words = [
    ...(hidden.inFlight > 0 ? [`${grouped(hidden.inFlight)} more ${openWord(run)}`] : []),
    ...(hidden.failed > 0 ? [`${grouped(hidden.failed)} more failed`] : []),
  ];
  return words.length === 0 ? undefined : `+ ${words.join(", ")}`;
}

/** `12,345`. */
function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, ",");
}

function dim(text: string): Segment {
  return { text, tone: "dim" };
}
