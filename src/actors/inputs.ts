/** What a driver is given, and the turn each input makes. Source: 02 §3, 03 §2-3, §9. */
import { unreachable } from "../errors.ts";
import type { JsonValue } from "../graph/index.ts";
import type { EntryOutcome } from "../journal/catalogue.ts";
import { TURN_ACTORS_MAX, TURN_HOPS_MAX } from "../limits.ts";
import type { ExecutionEnd } from "../machines/protocol.ts";
import { runMachine } from "../machines/run.machine.ts";
import { begin } from "../machines/xstate.ts";
import type { ArtifactRow, CommandRow, RunCreation } from "../persistence/store.ts";
import { forceChildren, isAttendingActor } from "./children/control-child.ts";
import { isNews, lateNews, messageOf } from "./children/news.ts";
import type { ChildFacts } from "./children/observe-child.ts";
import { type ParentLink, storedLink } from "./children/parent-link.ts";
import { deliverCommand } from "./commands.ts";
import type { CreatedData } from "./created-data.ts";
import { Draft } from "./draft.ts";
import { answerAtDeadline } from "./gates.ts";
import { type HeldRun, RUN_ACTOR, regionOf, stageActor } from "./held-run.ts";
import type { StageInputs } from "./stage-inputs.ts";
import { addActor, advance, beginBranches, deliver, followAll, settleControl, type TurnContext } from "./turn.ts";

export type Input =
  /** The first turn of a run: it is created in it. */
  | {
      readonly kind: "begin";
      readonly create: RunCreation;
      readonly slot: boolean;
      readonly created: CreatedData;
      readonly head?: string;
    }
  | { readonly kind: "slot" }
  /** Executions that have ended, oldest first. The turn takes as many as it can: see {@link Draft.endsTaken}. */
  | { readonly kind: "ended"; readonly reports: readonly ExecutionReport[] }
  | { readonly kind: "timed_out"; readonly execution: string; readonly stage: string }
  /** `child`: of the child run that a supervisor looks at when this timer fires. */
  | { readonly kind: "timer"; readonly timer: string; readonly child?: ChildFacts | undefined }
  /** A row of the inbox that a child run has left. */
  | { readonly kind: "news"; readonly row: CommandRow }
  | {
      readonly kind: "command";
      readonly row: CommandRow;
      readonly isFromInbox: boolean;
      readonly hasSlot: () => boolean;
    }
  /** The run was taken up: what was open in the process before is lost. */
  | {
      readonly kind: "taken";
      readonly resumeEpoch: number;
      readonly host: string;
      readonly pid: number;
      readonly foreign: ReadonlySet<string>;
    }
  /** A command for a run that nobody drives: what was open is settled, the command applied, nothing started. */
  | { readonly kind: "unowned"; readonly row: CommandRow; readonly foreign: ReadonlySet<string> }
  | { readonly kind: "interrupt"; readonly reason: "shutdown" }
  /** Brings the rest of the actors into line. */
  | { readonly kind: "follow" }
  /** An abandoned execution has come back. */
  | { readonly kind: "returned"; readonly execution: string; readonly stage: string; readonly status: string }
  | { readonly kind: "escalate" };

/** How an execution ended, ready to be stored. */
export interface ExecutionReport {
  readonly execution: string;
  readonly stage: string;
  readonly end: ExecutionEnd;
  readonly outcome: EntryOutcome;
  /** Values behind blob references in the outcome. */
  readonly blobs: ReadonlyMap<string, JsonValue>;
  readonly artifacts: readonly ArtifactRow[];
}

export interface TurnSettings {
  readonly stageInputs: StageInputs;
  readonly maxRestarts: number;
  readonly cancelGraceMs: number;
  /** The run is about to be let go of: what ends is stored, and nothing starts. */
  readonly isStopping?: boolean;
  /** Whether somebody looks on at the actors of a run. Default: nobody. */
  readonly isInspected?: ((runId: string) => boolean) | undefined;
}

/** Computes the turn of an input over what is held. Pure but for its arguments: nothing is stored, nothing started. */
export function computeTurn(
  held: HeldRun,
  input: Input,
  { atMs, ...settings }: TurnSettings & { atMs: number },
): Draft {
  const draft = new Draft(held, atMs);
  if (settings.isInspected?.(held.runId)) draft.steps = [];
  const { stageInputs, maxRestarts } = settings;
  const turn: TurnContext = { draft, stageInputs, maxRestarts, isCold: settings.isStopping === true };
  const before = draft.control;
  take(turn, input, settings);
  for (let isAligning = draft.control !== before || ALIGNING.has(input.kind); isAligning || draft.scopeMoved; ) {
    isAligning = false;
    followAll(turn);
    if (draft.more) break;
  }
  if (ALIGNING.has(input.kind) && !draft.more) beginBranches(turn);
  forceChildren(draft);
  settleControl(turn);
  return draft;
}

/** Inputs after which actors may lag behind the run although its control did not move. */
const ALIGNING: ReadonlySet<Input["kind"]> = new Set<Input["kind"]>(["follow", "taken", "escalate", "returned"]);

function take(turn: TurnContext, input: Input, settings: TurnSettings): void {
  switch (input.kind) {
    case "begin":
      return beginRun(turn, input);
    case "slot":
      return deliver(turn, { to: RUN_ACTOR, event: { type: "SLOT" } });
    case "ended":
      return takeEnds(turn, input.reports);
    case "timed_out":
      return deliver(turn, { to: stageActor(input.stage), event: { type: "TIME_OUT", execution: input.execution } });
    case "timer":
      turn.draft.childFacts = input.child;
      return fireTimer(turn, input.timer);
    case "news":
      return takeNews(turn, input.row);
    case "command":
      return deliverCommand(turn, input, settings);
    case "taken":
      return takeOver(turn, input);
    case "unowned":
      return applyUnowned(turn, input, settings);
    case "interrupt":
      return interruptAll(turn, input.reason);
    case "returned":
      turn.draft.record(discarded(input, input.status, "its execution was abandoned"));
      return;
    case "escalate":
      return escalate(turn);
    case "follow":
      return;
    default:
      unreachable(input, "input");
  }
}

function beginRun(turn: TurnContext, { create, slot, created, head }: Extract<Input, { kind: "begin" }>): void {
  const { draft } = turn;
  const { runId, createdAtMs, inputs, labels } = create;
  draft.create = create;
  if (head !== undefined) draft.scopes.set("@run", "head", head);
  if (created.parent) draft.scopes.set("@run", "parent", storedLink(created.parent));
  if (created.children) draft.scopes.set("@run", "children", { ...created.children });
  if (created.restarts) draft.scopes.set("@run", "restarts", created.restarts);
  draft.record({
    type: "run.created",
    data: {
      pipeline: created.pipeline,
      inputs: { ...inputs },
      labels: { ...labels },
      context: { ...created.context },
      ...(created.parent === undefined ? {} : { parent: parentOf(created.parent) }),
      ...(created.rootRunId === undefined ? {} : { rootRunId: created.rootRunId }),
      ...(created.restarts === undefined ? {} : { restarts: created.restarts }),
      ...(created.maxRestarts === undefined ? {} : { maxRestarts: created.maxRestarts }),
      ...(created.children === undefined ? {} : { children: { ...created.children } }),
    },
  });
  const { snapshot } = begin(runMachine, { runId, createdAtMs, slot });
  addActor(draft, RUN_ACTOR, { kind: "run", snapshot });
  deliver(turn, { to: RUN_ACTOR, event: { type: "PROCEED" } });
}

function parentOf({ runId, seq, stage }: ParentLink) {
  return { runId, seq, stage };
}

/** One after the other, each with all that follows from it; the last one taken has half of the turn's limits to itself. */
function takeEnds(turn: TurnContext, reports: readonly ExecutionReport[]): void {
  const { draft } = turn;
  for (const report of reports) {
    if (draft.hops * 2 >= TURN_HOPS_MAX || draft.actors.size * 2 >= TURN_ACTORS_MAX) return;
    draft.inputSeq = draft.held.seq + draft.entries.length;
    takeEnd(turn, report);
    draft.endsTaken += 1;
  }
}

function takeEnd(turn: TurnContext, report: ExecutionReport): void {
  const { draft } = turn;
  if (!draft.isOpen(report)) {
    draft.record(discarded(report, report.end.outcome.status, "its execution is no longer open"));
    return;
  }
  for (const [hash, value] of report.blobs) draft.blobs.set(hash, value);
  for (const artifact of report.artifacts) {
    const { stage, execution, ...data } = artifact;
    draft.artifacts.push(artifact);
    draft.record({ type: "artifact.stored", ...placeOf(draft, stage), ...(execution ? { execution } : {}), data });
  }
  const { execution, end, outcome } = report;
  const stage = stageActor(report.stage);
  // Until it returns its stage holds, whatever the run does.
  if (end.abandoned) advance(turn, stage, { type: "PAUSE", mode: "drain" });
  deliver(turn, { to: stage, event: { type: "EXECUTION_ENDED", execution, end, outcome } });
}

function placeOf(draft: Draft, stage: string) {
  const actor = draft.actor(stageActor(stage));
  return actor?.kind === "stage" ? { branch: actor.snapshot.context.branch, stage } : { stage };
}

function discarded({ execution, stage }: { execution: string; stage: string }, status: string, reason: string) {
  return { type: "stage.result_discarded" as const, stage, execution, data: { status, reason } };
}

/** The pause whose deadline passed may have been taken back, and another be in force, before its turn came. */
function escalate(turn: TurnContext): void {
  const { draft } = turn;
  const run = draft.actor(RUN_ACTOR);
  const deadlineMs = run?.kind === "run" ? run.snapshot.context.pause?.deadlineMs : undefined;
  if (deadlineMs == null || draft.atMs < deadlineMs) return;
  deliver(turn, { to: RUN_ACTOR, event: { type: "ESCALATE", draining: draft.openExecutions() } });
}

function takeNews(turn: TurnContext, row: CommandRow): void {
  const { draft } = turn;
  const message = messageOf(draft, row);
  if (message) deliver(turn, message);
  if (draft.entries.length === 0) draft.record(lateNews(row));
}

function fireTimer(turn: TurnContext, timer: string): void {
  const { draft } = turn;
  const row = draft.timer(timer);
  if (!row) return;
  // It fell due while the turn before was being stored: one that stopped the run's clock stopped this timer too.
  if (row.clock === "run" && draft.runMs < row.dueMs) return;
  draft.setTimer(timer, null);
  if (row.kind !== "gate") return deliver(turn, { to: row.actor, event: { type: "TIMER_FIRED", timer } });
  const gate = draft.gate(timer.slice(0, -":deadline".length));
  if (!gate) return;
  const { choice, outcome } = answerAtDeadline(gate);
  const event = { type: "ANSWER", gate: gate.gate, choice, outcome, answer: choice, by: "deadline", timedOut: true };
  deliver(turn, { to: row.actor, event });
}

function takeOver(turn: TurnContext, input: Extract<Input, { kind: "taken" }>): void {
  const { draft } = turn;
  const { resumeEpoch, host, pid } = input;
  draft.patch = { ...draft.patch, resumeEpoch };
  draft.record({ type: "run.resumed", data: { resumeEpoch, host, pid } });
  loseOpen(turn, input.foreign);
  for (const [address, actor] of draft.held.actors) {
    if (actor.kind !== "stage" || regionOf(actor, "execution") !== "interrupted") continue;
    if (actor.snapshot.context.cause === "shutdown") deliver(turn, { to: address, event: { type: "PROCEED" } });
  }
}

/**
 * Every actor holds still first, so that neither the settling nor the command starts anything; whoever takes the run
 * brings them back into line. A continue finds no slot: the run waits, queued, for someone to drive it.
 */
function applyUnowned(
  turn: TurnContext,
  { row, foreign }: Extract<Input, { kind: "unowned" }>,
  settings: TurnSettings,
) {
  const { draft } = turn;
  for (const address of [...draft.addresses()]) {
    // The stage of a child run begins nothing by itself, and would tell its child to pause.
    if (address === RUN_ACTOR || isAttendingActor(draft, address)) continue;
    advance(turn, address, { type: "PAUSE", mode: "drain" });
  }
  draft.queue.length = 0;
  turn.isCold = true;
  if (isNews(row)) takeNews(turn, row);
  else deliverCommand(turn, { row, isFromInbox: false, hasSlot: () => false }, settings);
  loseOpen(turn, foreign);
}

/** What was in flight in a process that is gone. */
function loseOpen(turn: TurnContext, foreign: ReadonlySet<string>): void {
  for (const [execution, stage] of turn.draft.held.open) {
    const cause = foreign.has(execution) ? "foreign_host" : "crash";
    deliver(turn, { to: stageActor(stage), event: { type: "EXECUTION_LOST", execution, cause } });
  }
}

function interruptAll(turn: TurnContext, reason: "shutdown"): void {
  for (const stage of turn.draft.held.open.values()) {
    deliver(turn, { to: stageActor(stage), event: { type: "INTERRUPT", reason } });
  }
}
