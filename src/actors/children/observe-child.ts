/** A supervisor's look at its child: what it sees, what it says to it, and whether it lets it go on. Source: 03 §8. */
import { assert } from "../../errors.ts";
import { evaluateCondition } from "../../graph/conditions.ts";
import { expandText } from "../../graph/expand.ts";
import type { GraphNode, JsonValue } from "../../graph/index.ts";
import { type ManagerSettings, managerSettings } from "../../graph/manager-settings.ts";
import { STEER_MESSAGE_CHARS_MAX } from "../../limits.ts";
import type { Dismissal, Effect } from "../../machines/protocol.ts";
import type { Store } from "../../persistence/store.ts";
import type { Draft } from "../draft.ts";
import { branchActor, type HeldRun } from "../held-run.ts";
import { steerChild } from "./control-child.ts";
import type { ChildEvent } from "./start-child.ts";

type Look = Extract<Effect, { type: "effect.child.observe" }>;

/** What the store says of a child, read before the turn that looks at it. */
export interface ChildFacts {
  readonly status: string;
  /** The status word that it completed with; empty before. */
  readonly outcome: string;
  /** The newest stage it has begun; empty before the first. */
  readonly stage: string;
}

/** Of the child that a poll is about; undefined for every other timer. */
export async function readChildFacts(store: Store, held: HeldRun, timer: string): Promise<ChildFacts | undefined> {
  const row = held.timers.get(timer);
  const actor = row?.kind === "poll" ? held.actors.get(row.actor) : undefined;
  const runId = actor?.kind === "stage" ? actor.snapshot.context.child?.run : undefined;
  if (runId === undefined) return undefined;
  const newest = { runId, descending: true, limit: 1 } as const;
  const [[child], [begun], [end]] = await Promise.all([
    store.read("run", { runId }),
    store.read("journal", { ...newest, types: ["stage.started", "stage.entered"] }),
    store.read("journal", { ...newest, types: ["run.completed"] }),
  ]);
  const { status: outcome = "" } = (end?.data ?? {}) as { readonly status?: string };
  return { status: child?.status ?? "queued", outcome, stage: begun?.stage ?? "" };
}

export function observeChild(draft: Draft, look: Look): ChildEvent {
  const { stage, node: id, run, cycle } = look;
  const node = draft.held.index.node(id);
  assert(node, "a supervisor is a node of the pipeline", { node: id });
  const settings = managerSettings(node);
  const branch = stage.slice(0, stage.lastIndexOf("/"));
  const context = settings.actions.has("observe") ? seen(draft, look) : {};
  const read = (key: string): JsonValue | undefined => context[key] ?? draft.scopes.read(branch, key);
  const dismissal = decideDismissal(draft, { settings, branch, cycle, read });
  draft.record({
    type: "child.observed",
    branch,
    stage,
    data: { child: run, cycle, context, ...(dismissal === undefined ? {} : { dismissal }) },
  });
  if (dismissal) return { type: "CHILD_OBSERVED", dismissal };
  const message = settings.actions.has("steer") ? messageOf(draft, node, read) : "";
  if (message === "" || message === look.steered) return { type: "CHILD_OBSERVED" };
  draft.record({ type: "child.steered", branch, stage, data: { child: run, message } });
  steerChild(draft, run, message);
  return { type: "CHILD_OBSERVED", steered: message };
}

function seen({ childFacts }: Draft, { run, cycle }: Look): Record<string, JsonValue> {
  const { status = "queued", outcome = "", stage = "" } = childFacts ?? {};
  return {
    "stack.child.id": run,
    "stack.child.status": status,
    "stack.child.outcome": outcome,
    "stack.child.stage": stage,
    "stack.child.cycle": cycle,
  };
}

interface Sight {
  readonly settings: ManagerSettings;
  readonly branch: string;
  readonly cycle: number;
  readonly read: (key: string) => JsonValue | undefined;
}

function decideDismissal(draft: Draft, { settings, branch, cycle, read }: Sight): Dismissal | undefined {
  const { stop, maxCycles } = settings;
  const actor = draft.actor(branchActor(branch));
  const outcome = (actor?.kind === "branch" ? actor.snapshot.context.outcome : null) ?? { status: "success" };
  if (stop && evaluateCondition(stop.condition, { outcome, read })) {
    return { status: "success", reason: `the stop condition holds: ${stop.text}` };
  }
  if (cycle < maxCycles) return undefined;
  const reason = `the child run was looked at ${cycle} times, which is the limit (manager.max_cycles)`;
  return { status: "fail", code: "max_cycles", reason };
}

/** The node's prompt with its variables filled in. */
function messageOf({ held }: Draft, { attributes }: GraphNode, read: Sight["read"]): string {
  const { prompt } = attributes;
  if (typeof prompt !== "string") return "";
  const goal = held.graph.attributes["goal"];
  const scope = { goal: typeof goal === "string" ? goal : undefined, inputs: held.inputs, read };
  return expandText(prompt, scope).trim().slice(0, STEER_MESSAGE_CHARS_MAX);
}
