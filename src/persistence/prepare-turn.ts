/**
 * A turn made ready for writing: checked against the port's rules and encoded, so that what follows cannot fail for the
 * turn's own sake. Shared by all stores: the assertions before the disk, whose pair is in {@link readEntry}.
 */
import { assert, InvariantError, type SafepointError } from "../errors.ts";
import type { NewEntry } from "../journal/entry.ts";
import { hashOf } from "./blob-hash.ts";
import { assertJsonText, encodeJson } from "./json-text.ts";
import type { ActorWrite, CommandRow, ContextWrite, GateWrite, RunCreation, ScopeWrite, TurnWrite } from "./store.ts";

export interface PreparedEntry {
  readonly seq: number;
  readonly entry: NewEntry;
  readonly data: string;
}

export interface PreparedCommand {
  readonly commandId: string;
  readonly result: string;
  readonly row?: CommandRow;
  readonly body?: string;
}

export interface PreparedTurn {
  readonly turn: TurnWrite;
  /** Seq of the turn's last entry, which all its rows carry. */
  readonly lastSeq: number;
  readonly entries: readonly PreparedEntry[];
  readonly create?: { readonly run: RunCreation; readonly labels: string; readonly inputs: string };
  /** The last write of each actor: one turn is one version. */
  readonly actors: readonly ActorWrite[];
  readonly context: readonly ContextWrite[];
  readonly scopesBegun: readonly Exclude<ScopeWrite, { readonly ended: true }>[];
  readonly scopesEnded: readonly string[];
  readonly gates: readonly { readonly write: GateWrite; readonly question?: string; readonly answer?: string }[];
  readonly commands: readonly PreparedCommand[];
  readonly outbox: readonly { readonly id: string; readonly kind: string; readonly body: string }[];
  readonly mail: readonly { readonly row: CommandRow; readonly body: string }[];
  /** First turns of runs that are written with this one. */
  readonly creates: readonly (PreparedTurn & { readonly create: NonNullable<PreparedTurn["create"]> })[];
}

/** Throws InvariantError or `not_json` when the turn breaks the port's rules. */
export function prepareTurn(turn: TurnWrite): PreparedTurn {
  assertFence(turn);
  assertBlobs(turn);
  const { runId, baseSeq } = turn;
  const scopes = turn.scopes ?? [];
  return {
    turn,
    lastSeq: baseSeq + turn.entries.length,
    entries: turn.entries.map((entry, index) => {
      const seq = baseSeq + 1 + index;
      return { seq, entry, data: encodeJson(entry.data, `${entry.type} (run ${runId}, seq ${seq})`) };
    }),
    ...(turn.create === undefined ? {} : { create: prepareCreation(turn, turn.create) }),
    actors: prepareActors(turn),
    context: prepareContext(turn),
    scopesBegun: scopes.filter((scope) => !("ended" in scope)),
    scopesEnded: scopes.filter((scope) => "ended" in scope).map((scope) => scope.scope),
    gates: (turn.gates ?? []).map((write) => prepareGate(runId, write)),
    commands: (turn.commands ?? []).map((command) => prepareCommand(runId, command)),
    outbox: (turn.outbox ?? []).map(({ id, kind, body }) => ({ id, kind, body: encodeJson(body, `outbox row ${id}`) })),
    mail: (turn.mail ?? []).map((row) => prepareMail(runId, row)),
    creates: (turn.creates ?? []).map(prepareCreated),
  };
}

function assertBlobs({ runId, blobs = [] }: TurnWrite): void {
  for (const { hash, bytes } of blobs) {
    assert(hashOf(bytes) === hash, "a blob's name is the sha-256 of its bytes", { runId, hash });
  }
}

function prepareMail(runId: string, row: CommandRow): PreparedTurn["mail"][number] {
  assert(row.runId !== runId, "a turn's mail is for other runs", { runId, commandId: row.commandId });
  assert(row.result === undefined, "who gets mail says what came of it", { runId, commandId: row.commandId });
  return { row, body: encodeJson(row.body, `mail ${row.commandId} for run ${row.runId}`) };
}

function prepareCreated(turn: TurnWrite): PreparedTurn["creates"][number] {
  const prepared = prepareTurn(turn);
  const { create } = prepared;
  assert(create !== undefined, "a turn that comes with another creates its run", { runId: turn.runId });
  return { ...prepared, create };
}

/** Entries of a turn and of those that are written with it. */
export function countEntries({ entries, creates = [] }: Pick<TurnWrite, "entries" | "creates">): number {
  return creates.reduce((count, turn) => count + countEntries(turn), entries.length);
}

/** What a turn is refused with whose new run has the id of another; thrown, so that nothing of the turn stays. */
export function followerExists(runId: string): InvariantError {
  return new InvariantError(`the run ${runId} that this turn creates exists already`, { runId });
}

function assertFence({ runId, token, baseSeq, atMs, entries, create }: TurnWrite): void {
  assert(runId !== "", "a turn names its run");
  assert(Number.isSafeInteger(baseSeq) && baseSeq >= 0, "a turn's base seq counts from 0", { runId, baseSeq });
  assert(Number.isFinite(atMs), "a turn has a time", { runId, atMs });
  assert(entries.length > 0, "a turn has at least one entry", { runId, baseSeq });
  if (create === undefined) {
    assert(Number.isSafeInteger(token) && token > 0, "who writes holds a lease", { runId, token });
    return;
  }
  assert(create.runId === runId, "a turn creates its own run", { runId, created: create.runId });
  assert(baseSeq === 0, "a run begins at seq 0", { runId, baseSeq });
  assert((create.owner === undefined) === (create.leaseUntilMs === undefined), "an owner holds a lease", { runId });
  assert(token === firstToken(create), "a run created under a lease has token 1, else 0", { runId, token });
}

/** The token that a run is created with. */
export function firstToken(create: RunCreation): number {
  return create.owner === undefined ? 0 : 1;
}

function prepareCreation(turn: TurnWrite, run: RunCreation): NonNullable<PreparedTurn["create"]> {
  return {
    run,
    labels: encodeJson(run.labels, `labels of run ${turn.runId}`),
    inputs: encodeJson(run.inputs, `inputs of run ${turn.runId}`),
  };
}

function prepareActors({ actors = [] }: TurnWrite): readonly ActorWrite[] {
  for (const write of actors) {
    if (!("ended" in write)) assertJsonText(write.snapshot, `snapshot of ${write.actor}`);
  }
  return lastOfEach(actors, (write) => write.actor);
}

function prepareContext({ context = [] }: TurnWrite): readonly ContextWrite[] {
  for (const { scope, key, value } of context) {
    if (value !== undefined && "json" in value) assertJsonText(value.json, `context ${scope} ${key}`);
  }
  return lastOfEach(context, (write) => `${write.scope}\0${write.key}`);
}

function prepareGate(runId: string, write: GateWrite): PreparedTurn["gates"][number] {
  const what = `gate ${write.gate} of run ${runId}`;
  return {
    write,
    ...(write.question === undefined ? {} : { question: encodeJson(write.question, what) }),
    ...(write.answer === undefined ? {} : { answer: encodeJson(write.answer, what) }),
  };
}

function prepareCommand(runId: string, command: NonNullable<TurnWrite["commands"]>[number]): PreparedCommand {
  const { commandId, result, row } = command;
  const what = `command ${commandId} of run ${runId}`;
  if (row === undefined) return { commandId, result: encodeJson(result, what) };
  assert(row.runId === runId && row.commandId === commandId, "a turn consumes commands of its own run", { runId });
  return { commandId, result: encodeJson(result, what), row, body: encodeJson(row.body, what) };
}

/** The writes without those that a later one of the same key replaces. */
function lastOfEach<T>(writes: readonly T[], keyOf: (write: T) => string): readonly T[] {
  if (writes.length < 2) return writes;
  const byKey = new Map<string, T>();
  for (const write of writes) byKey.set(keyOf(write), write);
  return byKey.size === writes.length ? writes : [...byKey.values()];
}

/** What a store answers for a turn that {@link prepareTurn} or a constraint of the medium refuses. */
export function refusalOf(error: SafepointError): { ok: false; code: "not_json" | "internal"; message: string } {
  return { ok: false, code: error.code === "not_json" ? "not_json" : "internal", message: error.message };
}
