/** Delivering: from one input to everything it leads to. Charts decide; nothing outside happens here. Source: 02 §3. */
import { unreachable } from "../errors.ts";
import { type RoutingOutcome, stageSettings } from "../graph/index.ts";
import type { NewEntry } from "../journal/entry.ts";
import { TURN_ACTORS_MAX, TURN_HOPS_MAX } from "../limits.ts";
import { branchMachine } from "../machines/branch.machine.ts";
import { decideEnd, decideHead, decideHop, type HopDecision, type HopFacts } from "../machines/hop.ts";
import type { Effect } from "../machines/protocol.ts";
import { hasRoom } from "../machines/stage/region.ts";
import { stageMachine } from "../machines/stage.machine.ts";
import { begin, step } from "../machines/xstate.ts";
import { awaitsChildren, controlChild } from "./children/control-child.ts";
import { observeChild } from "./children/observe-child.ts";
import { engageChild } from "./children/start-child.ts";
import { goalGatesScope, redirectsScope, visitsScope } from "./counter-scopes.ts";
import type { Draft, Message } from "./draft.ts";
import { followEvent, inOrder, noteMove } from "./follow.ts";
import { gateDeadline, openGate } from "./gates.ts";
import {
  branchActor,
  CHARTS,
  followerId,
  type LiveActor,
  RUN_ACTOR,
  type StageSnapshot,
  stageActor,
} from "./held-run.ts";
import { settleRegion } from "./regions/settle.ts";
import {
  type BranchHead,
  collectedOf,
  coordinatorOf,
  endActivation,
  enterBranch,
  keepEnd,
  nextOf,
  openRegion,
  regionOfBranch,
  winnersOf,
} from "./regions.ts";
import type { StageInputs } from "./stage-inputs.ts";

export interface TurnContext {
  readonly draft: Draft;
  /** What a stage's chart is given of its node. */
  readonly stageInputs: StageInputs;
  readonly maxRestarts: number;
  /** Nothing may start: actors are told to stop with the run, not to go on with it. */
  isCold: boolean;
}

type EffectOf<T extends Effect["type"]> = Extract<Effect, { type: T }>;

/** Delivers a message and all that follows from it, until the run is quiet. */
export function deliver(turn: TurnContext, message: Message): void {
  turn.draft.queue.push(message);
  drain(turn);
}

function drain(turn: TurnContext): void {
  const { draft } = turn;
  do {
    for (let next = draft.queue.shift(); next; next = draft.queue.shift()) {
      if (!draft.actor(next.to)) continue;
      if (next.to !== RUN_ACTOR) follow(turn, next.to);
      advance(turn, next.to, next.event);
    }
  } while (beginBranch(turn));
}

/** Begins one branch more where there is room, within the limits of a turn. Answers whether it did. */
function beginBranch(turn: TurnContext): boolean {
  const { draft } = turn;
  for (const address of draft.regions) {
    follow(turn, address);
    const coordinator = coordinatorOf(draft, address);
    if (!coordinator || !mayBegin(turn, coordinator)) {
      draft.regions.delete(address);
      continue;
    }
    if (isOverLimit(draft)) {
      draft.more = true;
      return false;
    }
    advance(turn, address, nextOf(draft, coordinator));
    return true;
  }
  return false;
}

function mayBegin({ draft, isCold }: TurnContext, { value, context }: StageSnapshot): boolean {
  const { control, execution } = value as { readonly control: string; readonly execution: string };
  if (isCold || draft.control !== "running" || control !== "running" || execution !== "working") return false;
  return context.region !== undefined && hasRoom(context.region);
}

function isOverLimit({ hops, actors }: Draft): boolean {
  return hops >= TURN_HOPS_MAX || actors.size >= TURN_ACTORS_MAX;
}

/** One step of one actor, and what it asks for. */
export function advance(turn: TurnContext, address: string, event: Message["event"]): void {
  const { draft } = turn;
  const actor = draft.actor(address);
  if (!actor) return;
  const stamped = { ...event, atMs: draft.atMs, runMs: draft.runMs, baseSeq: draft.inputSeq };
  const { snapshot, effects } = step(CHARTS[actor.kind].machine, actor.snapshot, stamped);
  const moved = { kind: actor.kind, snapshot } as LiveActor;
  draft.actors.set(address, moved);
  draft.steps?.push({ address, event: stamped, actor: moved });
  noteMove(draft, { address, before: actor, after: moved });
  absorb(turn, effects);
}

/** An actor that has begun. */
export function addActor(draft: Draft, address: string, actor: LiveActor): void {
  draft.actors.set(address, actor);
  draft.steps?.push({ address, event: { type: "xstate.init" }, actor });
}

/** Brings actors into line with the run's control, as many as a turn may touch. */
export function followAll(turn: TurnContext): void {
  const { draft } = turn;
  draft.more = false;
  draft.scopeMoved = false;
  const behind = [...draft.addresses()].filter((address) => followEvent(turn, address) !== undefined);
  for (const address of inOrder(draft, behind)) {
    if (draft.actors.size >= TURN_ACTORS_MAX) {
      draft.more = true;
      return;
    }
    follow(turn, address);
    drain(turn);
  }
}

/** After a load, or where a turn could not begin all: every coordinator is asked whether it has room. */
export function beginBranches(turn: TurnContext): void {
  const { draft } = turn;
  for (const address of draft.addresses()) if (coordinatorOf(draft, address)) draft.regions.add(address);
  drain(turn);
}

/** Tells an actor what the run was told and it was not yet. */
function follow(turn: TurnContext, address: string): void {
  for (let event = followEvent(turn, address); event; event = followEvent(turn, address)) advance(turn, address, event);
}

/** Tells the run that nothing is in flight any more, where it waits for that. */
export function settleControl(turn: TurnContext): void {
  const { draft } = turn;
  const { control } = draft;
  if ((control !== "pausing" && control !== "cancelling") || draft.more) return;
  if (draft.openExecutions().length > 0 || awaitsChildren(draft)) return;
  if (control === "pausing" && draft.held.abandoned.size > 0) return;
  deliver(turn, { to: RUN_ACTOR, event: { type: "QUIET", abandoned: [...draft.held.abandoned.keys()] } });
}

function absorb(turn: TurnContext, effects: readonly Effect[]): void {
  for (const effect of effects) absorbOne(turn, effect);
}

function absorbOne(turn: TurnContext, effect: Effect): void {
  const { draft } = turn;
  switch (effect.type) {
    case "effect.none":
      return;
    case "effect.journal":
      return draft.record(completeEntry(draft, effect.entry));
    case "effect.message":
      draft.queue.push(completeMessage(turn, effect));
      return;
    case "effect.stage.spawn":
      return spawnStage(turn, effect);
    case "effect.branch.spawn":
      return effect.index === undefined
        ? spawnMain(turn)
        : spawnBranch(turn, { branch: effect.branch, index: effect.index });
    case "effect.region.open":
      draft.queue.push({ to: stageActor(effect.stage), event: openRegion(draft, effect) });
      return;
    case "effect.region.keep":
      return keepEnd(draft, effect);
    case "effect.region.settle":
      draft.queue.push({ to: stageActor(effect.stage), event: settleRegion(draft, effect) });
      return;
    case "effect.child.start":
      return advance(turn, stageActor(effect.stage), engageChild(draft, effect));
    case "effect.child.control":
      return controlChild(draft, effect);
    case "effect.child.observe":
      return advance(turn, stageActor(effect.stage), observeChild(draft, effect));
    case "effect.check":
      draft.queue.push({ to: branchActor(effect.branch), event: { type: "CHECKED", hop: checkEnd(turn, effect) } });
      return;
    case "effect.execution.start":
      draft.starts.push(effect);
      return;
    case "effect.execution.abort":
      draft.aborts.push(effect);
      return;
    case "effect.timer.set": {
      const { timer, actor, kind, clock, dueMs } = effect;
      draft.setTimer(timer, { timer, actor, kind, clock, dueMs });
      return;
    }
    case "effect.timer.clear":
      draft.setTimer(effect.timer, null);
      return;
    case "effect.gate.open":
      return openGate(draft, effect);
    case "effect.gate.close":
      return closeGate(draft, effect);
    case "effect.ended":
      return endActor(draft, effect.actor);
    case "effect.run":
      draft.patch = { ...draft.patch, ...(effect.patch as Draft["patch"]) };
      return;
    case "effect.restart":
      return startOver(draft, effect.node);
    case "effect.reply":
      if (draft.reply) draft.reply = { ...draft.reply, ...replyOf(effect) };
      return;
    default:
      unreachable(effect, "effect");
  }
}

/** The run goes on as another, which is created with this turn. */
function startOver(draft: Draft, node: string): void {
  const { held } = draft;
  draft.restart = node;
  draft.record({ type: "run.restarted", data: { newRunId: followerId(held), restarts: held.restarts + 1 } });
}

function endActor(draft: Draft, address: string): void {
  const actor = draft.actor(address);
  if (actor?.kind === "run") draft.finalRun = actor.snapshot;
  if (actor?.kind === "stage") endActivation(draft, actor.snapshot);
  draft.actors.set(address, null);
}

function replyOf({ accepted, changed, code, hint }: EffectOf<"effect.reply">) {
  return { accepted, changed, ...(code === undefined ? {} : { code }), ...(hint === undefined ? {} : { hint }) };
}

function closeGate(draft: Draft, effect: EffectOf<"effect.gate.close">): void {
  const gate = draft.gate(effect.gate);
  if (!gate) return;
  const answer = effect.answer === undefined ? {} : { answer: effect.answer as NonNullable<typeof gate.answer> };
  draft.setGate(effect.gate, { ...gate, status: effect.status, ...answer });
  const deadline = gateDeadline(effect.gate);
  if (draft.timer(deadline)) draft.setTimer(deadline, null);
}

/** The chart knows how many branches a join counted, the rows know which. */
function completeEntry(draft: Draft, entry: NewEntry): NewEntry {
  if (entry.type !== "join.decided") return entry;
  const joined = entry as NewEntry<"join.decided">;
  return { ...joined, data: { ...joined.data, winners: winnersOf(draft, joined.data.activation) } };
}

/** A stage's news gets the branch's next hop on the way; all else passes as it is. */
function completeMessage(turn: TurnContext, { to, event }: EffectOf<"effect.message">): Message {
  if (event.type === "BRANCH_ENDED" && to !== RUN_ACTOR) {
    return { to, event: { ...event, ...collectedOf(turn.draft, event["branch"] as string) } };
  }
  if (event.type !== "STAGE_ENDED") return { to, event };
  const { draft } = turn;
  const { stage, node, cancelled, counts } = event as unknown as StageEnded;
  const branch = to.slice("branch:".length);
  const { outcome } = event as unknown as StageEnded;
  if (cancelled) return { to, event: { ...event, hop: { kind: "fail", code: "cancelled", message: "cancelled" } } };
  if (counts) noteGoalGate(draft, { branch, node, status: outcome.status });
  const decision = decideHop({
    ...hopFacts(turn, branch),
    stage,
    node,
    outcome,
    read: (key) => draft.scopes.read(branch, key),
  });
  return { to, event: { ...event, outcome, hop: takeDecision(draft, branch, decision) } };
}

interface StageEnded {
  readonly stage: string;
  readonly node: string;
  readonly cancelled: boolean;
  readonly counts: boolean;
  readonly outcome: RoutingOutcome;
}

function noteGoalGate(draft: Draft, { branch, node, status }: { branch: string; node: string; status: string }): void {
  const graphNode = draft.held.index.node(node);
  if (graphNode && stageSettings(draft.held.graph, graphNode).goalGate) {
    draft.scopes.set(goalGatesScope(branch), node, status);
  }
}

function hopFacts({ draft, maxRestarts }: TurnContext, branch: string): HopFacts {
  return {
    index: draft.held.index,
    branch,
    ...regionFacts(draft, branch),
    visitsOf: (node) => numberOf(draft.scopes.read(visitsScope(branch), node)),
    redirects: numberOf(draft.scopes.read(redirectsScope(branch), "count")),
    restarts: draft.held.restarts,
    maxRestarts,
  };
}

function takeDecision(draft: Draft, branch: string, { hop, redirects }: HopDecision): HopDecision["hop"] {
  if (redirects !== undefined) draft.scopes.set(redirectsScope(branch), "count", redirects);
  return hop;
}

function numberOf(value: unknown): number {
  return typeof value === "number" ? value : 0;
}

function checkEnd(turn: TurnContext, { branch, node, exit }: EffectOf<"effect.check">): HopDecision["hop"] {
  const { draft } = turn;
  const actor = draft.actor(branchActor(branch));
  const outcome = actor?.kind === "branch" ? actor.snapshot.context.outcome : null;
  const gates = new Map([...draft.scopes.own(goalGatesScope(branch))].map(([id, status]) => [id, String(status)]));
  return takeDecision(draft, branch, decideEnd({ ...hopFacts(turn, branch), node, exit, outcome, gates }));
}

function regionFacts(draft: Draft, branch: string): Pick<HopFacts, "region"> {
  const region = branch === "main" ? undefined : regionOfBranch(draft.held, branch);
  return region ? { region } : {};
}

function spawnMain(turn: TurnContext): void {
  const { draft } = turn;
  const head = headOf(turn) ?? draft.held.index.start?.id ?? "";
  enter(turn, { branch: "main", origin: "main", head: { node: head } });
}

function spawnBranch(turn: TurnContext, { branch, index }: { readonly branch: string; readonly index: number }): void {
  const { origin, ...head } = enterBranch(turn.draft, { branch, index });
  enter(turn, { branch, origin, head });
}

function enter(
  turn: TurnContext,
  {
    branch,
    origin,
    head,
  }: {
    readonly branch: string;
    readonly origin: "main" | BranchHead["origin"];
    readonly head: { readonly node: string; readonly edge?: number };
  },
): void {
  const { draft } = turn;
  const { snapshot, effects } = begin(branchMachine, { branch, origin, control: draft.control as "running" });
  const address = branchActor(branch);
  addActor(draft, address, { kind: "branch", snapshot });
  absorb(turn, effects);
  const decision = decideHead(hopFacts(turn, branch), head);
  draft.queue.push({ to: address, event: { type: "HEAD", hop: takeDecision(draft, branch, decision) } });
}

/** A run that was started over begins at the node its predecessor named. */
function headOf({ draft }: TurnContext): string | undefined {
  const node = draft.scopes.read("@run", "head");
  return typeof node === "string" ? node : undefined;
}

function spawnStage(turn: TurnContext, effect: EffectOf<"effect.stage.spawn">): void {
  const { draft } = turn;
  draft.hops += 1;
  draft.scopes.set(visitsScope(effect.branch), effect.node, effect.visit);
  const isHeldBack = turn.isCold || isOverLimit(draft);
  if (isHeldBack) draft.more = true;
  const control = isHeldBack && draft.control === "running" ? "paused" : (draft.control as "running");
  const { snapshot, effects } = begin(stageMachine, {
    ...turn.stageInputs(effect.node),
    stage: effect.stage,
    node: effect.node,
    branch: effect.branch,
    visit: effect.visit,
    carried: effect.carried,
    ...(effect.edge === undefined ? {} : { edge: effect.edge }),
    seed: `${draft.held.runId}:${effect.stage}`,
    control,
    atMs: draft.atMs,
    runMs: draft.runMs,
    baseSeq: draft.inputSeq,
  });
  addActor(draft, stageActor(effect.stage), { kind: "stage", snapshot });
  absorb(turn, effects);
}
