/** One run: everything its turns have written. JSON is kept as text, so that no reader can change what is stored. */
import { assert } from "../../errors.ts";
import { ENTRY_VERSION } from "../../journal/catalogue.ts";
import type { EntryRow } from "../entry-row.ts";
import { decodeJson } from "../json-text.ts";
import { firstToken, type PreparedTurn } from "../prepare-turn.ts";
import type {
  ArtifactRow,
  CommandRow,
  GateRow,
  Owner,
  ProcessRow,
  RunImage,
  RunRow,
  TimerRow,
  Topics,
} from "../store.ts";
import { compareText, inTextOrder } from "../text-order.ts";
import { MemoryActors } from "./memory-actors.ts";
import { MemoryContext } from "./memory-context.ts";

type Changing = { -readonly [K in keyof RunRow]: RunRow[K] };
type StoredRun = Omit<Changing, "labels" | "inputs"> & { readonly labels: string; readonly inputs: string };
type StoredGate = Omit<GateRow, "question" | "answer"> & { readonly question: string; readonly answer?: string };
export type StoredCommand = Omit<CommandRow, "body" | "result"> & {
  readonly order: number;
  readonly body: string;
  readonly result?: string;
};
type Output = Topics["output"]["row"];

export class MemoryRun {
  readonly row: StoredRun;
  /** Number of its creation; larger is newer. */
  readonly order: number;
  readonly entries: EntryRow[] = [];
  readonly actors = new MemoryActors();
  readonly context = new MemoryContext();
  readonly timers = new Map<string, TimerRow>();
  readonly gates = new Map<string, StoredGate>();
  readonly commands = new Map<string, StoredCommand>();
  readonly artifacts = new Map<string, ArtifactRow>();
  readonly processes = new Map<string, ProcessRow>();
  readonly output = new Map<string, Output>();
  readonly handlerSnapshots = new Map<string, string>();

  constructor({ turn }: PreparedTurn, { run, labels, inputs }: NonNullable<PreparedTurn["create"]>, order: number) {
    this.order = order;
    this.row = {
      runId: turn.runId,
      status: run.status,
      pipelineName: run.pipelineName,
      pipelineHash: run.pipelineHash,
      labels,
      inputs,
      ...(run.parentRun === undefined ? {} : { parentRun: run.parentRun }),
      ...(run.parentSeq === undefined ? {} : { parentSeq: run.parentSeq }),
      ...(run.rootRun === undefined ? {} : { rootRun: run.rootRun }),
      resumeEpoch: 0,
      seq: 0,
      token: firstToken(run),
      ...(run.owner === undefined ? {} : { owner: { ...run.owner } }),
      ...(run.leaseUntilMs === undefined ? {} : { leaseUntilMs: run.leaseUntilMs }),
      createdAtMs: run.createdAtMs,
    };
  }

  /** Throws InvariantError where a database's constraint would refuse the turn; nothing is changed by this. */
  assertWritable({ gates, commands }: PreparedTurn): void {
    const opened = new Set<string>();
    for (const { write, question } of gates) {
      if (question !== undefined) opened.add(write.gate);
      const isKnown = opened.has(write.gate) || this.gates.has(write.gate);
      assert(isKnown, "a gate is opened with its question before it changes", { gate: write.gate });
    }
    const brought = new Set<string>();
    for (const { commandId, row } of commands) {
      if (row !== undefined) brought.add(commandId);
      const isKnown = brought.has(commandId) || this.commands.has(commandId);
      assert(isKnown, "a consumed command is in the inbox or comes with its row", { commandId });
    }
  }

  /** Writes a turn that {@link assertWritable} let pass; cannot fail. Answers with the new entries. */
  apply(prepared: PreparedTurn, firstGseq: number, nextOrder: () => number): readonly EntryRow[] {
    const { turn, lastSeq } = prepared;
    this.#patch(turn.run);
    this.row.seq = lastSeq;
    this.actors.write(prepared);
    this.context.write(prepared);
    for (const write of turn.timers ?? []) {
      if ("cleared" in write) this.timers.delete(write.timer);
      else this.timers.set(write.timer, pickTimer(write));
    }
    this.#writeGates(prepared);
    this.#consume(prepared, nextOrder);
    for (const artifact of turn.artifacts ?? []) this.artifacts.set(artifact.artifact, { ...artifact });
    for (const { stage, snapshot } of turn.handlerSnapshots ?? []) this.putHandlerSnapshot(stage, snapshot);
    const added = toEntryRows(prepared, firstGseq);
    this.entries.push(...added);
    return added;
  }

  #patch(patch: PreparedTurn["turn"]["run"]): void {
    if (patch === undefined) return;
    const { statusReason, status, resumeEpoch, startedAtMs, finishedAtMs } = patch;
    if (status !== undefined) this.row.status = status;
    if (resumeEpoch !== undefined) this.row.resumeEpoch = resumeEpoch;
    if (startedAtMs !== undefined) this.row.startedAtMs = startedAtMs;
    if (finishedAtMs !== undefined) this.row.finishedAtMs = finishedAtMs;
    if (statusReason === null) delete this.row.statusReason;
    else if (statusReason !== undefined) this.row.statusReason = statusReason;
  }

  #writeGates({ gates, lastSeq }: PreparedTurn): void {
    for (const { write, question, answer } of gates) {
      const known = this.gates.get(write.gate);
      const kept = question === undefined ? (answer ?? known?.answer) : answer;
      this.gates.set(write.gate, {
        gate: write.gate,
        stage: write.stage,
        status: write.status,
        question: question ?? known?.question ?? "null",
        ...(kept === undefined ? {} : { answer: kept }),
        openedSeq: known?.openedSeq ?? lastSeq,
      });
    }
  }

  #consume({ commands }: PreparedTurn, nextOrder: () => number): void {
    for (const { commandId, result, row, body } of commands) {
      const known = this.commands.get(commandId);
      if (known !== undefined) this.commands.set(commandId, { ...known, result: known.result ?? result });
      else if (row !== undefined && body !== undefined) this.putCommand(row, { body, result, order: nextOrder() });
    }
  }

  putCommand(row: CommandRow, stored: { body: string; result?: string; order: number }): void {
    const { runId, commandId, verb, actor, reason, atMs } = row;
    const command = { runId, commandId, verb, actor, atMs, ...(reason === undefined ? {} : { reason }), ...stored };
    this.commands.set(commandId, command);
  }

  putHandlerSnapshot(stage: string, snapshot: string | null): void {
    if (snapshot === null) this.handlerSnapshots.delete(stage);
    else this.handlerSnapshots.set(stage, snapshot);
  }

  setLease(owner: Owner | undefined, leaseUntilMs: number | undefined): void {
    delete this.row.owner;
    delete this.row.leaseUntilMs;
    if (owner === undefined || leaseUntilMs === undefined) return;
    const { host, bootId, pid, processStart } = owner;
    Object.assign(this.row, { owner: { host, bootId, pid, processStart }, leaseUntilMs });
  }

  readRow(): RunRow {
    const { runId } = this.row;
    return {
      ...this.row,
      ...(this.row.owner === undefined ? {} : { owner: { ...this.row.owner } }),
      labels: decodeJson(this.row.labels, `labels of run ${runId}`),
      inputs: decodeJson(this.row.inputs, `inputs of run ${runId}`),
    };
  }

  readGates(): GateRow[] {
    return inTextOrder(this.gates).map(([gate, { question, answer, ...row }]) => ({
      ...row,
      question: decodeJson(question, `gate ${gate}`),
      ...(answer === undefined ? {} : { answer: decodeJson(answer, `gate ${gate}`) }),
    }));
  }

  readProcesses(): ProcessRow[] {
    return [...this.processes.values()]
      .sort((a, b) => compareText(a.execution, b.execution) || a.pid - b.pid)
      .map((row) => ({ ...row }));
  }

  image(): RunImage {
    const pending = [...this.commands.values()].filter((command) => command.result === undefined);
    return {
      run: this.readRow(),
      actors: this.actors.read({}),
      context: this.context.liveContext(),
      scopes: this.context.liveScopes(),
      timers: inTextOrder(this.timers).map(([, timer]) => ({ ...timer })),
      gates: this.readGates().filter((gate) => gate.status === "open"),
      commands: pending.sort((a, b) => a.order - b.order).map(readCommand),
      processes: this.readProcesses(),
      handlerSnapshots: inTextOrder(this.handlerSnapshots).map(([stage, snapshot]) => ({ stage, snapshot })),
    };
  }
}

export function readCommand({ body, result, order: _, ...row }: StoredCommand): CommandRow {
  return {
    ...row,
    body: decodeJson(body, `command ${row.commandId}`),
    ...(result === undefined ? {} : { result: decodeJson(result, `command ${row.commandId}`) }),
  };
}

function pickTimer({ timer, actor, kind, clock, dueMs }: TimerRow): TimerRow {
  return { timer, actor, kind, clock, dueMs };
}

function toEntryRows({ entries, lastSeq, turn }: PreparedTurn, firstGseq: number): EntryRow[] {
  return entries.map(({ seq, entry, data }, index) => ({
    runId: turn.runId,
    seq,
    gseq: firstGseq + index,
    turn: lastSeq,
    atMs: turn.atMs,
    type: entry.type,
    v: ENTRY_VERSION,
    branch: entry.branch ?? null,
    stage: entry.stage ?? null,
    attempt: entry.attempt ?? null,
    execution: entry.execution ?? null,
    data,
    commandId: entry.cause?.commandId ?? null,
    causeActor: entry.cause?.actor ?? null,
  }));
}
