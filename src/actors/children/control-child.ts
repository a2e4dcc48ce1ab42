/** What a run does to its child runs in its own name: mail to their inboxes, stored with its turn. Source: 03 §8. */
import type { JsonValue } from "../../graph/index.ts";
import type { Effect } from "../../machines/protocol.ts";
import type { CommandRow } from "../../persistence/store.ts";
import type { Draft } from "../draft.ts";
import { type HeldRun, type LiveActor, RUN_ACTOR, type RunSnapshot, runContext } from "../held-run.ts";

type EffectOf<T extends Effect["type"]> = Extract<Effect, { type: T }>;

/** Who gives the commands of a run to its children, in their journals. */
export const actorOf = (runId: string): string => `run:${runId}`;

export function controlChild(draft: Draft, { run, verb }: EffectOf<"effect.child.control">): void {
  const context = contextOf(draft);
  if (!context) return;
  const { pause, cancel } = context;
  switch (verb) {
    case "pause": {
      const after = pause?.deadlineMs == null ? {} : { deadlineMs: Math.max(0, pause.deadlineMs - draft.atMs) };
      const body = { source: "inherited", mode: pause?.mode ?? "drain", pause: pause?.since ?? 0, ...after };
      return post(draft, { run, verb, body, id: String(pause?.since ?? 0), reason: pause?.reason ?? undefined });
    }
    case "continue":
      return post(draft, { run, verb, body: { source: "inherited" } });
    case "cancel": {
      const grace = cancel === null ? {} : { graceMs: cancel.graceMs, ...(cancel.force ? { force: true } : {}) };
      return post(draft, { run, verb, body: { source: "inherited", ...grace }, reason: cancel?.reason ?? undefined });
    }
  }
}

/** Children that were cancelled with a grace have none any more. */
export function forceChildren(draft: Draft): void {
  const isForced = contextOf(draft)?.cancel?.force === true;
  if (!isForced || runContext(draft.held)?.cancel?.force === true) return;
  for (const { run } of childrenOf(draft)) {
    post(draft, { run, verb: "cancel", body: { source: "inherited", force: true, graceMs: 0 }, id: "force" });
  }
}

/** Says something to a child. */
export function steerChild(draft: Draft, run: string, message: string): void {
  post(draft, { run, verb: "steer", body: { source: "inherited", message } });
}

interface Order {
  readonly run: string;
  readonly verb: string;
  readonly body: JsonValue;
  /** Where one turn is not enough to tell it from others of its verb. */
  readonly id?: string;
  readonly reason?: string | undefined;
}

function post(draft: Draft, { run, verb, body, id = String(draft.held.seq), reason }: Order): void {
  const { runId } = draft.held;
  const row: CommandRow = {
    runId: run,
    commandId: `${runId}:${verb}:${id}`,
    verb,
    body,
    actor: actorOf(runId),
    ...(reason === undefined ? {} : { reason }),
    atMs: draft.atMs,
  };
  draft.mail.push(row);
}

export interface AttendedChild {
  readonly stage: string;
  readonly run: string;
  /** Nothing of it is in flight: it has taken the pause of this run. */
  readonly isHeld: boolean;
}

/** Child runs that have not ended as far as this run knows, at this moment of the turn. O(children). */
function childrenOf(draft: Draft): readonly AttendedChild[] {
  const stages = new Set(draft.held.attending);
  for (const [address, actor] of draft.actors) if (actor?.kind === "stage") stages.add(address);
  return [...stages].flatMap((address) => attendedBy(draft.actor(address)));
}

/** Those of a run as it was committed. */
export function attendedChildren({ attending, actors }: HeldRun): readonly AttendedChild[] {
  return [...attending].flatMap((address) => attendedBy(actors.get(address)));
}

function attendedBy(actor: LiveActor | undefined): readonly AttendedChild[] {
  if (actor?.kind !== "stage" || !isAttending(actor.snapshot)) return [];
  const { child, stage } = actor.snapshot.context;
  return child ? [{ stage, run: child.run, isHeld: child.held }] : [];
}

/** Whether something of a child run is still to be waited for, where this run pauses or is cancelled. */
export function awaitsChildren(draft: Draft): boolean {
  const isPausing = draft.control === "pausing";
  return childrenOf(draft).some(({ isHeld }) => !isPausing || !isHeld);
}

/** Whether the stage of a child run waits for it. */
export function isAttending({ value }: { readonly value: unknown }): boolean {
  const { execution } = value as { readonly execution: string };
  return execution === "attending" || execution === "dismissing";
}

export function isAttendingActor(draft: Draft, address: string): boolean {
  const actor = draft.actor(address);
  return actor?.kind === "stage" && isAttending(actor.snapshot);
}

function contextOf(draft: Draft): RunSnapshot["context"] | undefined {
  const run = draft.actor(RUN_ACTOR);
  return run?.kind === "run" ? run.snapshot.context : undefined;
}
