/** A run as its driver holds it: what was committed, in memory. Changed only by applying a committed turn. */
import type { Graph, GraphIndex, JsonValue } from "../graph/index.ts";
import { branchMachine } from "../machines/branch.machine.ts";
import { runMachine } from "../machines/run.machine.ts";
import { stageMachine } from "../machines/stage.machine.ts";
import { type AnyStateMachine, machineTag, type SnapshotOf } from "../machines/xstate.ts";
import type { GateRow, RunRow, TimerRow } from "../persistence/store.ts";
import type { ClosedGates } from "./gates/closed-gates.ts";
import type { Scopes } from "./scopes.ts";

export type RunSnapshot = SnapshotOf<typeof runMachine>;
export type BranchSnapshot = SnapshotOf<typeof branchMachine>;
export type StageSnapshot = SnapshotOf<typeof stageMachine>;

export type LiveActor =
  | { readonly kind: "run"; readonly snapshot: RunSnapshot }
  | { readonly kind: "branch"; readonly snapshot: BranchSnapshot }
  | { readonly kind: "stage"; readonly snapshot: StageSnapshot };

export type ActorKind = LiveActor["kind"];

/** The chart of each kind of actor, and the tag its checkpoints carry. */
export const CHARTS: Readonly<Record<ActorKind, { readonly machine: AnyStateMachine; readonly tag: string }>> = {
  run: { machine: runMachine, tag: machineTag(runMachine) },
  branch: { machine: branchMachine, tag: machineTag(branchMachine) },
  stage: { machine: stageMachine, tag: machineTag(stageMachine) },
};

export const RUN_ACTOR = "run";
export const branchActor = (path: string): string => `branch:${path}`;
export const stageActor = (address: string): string => `stage:${address}`;

/** The stage address of a stage's actor; undefined for others. */
export const stageAddressOf = (actor: string): string | undefined =>
  actor.startsWith("stage:") ? actor.slice("stage:".length) : undefined;
export const branchPathOf = (actor: string): string | undefined =>
  actor.startsWith("branch:") ? actor.slice("branch:".length) : undefined;

/** `run`, `branch:…` or `stage:…`. */
export function kindOfActor(actor: string): ActorKind {
  if (actor === RUN_ACTOR) return "run";
  return actor.startsWith("branch:") ? "branch" : "stage";
}

export interface HeldRun {
  readonly runId: string;
  readonly token: number;
  readonly graph: Graph;
  readonly index: GraphIndex;
  readonly inputs: Readonly<Record<string, JsonValue>>;
  /** Times the run was started over, and how often it may be. */
  readonly restarts: number;
  row: RunRow;
  /** Of the newest committed entry; 0 before the first. */
  seq: number;
  /** Live actors, by address. */
  readonly actors: Map<string, LiveActor>;
  /** Actors that changed in a turn without entries; their snapshots go with the next one. */
  readonly unstored: Set<string>;
  readonly scopes: Scopes;
  readonly timers: Map<string, TimerRow>;
  /** Open gates. */
  readonly gates: Map<string, GateRow>;
  /** The newest of those that are not open any more. */
  readonly closedGates: ClosedGates;
  /** Open executions and the stage each belongs to. */
  readonly open: Map<string, string>;
  /** Executions that outlived their grace and still go on in this process. */
  readonly abandoned: Map<string, string>;
  /** Actors of stages that wait for a child run. */
  readonly attending: Set<string>;
  /** Snapshots of users' machines, by stage. */
  readonly machineSnapshots: Map<string, string>;
  /** Lists that live foreach activations go through, as they were at entry. */
  readonly items: Map<string, readonly JsonValue[]>;
}

/** Id of the run that this one starts over as. */
export function followerId({ row, runId, restarts }: Pick<HeldRun, "row" | "runId" | "restarts">): string {
  return `${row.rootRun ?? runId}~r${restarts + 1}`;
}

export function runContext(held: Pick<HeldRun, "actors">): RunSnapshot["context"] | undefined {
  const actor = held.actors.get(RUN_ACTOR);
  return actor?.kind === "run" ? actor.snapshot.context : undefined;
}

/** The state of one region of a chart. */
export function regionOf(actor: LiveActor, region: "control" | "execution"): string {
  return (actor.snapshot.value as Record<string, string>)[region] ?? "";
}
