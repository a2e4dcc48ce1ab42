/**
 * News between a child run and its parent: rows in the parent's inbox, written by the child's own turn, so that neither
 * a crash nor another process loses or repeats them. They are no commands: nobody is answered. Source: 03 §8.
 */
import type { JsonValue } from "../../graph/index.ts";
import { readStageAddress } from "../../journal/address.ts";
import type { EntryData, EntryType } from "../../journal/catalogue.ts";
import type { NewEntry } from "../../journal/entry.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { ChildEnd } from "../../machines/protocol.ts";
import type { CommandRow } from "../../persistence/store.ts";
import type { Draft, Message } from "../draft.ts";
import { followerId, RUN_ACTOR, stageActor } from "../held-run.ts";
import { actorOf } from "./control-child.ts";
import { type ParentLink, parentLink } from "./parent-link.ts";

type Verb = "child_paused" | "child_continued" | "child_moved" | "child_ended";
const VERBS: ReadonlySet<string> = new Set<Verb>(["child_paused", "child_continued", "child_moved", "child_ended"]);

export function isNews({ verb }: Pick<CommandRow, "verb">): boolean {
  return VERBS.has(verb);
}

/** Which pause of its parent a child has taken: kept, since it may be long until nothing of it is in flight. */
export function noteInherited(draft: Draft, { verb, body }: CommandRow): void {
  const { source, pause } = (body ?? {}) as { readonly source?: unknown; readonly pause?: unknown };
  if (verb === "pause" && source === "inherited" && typeof pause === "number") {
    draft.scopes.set("@run", "inherited", pause);
  }
}

/** What a turn of a child tells its parent; nothing for a run that has none. */
export function newsForParent(draft: Draft): readonly CommandRow[] {
  const parent = parentLink(draft);
  const told = parent && whatIsTold(draft, parent);
  if (!parent || !told) return [];
  const { runId, seq } = draft.held;
  return [
    {
      runId: parent.runId,
      commandId: `${runId}:${seq + draft.entries.length}`,
      verb: told.verb,
      body: { run: runId, stage: parent.stage, ...told.more },
      actor: actorOf(runId),
      atMs: draft.atMs,
    },
  ];
}

interface Told {
  readonly verb: Verb;
  readonly more: Readonly<Record<string, JsonValue>>;
}

function whatIsTold(draft: Draft, parent: ParentLink): Told | undefined {
  const { status } = draft.patch;
  const before = draft.held.row.status;
  if (draft.restart !== undefined) {
    const { pipelineName } = draft.held.row;
    return { verb: "child_moved", more: { next: followerId(draft.held), pipeline: pipelineName } };
  }
  if (status !== undefined && isFinalStatus(status)) {
    return { verb: "child_ended", more: endOf(draft, status as ChildEnd["status"], parent) };
  }
  if (status === "paused" || (status === undefined && takesPause(draft))) {
    return { verb: "child_paused", more: inheritedOf(draft) };
  }
  return status !== undefined && status !== "pausing" && before === "paused"
    ? { verb: "child_continued", more: {} }
    : undefined;
}

/** A pause of the parent that finds the run paused already. */
function takesPause({ reply, control }: Draft): boolean {
  const body = reply?.row.body as { readonly source?: unknown } | null | undefined;
  return control === "paused" && reply?.row.verb === "pause" && body?.source === "inherited";
}

function inheritedOf(draft: Draft): Told["more"] {
  const run = draft.actor(RUN_ACTOR);
  const isInherited = run?.kind === "run" && run.snapshot.context.pause?.inherited === true;
  const pause = draft.scopes.read("@run", "inherited");
  return isInherited && typeof pause === "number" ? { inherited: pause } : {};
}

function endOf(draft: Draft, status: ChildEnd["status"], { outputs }: ParentLink): Told["more"] {
  const last = draft.entries.findLast(({ type }) => ENDS.has(type));
  const values = outputs.map((key) => [key, draft.scopes.read("main", key)] as const);
  const found = values.filter((pair): pair is [string, JsonValue] => pair[1] !== undefined);
  return {
    status,
    ...(last === undefined ? {} : wordsOf(last)),
    ...(found.length === 0 ? {} : { context: Object.fromEntries(found) }),
  };
}

const ENDS: ReadonlySet<string> = new Set<EntryType>(["run.completed", "run.failed", "run.cancelled"]);

function wordsOf({ type, data }: NewEntry): Told["more"] {
  if (type === "run.completed") return { outcome: (data as EntryData<"run.completed">).status };
  if (type === "run.cancelled") {
    const { reason } = data as EntryData<"run.cancelled">;
    return reason === undefined ? {} : { reason };
  }
  const { code, message } = data as EntryData<"run.failed">;
  return { reason: `${code}: ${message}` };
}

/** The message to the stage that waits for the child; undefined where there is none any more. */
export function messageOf(draft: Draft, row: CommandRow): Message | undefined {
  const { run, stage, ...body } = row.body as { readonly run: string; readonly stage: string } & Record<
    string,
    unknown
  >;
  const to = stageActor(stage);
  const actor = draft.actor(to);
  if (actor?.kind !== "stage" || actor.snapshot.context.child?.run !== run) return undefined;
  switch (row.verb as Verb) {
    case "child_paused":
      return { to, event: { type: "CHILD_PAUSED", run, inherited: isOurPause(draft, body["inherited"]) } };
    case "child_continued":
      return { to, event: { type: "CHILD_CONTINUED", run } };
    case "child_moved":
      return { to, event: { type: "CHILD_MOVED", run, ...body } };
    case "child_ended":
      return { to, event: { type: "CHILD_ENDED", run, ...body, ...contextIn(draft, body["context"]) } };
  }
}

/** Values that are large become blobs of this run. */
function contextIn(draft: Draft, context: unknown) {
  if (context === undefined) return {};
  const values = Object.entries(context as Record<string, JsonValue>);
  return { context: Object.fromEntries(values.map(([key, value]) => [key, draft.toContextValue(value)])) };
}

function isOurPause(draft: Draft, pause: unknown): boolean {
  const run = draft.actor(RUN_ACTOR);
  return pause !== undefined && run?.kind === "run" && run.snapshot.context.pause?.since === pause;
}

/** The row of news that a turn has taken. */
export function takenNews({ commandId }: CommandRow): { readonly commandId: string; readonly result: JsonValue } {
  return { commandId, result: { taken: true } };
}

/** A turn takes its news whatever it finds: what comes too late leaves this. */
export function lateNews({ verb, body }: CommandRow): NewEntry<"stage.result_discarded"> {
  const { run, stage } = body as { readonly run: string; readonly stage: string };
  const branch = readStageAddress(stage)?.branch;
  return {
    type: "stage.result_discarded",
    ...(branch === undefined ? {} : { branch }),
    stage,
    data: { status: verb, reason: `nothing waits for child run ${run} any more` },
  };
}
