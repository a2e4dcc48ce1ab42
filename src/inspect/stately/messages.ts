/** The messages of Stately Inspector, as `@statelyai/inspect` 0.7 sends them. Source: docs/decisions/0014. */
import type { Inspection } from "../../runtime/inspection/inspection.ts";
import { statechartJson } from "../statechart-json.ts";
import { statecharts } from "../statecharts.ts";

interface Common {
  readonly sessionId: string;
  readonly rootId: string;
  readonly createdAt: string;
  readonly _version: string;
}

interface StatelySnapshot {
  readonly status: "active" | "done";
  readonly value: unknown;
  readonly context: unknown;
}

type StatelyEvent = { readonly type: string } & Readonly<Record<string, unknown>>;

/** Said of an actor before anything else. */
export interface StatelyActorMessage extends Common {
  readonly type: "@xstate.actor";
  readonly id: null;
  readonly name: string;
  readonly parentId: string | undefined;
  /** The machine's configuration, as JSON text. */
  readonly definition: string;
  readonly snapshot: StatelySnapshot;
}

export interface StatelyEventMessage extends Common {
  readonly type: "@xstate.event";
  readonly id: string;
  readonly sourceId: undefined;
  readonly event: StatelyEvent;
}

export interface StatelySnapshotMessage extends Common {
  readonly type: "@xstate.snapshot";
  readonly id: null;
  readonly event: StatelyEvent;
  readonly snapshot: StatelySnapshot;
}

export type StatelyMessage = StatelyActorMessage | StatelyEventMessage | StatelySnapshotMessage;

/** Of the package whose messages these are; receivers want one. */
const FORMAT_VERSION = "0.7.2";

/** Made once: the definition of a stage is tens of kilobytes. */
const definitions = new Map<string, string>();

/**
 * Turns inspections into messages for one receiver, which is told of each actor when it is first seen. Actors of all runs
 * are in one list there, so their names begin with the run's.
 */
export function createStatelyMessages(): (inspection: Inspection) => readonly StatelyMessage[] {
  const known = new Set<string>();
  let events = 0;
  return ({ runId, actor, event, snapshot, at }) => {
    const sessionId = sessionOf(runId, actor);
    const common = {
      sessionId,
      rootId: sessionOf(runId, "run"),
      createdAt: String(at),
      _version: FORMAT_VERSION,
    };
    const messages: StatelyMessage[] = [];
    if (!known.has(sessionId)) {
      known.add(sessionId);
      const parent = parentOf(actor);
      messages.push({
        ...common,
        type: "@xstate.actor",
        id: null,
        name: sessionId,
        parentId: parent && sessionOf(runId, parent),
        definition: definitionOf(actor),
        snapshot,
      });
    } else {
      events += 1;
      if (event) messages.push({ ...common, type: "@xstate.event", id: String(events), sourceId: undefined, event });
      messages.push({ ...common, type: "@xstate.snapshot", id: null, event: event ?? { type: "" }, snapshot });
    }
    if (snapshot.status === "done") known.delete(sessionId);
    return messages;
  };
}

function sessionOf(runId: string, actor: string): string {
  return `${runId} ${actor}`;
}

/** Of a stage its branch, of a branch the stage that began it, of the main path the run. */
function parentOf(actor: string): string | undefined {
  const cut = actor.lastIndexOf("/");
  if (actor.startsWith("stage:")) return `branch:${actor.slice("stage:".length, cut)}`;
  if (!actor.startsWith("branch:")) return undefined;
  return cut < 0 ? "run" : `stage:${actor.slice("branch:".length, cut)}`;
}

function definitionOf(actor: string): string {
  const chart = actor.split(":", 1)[0] as keyof typeof statecharts;
  const known = definitions.get(chart);
  if (known !== undefined) return known;
  const definition = JSON.stringify(statechartJson(statecharts[chart]));
  definitions.set(chart, definition);
  return definition;
}
