/** What a run's journal comes to, thing by thing, with the seq of every change: so that any moment can be shown. */
import type { AttemptStatus, BranchStatus, RunStatus } from "../api/answers.ts";

/** What a stage is at; the words of the drawings. */
export type StageState =
  | "waiting"
  | "running"
  | "backing_off"
  | "interrupted"
  | "succeeded"
  | "partial"
  | "failed"
  | "skipped"
  | "cancelled";

export interface Mark<S> {
  readonly seq: number;
  readonly atMs: number;
  readonly state: S;
}

export interface AttemptSpan {
  readonly n: number;
  readonly execution: string;
  readonly fromSeq: number;
  readonly fromMs: number;
  toSeq?: number;
  toMs?: number;
  status: AttemptStatus;
  reason?: string | undefined;
}

export interface StageTrack {
  readonly address: string;
  readonly branch: string;
  readonly node: string;
  readonly visit: number;
  /** Of a stage without executions. */
  kind?: string;
  readonly marks: Mark<StageState>[];
  readonly attempts: AttemptSpan[];
  outcome?: string;
  notes?: string | undefined;
  reason?: string | undefined;
}

export interface BranchTrack {
  readonly path: string;
  readonly activation: string | undefined;
  readonly index: number;
  readonly fromSeq: number;
  readonly fromMs: number;
  toSeq?: number;
  toMs?: number;
  status: BranchStatus;
  item?: unknown;
  head?: string;
  reason?: string | undefined;
}

export interface ActivationTrack {
  readonly address: string;
  readonly kind: "parallel" | "foreach" | "loop";
  readonly fromSeq: number;
  readonly fromMs: number;
  /** Absent for a loop. */
  readonly total?: number;
  readonly maxParallel: number;
  readonly policy?: string;
  readonly need?: number;
  readonly join?: string;
  /** By index; holes are branches that have not begun. */
  readonly branches: (BranchTrack | undefined)[];
  toSeq?: number;
  decision?: { readonly seq: number; readonly decision: string; readonly winners: readonly string[] };
}

export interface Transition extends Mark<RunStatus> {
  readonly type: string;
  readonly reason?: string;
}

/** What it was at that seq; undefined before its first mark. */
export function stateAt<S>(marks: readonly Mark<S>[], seq: number): S | undefined {
  for (let index = marks.length - 1; index >= 0; index -= 1) {
    const mark = marks[index] as Mark<S>;
    if (mark.seq <= seq) return mark.state;
  }
  return undefined;
}

/** `queued` for a branch that had not begun. */
export function branchStatusAt(branch: BranchTrack | undefined, seq: number): BranchStatus | "queued" {
  if (!branch || branch.fromSeq > seq) return "queued";
  return branch.toSeq !== undefined && branch.toSeq <= seq ? branch.status : "running";
}

export function attemptStatusAt(attempt: AttemptSpan, seq: number): AttemptStatus {
  return attempt.toSeq !== undefined && attempt.toSeq <= seq ? attempt.status : "running";
}

const ENDED: ReadonlySet<string> = new Set(["succeeded", "partial", "failed", "skipped", "cancelled"]);

export function isEnded(state: string | undefined): boolean {
  return state !== undefined && ENDED.has(state);
}

export function isFinal(status: RunStatus): boolean {
  return status === "completed" || status === "failed" || status === "cancelled";
}

/** The element of an iteration, for a row. */
export function itemInWords(branch: BranchTrack | undefined): string {
  if (branch?.item === undefined) return "";
  return typeof branch.item === "string" ? branch.item : JSON.stringify(branch.item);
}
