/**
 * Activations of parallel nodes and containers: their facts gathered from graph and context, their branches begun, what
 * each came to kept in rows. The stage's chart decides; here is what it cannot see. Source: 03 §5-6.
 */
import { assert } from "../errors.ts";
import { evaluateCondition } from "../graph/conditions.ts";
import {
  containerSettings,
  findJoin,
  type GraphNode,
  isFailureStatus,
  type JsonValue,
  parallelSettings,
  type RoutingOutcome,
} from "../graph/index.ts";
import { formatBranchRun, parentBranch, readBranchAddress, readStageAddress } from "../journal/address.ts";
import type { ContextValue } from "../journal/catalogue.ts";
import { MERGE_ENGINE_KEYS } from "../journal/context-changes.ts";
import { BRANCH_DEPTH_MAX } from "../limits.ts";
import { bodyHead, branchRegion, ownerNode } from "../machines/branch-region.ts";
import type { BranchRegion } from "../machines/hop.ts";
import { successesNeeded } from "../machines/join.ts";
import type { Effect, RegionDecision, StageEvent } from "../machines/protocol.ts";
import { countersOf } from "./counter-scopes.ts";
import type { Draft } from "./draft.ts";
import { type HeldRun, type StageSnapshot, stageActor } from "./held-run.ts";
import { readItems } from "./regions/items.ts";

type EffectOf<T extends Effect["type"]> = Extract<Effect, { type: T }>;
type Unstamped<T> = T extends unknown ? Omit<T, "atMs" | "runMs" | "baseSeq"> : never;
type RegionEvent = Unstamped<Extract<StageEvent, { type: "OPENED" | "NEXT" | "SETTLED" }>>;

/** What every branch that counted came to, by index: a row an end, however many siblings it has. */
export const endsScope = (activation: string): string => `@ends:${activation}`;

/** As rows keep it. */
export interface KeptEnd {
  readonly status: string;
  readonly notes?: string;
  readonly outcome?: RoutingOutcome;
  readonly value?: JsonValue;
}

/** Where a branch may go; undefined for the main one. */
export function regionOfBranch({ index }: Pick<HeldRun, "index">, path: string): BranchRegion | undefined {
  return branchRegion(index, path);
}

/** The facts of an activation that begins; or, where it cannot begin, its failure. */
export function openRegion(draft: Draft, { stage, node }: EffectOf<"effect.region.open">): RegionEvent {
  const graphNode = draft.held.index.node(node);
  assert(graphNode, "an activation is of a node of the pipeline", { node });
  const { branch } = placeOf(stage);
  if (depthOf(branch) >= BRANCH_DEPTH_MAX) {
    return refuse("max_depth", `branches are nested ${BRANCH_DEPTH_MAX} deep, which is the limit`);
  }
  if (graphNode.type === "parallel") return openParallel(draft, graphNode, { stage, branch });
  return graphNode.type === "foreach"
    ? openForeach(draft, graphNode, { stage, branch })
    : openLoop(draft, graphNode, { stage, branch });
}

interface Place {
  /** Address of the stage: the activation. */
  readonly stage: string;
  readonly branch: string;
}

function openParallel(draft: Draft, node: GraphNode, { stage, branch }: Place): RegionEvent {
  const { graph } = draft.held;
  const { heads, join, rule } = findJoin(graph, node.id);
  const settings = parallelSettings(graph, node);
  const total = heads.length;
  if (total === 0) return refuse("no_branches", `${node.id} has no unconditional edge: there is no branch to begin`);
  const { maxParallel, join: policy } = settings;
  draft.record({
    type: "parallel.started",
    branch,
    stage,
    data: {
      activation: stage,
      ...(join === undefined ? {} : { join }),
      joinRule: rule,
      policy: policy.policy,
      errorPolicy: policy.errorPolicy,
      need: successesNeeded(policy, total, 0),
      ...(policy.policy === "quorum" && policy.ratio !== undefined ? { ratio: policy.ratio } : {}),
      branches: heads.map((edge, index) => ({ path: `${stage}/${index}`, head: edge.to })),
      maxParallel,
    },
  });
  return { type: "OPENED", plan: { total, maxParallel, join: policy } };
}

function openForeach(draft: Draft, node: GraphNode, { stage, branch }: Place): RegionEvent {
  const { maxParallel, items: source, onItemFailure } = containerSettings(draft.held.graph, node);
  const reading = readItems(source, (key) => draft.scopes.read(branch, key));
  if (!reading.ok) return refuse("items_invalid", `items of ${node.id}: ${reading.problem}`);
  const total = reading.items.length;
  const items = draft.pinBlob(reading.items as JsonValue);
  draft.items.set(stage, reading.items);
  draft.record({
    type: "container.entered",
    branch,
    stage,
    data: { activation: stage, kind: "foreach", total, items, maxParallel, onItemFailure },
  });
  return { type: "OPENED", plan: { total, maxParallel, onItemFailure, items } };
}

function openLoop(draft: Draft, _node: GraphNode, { stage, branch }: Place): RegionEvent {
  draft.record({
    type: "container.entered",
    branch,
    stage,
    data: { activation: stage, kind: "loop", maxParallel: 1 },
  });
  return { type: "OPENED", plan: { total: null, maxParallel: 1 } };
}

function refuse(code: string, failureReason: string): RegionEvent {
  return { type: "SETTLED", outcome: { status: "fail", failureReason }, code };
}

/** What a coordinator that has room is told: to go on, or of a loop that it is over. */
export function nextOf(draft: Draft, { context }: StageSnapshot): RegionEvent {
  if (context.kind !== "loop" || !context.region) return { type: "NEXT" };
  const stop = evaluateLoop(draft, {
    stage: context.stage,
    branch: context.branch,
    node: context.node,
    at: context.region.next,
  });
  return stop ? { type: "NEXT", stop } : { type: "NEXT" };
}

/** `until` after an iteration, `while` before one, then the limit. Each evaluation is an entry. */
function evaluateLoop(
  draft: Draft,
  { stage, branch, node, at }: Place & { readonly node: string; readonly at: number },
): RegionDecision | undefined {
  const graphNode = draft.held.index.node(node);
  assert(graphNode, "a loop is a node of the pipeline", { node });
  const settings = containerSettings(draft.held.graph, graphNode);
  const outcome = at > 0 ? lastOutcome(draft, stage) : { status: "success" };
  const read = (key: string) => draft.scopes.read(branch, key);
  const decide = (go: boolean, expression: string) =>
    draft.record({ type: "iteration.decided", branch, stage, data: { activation: stage, index: at, go, expression } });
  const done: RegionDecision = { decision: "success", status: "success" };
  if (settings.until && at > 0 && evaluateCondition(settings.until.condition, { outcome, read })) {
    decide(false, `until ${settings.until.text}`);
    return done;
  }
  if (settings.while && !evaluateCondition(settings.while.condition, { outcome, read })) {
    decide(false, `while ${settings.while.text}`);
    return done;
  }
  if (at >= settings.maxIterations) {
    decide(false, `max_iterations ${settings.maxIterations}`);
    if (settings.onLimit === "succeed") return done;
    const reason = `the loop went through ${at} iterations, which is its limit (max_iterations)`;
    return { decision: "fail", status: "fail", code: "max_iterations", reason };
  }
  if (settings.while) decide(true, `while ${settings.while.text}`);
  else if (settings.until && at > 0) decide(true, `until ${settings.until.text}`);
  return undefined;
}

function lastOutcome(draft: Draft, activation: string): RoutingOutcome {
  const kept = draft.scopes.readOwn(endsScope(activation), LAST) as unknown as KeptEnd | undefined;
  return kept?.outcome ?? { status: kept?.status ?? "success" };
}

/** A loop keeps only what its newest iteration came to. */
const LAST = "last";

/** Where a branch that begins goes first, and what it starts with. Answers with its head. */
export function enterBranch(
  draft: Draft,
  { branch, index }: { readonly branch: string; readonly index: number },
): BranchHead {
  const { graph } = draft.held;
  const activation = readBranchAddress(branch)?.activation ?? "";
  const stage = readStageAddress(activation);
  const node = stage && draft.held.index.node(stage.node);
  assert(stage && node, "a branch is of a node of the pipeline", { branch });
  draft.scopes.fork(branch, stage.branch);
  if (node.type === "parallel") {
    const edge = findJoin(graph, node.id).heads[index];
    assert(edge, "a parallel branch begins at an edge", { branch });
    const branchRunId = formatBranchRun(branch, draft.held.row.resumeEpoch);
    draft.record({ type: "branch.started", branch, data: { activation, index, head: edge.to, branchRunId } });
    return { node: edge.to, edge: edge.index, origin: "parallel" };
  }
  const head = bodyHead(draft.held.index, node);
  assert(head !== undefined, "a container has a body with an entry", { node: node.id });
  if (node.type === "loop") {
    draft.record({ type: "iteration.started", branch, data: { activation, index } });
    return { node: head, origin: "loop" };
  }
  const items = draft.itemsOf(activation);
  const item: ContextValue = draft.toContextValue(items[index] ?? null);
  draft.record({ type: "iteration.started", branch, data: { activation, index, item, count: items.length } });
  return { node: head, origin: "foreach" };
}

export interface BranchHead {
  readonly node: string;
  readonly edge?: number;
  readonly origin: "parallel" | "foreach" | "loop";
}

/** What a foreach collects of an iteration that ends; nothing for all others. */
export function collectedOf(draft: Draft, branch: string): { readonly value?: ContextValue } {
  const node = ownerNode(draft.held.index, branch);
  if (node?.type !== "foreach") return {};
  const { collect } = containerSettings(draft.held.graph, node);
  const value = collect === undefined ? undefined : draft.scopes.readOwn(branch, collect);
  return value === undefined ? {} : { value: draft.toContextValue(value) };
}

/** Paths of the branches that have succeeded so far, by index. */
export function winnersOf(draft: Draft, activation: string): string[] {
  const ends = [...draft.scopes.own(endsScope(activation))].map(([index, end]) => ({
    index: Number(index),
    status: (end as unknown as KeptEnd).status,
  }));
  const won = ends.filter(({ status }) => !isFailureStatus(status));
  return won.sort((a, b) => a.index - b.index).map(({ index }) => `${activation}/${index}`);
}

/** A branch has ended: what counts is kept, and what nobody reads any more goes. */
export function keepEnd(draft: Draft, { stage, end, counts }: EffectOf<"effect.region.keep">): void {
  const { branch, index, status, outcome, value } = end;
  const { branch: outer } = placeOf(stage);
  const kind = ownerNode(draft.held.index, branch)?.type;
  for (const counter of countersOf(branch)) draft.scopes.end(counter);
  if (counts) {
    const kept = {
      status,
      ...(outcome?.notes === undefined ? {} : { notes: outcome.notes }),
      ...(outcome && kind !== "foreach" ? { outcome } : {}),
      ...(value === undefined ? {} : { value: draft.valueOf(value) }),
    };
    draft.setLarge(endsScope(stage), kind === "loop" ? LAST : String(index), kept as unknown as JsonValue);
  }
  if (kind === "parallel") return;
  const succeeded = counts && !end.cancelled && end.failure === undefined && !isFailureStatus(status);
  if (kind === "loop" && succeeded) copyUp(draft, branch, outer);
  draft.scopes.end(branch);
}

/** A finished loop iteration's writes become its container's. */
function copyUp(draft: Draft, from: string, to: string): void {
  for (const [key, value] of draft.scopes.own(from)) {
    if (!MERGE_ENGINE_KEYS.has(key)) draft.scopes.set(to, key, value);
  }
}

/** The stage of an activation has ended: its branches' scopes are of no more use. */
export function endActivation(draft: Draft, { context }: StageSnapshot): void {
  const { region, stage, kind } = context;
  if (!region) return;
  draft.scopes.end(endsScope(stage));
  const left = kind === "parallel" ? Array.from({ length: region.next }, (_, index) => index) : region.inFlight;
  for (const index of left) {
    const branch = `${stage}/${index}`;
    draft.scopes.end(branch);
    for (const counter of countersOf(branch)) draft.scopes.end(counter);
  }
}

function placeOf(stage: string): Place {
  const address = readStageAddress(stage);
  assert(address, "an activation has the address of a stage", { stage });
  return { stage, branch: address.branch };
}

function depthOf(branch: string): number {
  let depth = 0;
  for (let at = parentBranch(branch); at !== undefined; at = parentBranch(at)) depth += 1;
  return depth;
}

/** The snapshot of a stage that coordinates branches, if this is one. */
export function coordinatorOf(draft: Draft, address: string): StageSnapshot | undefined {
  const actor = draft.actor(address);
  return actor?.kind === "stage" && actor.snapshot.context.region ? actor.snapshot : undefined;
}

/** The stage that a branch belongs to. */
export function ownerOf(path: string): string | undefined {
  const activation = readBranchAddress(path)?.activation;
  return activation === undefined ? undefined : stageActor(activation);
}
