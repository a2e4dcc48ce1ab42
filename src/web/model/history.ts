/**
 * The journal of a run as the dashboard draws it. Entries are pushed in order, once each; nothing is forgotten, so every
 * question can be asked of any seq. What a pause drains and holds is not derived here: the server says that.
 */
import type { AttemptStatus, BranchStatus, Entry, RunStatus } from "../api/answers.ts";
import { readBranch, readStage } from "./address.ts";
import type { ActivationTrack, BranchTrack, StageState, StageTrack, Transition } from "./tracks.ts";

const STATUS_AFTER: Readonly<Record<string, RunStatus>> = {
  "run.created": "queued",
  "run.queued": "queued",
  "run.started": "running",
  "run.continued": "running",
  "run.pausing": "pausing",
  "run.paused": "paused",
  "run.cancelling": "cancelling",
  "run.cancelled": "cancelled",
  "run.completed": "completed",
  "run.failed": "failed",
  "run.restarted": "completed",
};
const PASS_THROUGH: ReadonlySet<string> = new Set(["start", "exit", "conditional"]);
const AROUND: ReadonlySet<string> = new Set(["parallel", "foreach", "loop", "pipeline", "stack.manager_loop"]);
const BRANCH_END = /^(?:branch|iteration)\.(succeeded|failed|cancelled|superseded)$/;
const STAGE_END: Readonly<Record<string, StageState>> = {
  "stage.succeeded": "succeeded",
  "stage.failed": "failed",
  "stage.skipped": "skipped",
  "stage.cancelled": "cancelled",
};

interface OutcomeData {
  readonly status?: string;
  readonly notes?: string;
  readonly failureReason?: string;
}

export class History {
  /** All of them: `entries[n]` has seq n + 1. */
  readonly entries: Entry[] = [];
  readonly stages = new Map<string, StageTrack>();
  readonly stagesByBranch = new Map<string, StageTrack[]>();
  readonly activations = new Map<string, ActivationTrack>();
  readonly transitions: Transition[] = [];
  /** Seqs at which an edge was taken, by declaration index. */
  readonly edges = new Map<number, number[]>();
  /** Seqs at which a branch began, by `<fan-out> <head>`. */
  readonly ways = new Map<string, number[]>();
  readonly questions = new Map<string, { readonly fromSeq: number; toSeq?: number }>();

  get seq(): number {
    return this.entries.at(-1)?.seq ?? 0;
  }

  /** Whether it is in: not where entries before it are missing. */
  push(entry: Entry): boolean {
    if (entry.seq <= this.seq) return true;
    if (entry.seq > this.seq + 1) return false;
    const atMs = Date.parse(entry.at);
    this.entries.push(entry);
    const topic = entry.type.slice(0, entry.type.indexOf("."));
    if (topic === "run") this.#pushRun(entry, atMs);
    else if (topic === "stage") this.#pushStage(entry, atMs);
    else if (topic === "edge") this.#pushEdge(entry, atMs);
    else if (topic === "gate") this.#pushGate(entry);
    else this.#pushRegion(entry, atMs);
    return true;
  }

  statusAt(seq: number): RunStatus | undefined {
    return this.transitions.findLast((transition) => transition.seq <= seq)?.state;
  }

  /** Epoch ms; of the newest entry at or before the seq. */
  timeAt(seq: number): number {
    const entry = this.entries[Math.min(seq, this.entries.length) - 1];
    return entry ? Date.parse(entry.at) : 0;
  }

  /** The last entry of the newest turn that was whole by then; history is told in whole turns. */
  turnAt(seq: number): number {
    for (let at = Math.min(seq, this.entries.length); at > 0; at -= 1) {
      const entry = this.entries[at - 1];
      if (entry && entry.turn === entry.seq) return at;
    }
    return this.entries[0]?.turn ?? 1;
  }

  /** Stages of a branch itself, without those of branches below. */
  stagesOf(branch: string): readonly StageTrack[] {
    return this.stagesByBranch.get(branch) ?? [];
  }

  #pushRun(entry: Entry, atMs: number): void {
    const state = STATUS_AFTER[entry.type];
    if (state === undefined) return;
    const { reason, message } = entry.data as { readonly reason?: string; readonly message?: string };
    const said = entry.type === "run.failed" ? message : reason;
    this.transitions.push({ seq: entry.seq, atMs, state, type: entry.type, ...(said ? { reason: said } : {}) });
  }

  #pushStage(entry: Entry, atMs: number): void {
    if (entry.stage === undefined || entry.type === "stage.result_discarded") return;
    const track = this.#stage(entry.stage);
    const { seq, data } = entry;
    const mark = (state: StageState) => track.marks.push({ seq, atMs, state });
    switch (entry.type) {
      case "stage.entered":
        track.kind = String(data["kind"]);
        mark(PASS_THROUGH.has(track.kind) ? "succeeded" : AROUND.has(track.kind) ? "running" : "waiting");
        return;
      case "stage.started": {
        const execution = entry.execution ?? `${entry.stage}#${entry.attempt ?? 1}.1`;
        track.attempts.push({ n: entry.attempt ?? 1, execution, fromSeq: seq, fromMs: atMs, status: "running" });
        mark("running");
        return;
      }
      case "stage.interrupted":
        closeAttempt(track, { entry, atMs, status: data["cause"] === "lost" ? "lost" : "interrupted" });
        mark("interrupted");
        return;
      case "stage.retry_scheduled":
        closeAttempt(track, { entry, atMs, status: "retried" });
        mark("backing_off");
        return;
      default:
        this.#endStage(track, entry, atMs);
    }
  }

  #endStage(track: StageTrack, entry: Entry, atMs: number): void {
    const state = STAGE_END[entry.type];
    if (state === undefined) return;
    const outcome = (entry.data["outcome"] ?? {}) as OutcomeData;
    const isPartial = state === "succeeded" && outcome.status === "partial_success";
    track.marks.push({ seq: entry.seq, atMs, state: isPartial ? "partial" : state });
    if (outcome.status !== undefined) track.outcome = outcome.status;
    track.notes = outcome.notes;
    track.reason = outcome.failureReason;
    const status: AttemptStatus = state === "failed" || state === "cancelled" ? state : "succeeded";
    closeAttempt(track, { entry, atMs, status: entry.data["abandoned"] === true ? "abandoned" : status });
  }

  #pushEdge(entry: Entry, atMs: number): void {
    const { edge } = entry.data as { readonly edge?: number };
    if (edge !== undefined) append(this.edges, edge, entry.seq);
    const track = entry.stage === undefined ? undefined : this.stages.get(entry.stage);
    // A conditional waits while the run is paused, and is done when it is left.
    if (track?.kind !== undefined && track.marks.at(-1)?.state === "waiting")
      track.marks.push({ seq: entry.seq, atMs, state: "succeeded" });
  }

  #pushGate(entry: Entry): void {
    const gate = String(entry.data["gate"]);
    if (entry.type === "gate.opened") this.questions.set(gate, { fromSeq: entry.seq });
    else {
      const question = this.questions.get(gate);
      if (question) question.toSeq = entry.seq;
    }
  }

  #pushRegion(entry: Entry, atMs: number): void {
    const { type, seq, data } = entry;
    const activation = String(data["activation"] ?? "");
    if (type === "parallel.started" || type === "container.entered") {
      this.activations.set(activation, activationOf(entry, activation, atMs));
    } else if (type === "branch.started" || type === "iteration.started") {
      this.#beginBranch(entry, activation, atMs);
    } else if (type === "join.decided") {
      const track = this.activations.get(activation);
      const winners = (data["winners"] ?? []) as readonly string[];
      if (track) track.decision = { seq, decision: String(data["decision"]), winners };
    } else if (type === "container.exited") {
      const track = this.activations.get(activation);
      if (track) track.toSeq = seq;
    } else {
      const end = BRANCH_END.exec(type)?.[1] as BranchStatus | undefined;
      if (end !== undefined) this.#endBranch(entry, atMs, end);
    }
  }

  #beginBranch({ data, seq }: Entry, activation: string, atMs: number): void {
    const track = this.activations.get(activation);
    const index = Number(data["index"]);
    if (!track || track.branches[index]) return;
    const branch: BranchTrack = {
      path: `${activation}/${index}`,
      activation,
      index,
      fromSeq: seq,
      fromMs: atMs,
      status: "running",
      ...(data["item"] === undefined ? {} : { item: data["item"] }),
      ...(data["head"] === undefined ? {} : { head: String(data["head"]) }),
    };
    track.branches[index] = branch;
    if (branch.head !== undefined) append(this.ways, `${readStage(activation).node} ${branch.head}`, seq);
  }

  #endBranch(entry: Entry, atMs: number, status: BranchStatus): void {
    const { activation, index } = entry.data as { readonly activation?: string; readonly index?: number };
    const place =
      activation !== undefined && index !== undefined ? { activation, index } : readBranch(entry.branch ?? "");
    const branch = place && this.activations.get(place.activation)?.branches[place.index];
    if (!branch || branch.toSeq !== undefined) return;
    branch.toSeq = entry.seq;
    branch.toMs = atMs;
    branch.status = status;
    branch.reason = entry.data["reason"] as string | undefined;
  }

  #stage(address: string): StageTrack {
    const known = this.stages.get(address);
    if (known) return known;
    const track: StageTrack = { address, ...readStage(address), marks: [], attempts: [] };
    this.stages.set(address, track);
    append(this.stagesByBranch, track.branch, track);
    return track;
  }
}

function activationOf({ type, seq, data }: Entry, address: string, atMs: number): ActivationTrack {
  const branches = data["branches"] as readonly unknown[] | undefined;
  const total = branches?.length ?? (data["total"] as number | undefined);
  return {
    address,
    kind: type === "parallel.started" ? "parallel" : (data["kind"] as "foreach" | "loop"),
    fromSeq: seq,
    fromMs: atMs,
    ...(total === undefined ? {} : { total }),
    maxParallel: Number(data["maxParallel"] ?? 1),
    ...(data["policy"] === undefined ? {} : { policy: String(data["policy"]), need: Number(data["need"]) }),
    ...(data["join"] === undefined ? {} : { join: String(data["join"]) }),
    branches: [],
  };
}

function closeAttempt(
  { attempts }: StageTrack,
  { entry, atMs, status }: { readonly entry: Entry; readonly atMs: number; readonly status: AttemptStatus },
): void {
  const open = attempts.at(-1);
  if (open?.status !== "running") return;
  open.toSeq = entry.seq;
  open.toMs = atMs;
  open.status = status;
  open.reason = ((entry.data["outcome"] ?? {}) as OutcomeData).failureReason;
}

function append<K, V>(lists: Map<K, V[]>, key: K, value: V): void {
  const list = lists.get(key);
  if (list) list.push(value);
  else lists.set(key, [value]);
}
