/**
 * The run view, made from a run's row and its journal. Entries are taken one by one, so that a journal of any length
 * can be paged through: what is kept is what is live and one page of each list.
 */
import type { JsonValue } from "../graph/outcome.ts";
import { LIST_ITEMS_MAX } from "../limits.ts";
import type { JournalEntry } from "./entry.ts";
import { FoldDraft } from "./fold/draft.ts";
import { goalGateOutcomes } from "./fold/queries.ts";
import { emptyFold, type FoldState } from "./fold/state.ts";
import { foldInto } from "./fold.ts";
import { isFinalStatus } from "./status.ts";
import { ActivationRows } from "./view/activation-rows.ts";
import { BranchRows, branchNamed } from "./view/branch-rows.ts";
import { controlView, waitingOn } from "./view/control-view.ts";
import type { RunView } from "./view/schema.ts";
import { StageRows } from "./view/stage-rows.ts";
import { toTime } from "./view/time.ts";

export {
  type AttemptView,
  type BranchView,
  type ContainerView,
  type ControlView,
  type JoinView,
  type RunView,
  runViewSchema,
  type StageView,
} from "./view/schema.ts";

/** What a view takes from a run's row; a store's row fits. */
export interface RunHeader {
  readonly runId: string;
  readonly pipelineName: string;
  readonly pipelineHash: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly inputs: Readonly<Record<string, JsonValue>>;
  readonly parentRun?: string;
  readonly parentSeq?: number;
  readonly rootRun?: string;
  readonly seq: number;
  readonly owner?: {
    readonly host: string;
    readonly bootId: string;
    readonly pid: number;
    readonly processStart: string;
  };
  readonly leaseUntilMs?: number;
  readonly createdAtMs: number;
}

export interface ViewOptions {
  /** Index of the first stage or branch listed, in the order they began. Default 0. */
  readonly stagesFrom?: number;
  readonly branchesFrom?: number;
  /** Knows the pipeline's goal gates. Default: the gates that the journal says have redirected. */
  readonly isGoalGate?: (node: string) => boolean;
}

export interface ViewRequest {
  readonly run: RunHeader;
  /** Epoch ms. With it, an owner whose lease is over is no owner. */
  readonly now?: number;
}

export interface ViewBuilder {
  push(entry: JournalEntry): void;
  /** The folded state so far. Never moves. */
  state(): FoldState;
  view(request: ViewRequest): RunView;
}

/** A view that grows entry by entry, from seq 1 on. */
export function createViewBuilder(options: ViewOptions = {}): ViewBuilder {
  const draft = new FoldDraft(emptyFold(""));
  const stages = new StageRows(options.stagesFrom ?? 0);
  const branches = new BranchRows(options.branchesFrom ?? 0);
  const activations = new ActivationRows();
  const redirected = new Set<string>();
  return {
    push(entry) {
      if (draft.state.runId === "") draft.set({ runId: entry.runId });
      const ended = isFinalStatus(draft.state.status);
      const path = branchNamed(entry);
      const stageBefore = entry.stage === undefined ? undefined : draft.state.stages.get(entry.stage);
      const branchBefore = path === undefined ? undefined : draft.state.branches.get(path);
      foldInto(draft, entry);
      if (ended) return;
      // A stage in main may begin main, so branches come first.
      branches.follow(entry, branchBefore, draft.state);
      stages.follow(entry, stageBefore, draft.state);
      activations.follow(entry, draft.state);
      if (entry.type === "goal_gate.redirected") {
        redirected.add((entry as JournalEntry<"goal_gate.redirected">).data.gate);
      }
    },
    state: () => draft.release(),
    view(request) {
      const state = draft.state;
      const isGoalGate = options.isGoalGate ?? ((node) => redirected.has(node));
      return {
        ...identity(state, request),
        waitingOn: isFinalStatus(state.status) ? [] : waitingOn(state),
        control: controlView(state),
        branches: branches.rows(state),
        branchesTotal: state.counts.branches.begun,
        joins: activations.joins(),
        stages: stages.rows(state),
        stagesTotal: state.counts.stages.begun,
        containers: activations.containers(state),
        goalGates: goalGateOutcomes(state, isGoalGate).slice(0, LIST_ITEMS_MAX),
        ...(state.failure ? { failure: state.failure } : {}),
        ...(state.result ? { result: state.result } : {}),
        lineage: { ...ancestry(state, request.run), children: activations.children() },
      };
    },
  };
}

/** The view of a run from its row and all its entries, whole or in pages. */
export function runView(
  request: ViewRequest &
    ViewOptions &
    ({ readonly entries: Iterable<JournalEntry> } | { readonly pages: Iterable<Iterable<JournalEntry>> }),
): RunView {
  const builder = createViewBuilder(request);
  for (const page of "pages" in request ? request.pages : [request.entries]) {
    for (const entry of page) builder.push(entry);
  }
  return builder.view(request);
}

type Identity = Pick<
  RunView,
  | "runId"
  | "pipeline"
  | "status"
  | "statusReason"
  | "seq"
  | "resumeEpoch"
  | "createdAt"
  | "startedAt"
  | "finishedAt"
  | "owner"
  | "labels"
  | "inputs"
>;

function identity(state: FoldState, request: ViewRequest): Identity {
  const { run } = request;
  const { owner, unowned } = ownership(state, request);
  const statusReason = unowned ? "unowned" : state.statusReason;
  return {
    runId: run.runId,
    pipeline: state.origin?.pipeline ?? { name: run.pipelineName, hash: run.pipelineHash },
    status: state.status,
    ...(statusReason === undefined ? {} : { statusReason }),
    seq: state.seq,
    resumeEpoch: state.resumeEpoch,
    createdAt: toTime(run.createdAtMs),
    ...(state.startedAtMs === undefined ? {} : { startedAt: toTime(state.startedAtMs) }),
    ...(state.finishedAtMs === undefined ? {} : { finishedAt: toTime(state.finishedAtMs) }),
    ...(owner === undefined ? {} : { owner }),
    labels: { ...run.labels },
    inputs: { ...run.inputs },
  };
}

/** A run that has ended has no owner, and a view of the past knows of none. */
function ownership(
  state: FoldState,
  { run, now }: ViewRequest,
): { readonly owner?: Exclude<Identity["owner"], undefined>; readonly unowned: boolean } {
  if (isFinalStatus(state.status) || state.seq < run.seq) return { unowned: false };
  const { owner, leaseUntilMs } = run;
  const over = now !== undefined && leaseUntilMs !== undefined && leaseUntilMs <= now;
  if (!owner || over) return { owner: null, unowned: true };
  const { host, bootId, pid, processStart } = owner;
  const lease = leaseUntilMs === undefined ? {} : { leaseUntil: toTime(leaseUntilMs) };
  return { owner: { host, bootId, pid, processStart, ...lease }, unowned: false };
}

function ancestry(state: FoldState, run: RunHeader): Omit<RunView["lineage"], "children"> {
  const { origin, restartedAs } = state;
  const parentRun = run.parentRun ?? origin?.parent?.runId ?? origin?.forkedFrom?.runId;
  const parentSeq = run.parentSeq ?? origin?.parent?.seq ?? origin?.forkedFrom?.seq;
  const rootRun = run.rootRun ?? origin?.rootRunId;
  return {
    ...(parentRun === undefined ? {} : { parentRun }),
    ...(parentSeq === undefined ? {} : { parentSeq }),
    ...(rootRun === undefined ? {} : { rootRun }),
    ...(restartedAs === undefined ? {} : { restartedAs }),
  };
}
