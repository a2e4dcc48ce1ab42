/** What can be asked of the memory store, one function a topic. */
import { isWithin } from "../../journal/address.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { JOURNAL_PAGE_MAX } from "../../limits.ts";
import { type EntryRow, readEntry } from "../entry-row.ts";
import type { OutboxRow } from "../outbox.ts";
import type { RunStatus, Topic, Topics } from "../store.ts";
import { compareText, inTextOrder } from "../text-order.ts";
import { type MemoryRun, readCommand } from "./memory-run.ts";

/** What the readers look at. */
export interface MemoryTables {
  /** By creation. */
  readonly runs: ReadonlyMap<string, MemoryRun>;
  /** Of all runs, by gseq. */
  readonly journal: readonly EntryRow[];
  readonly pipelines: ReadonlyMap<string, Topics["pipelines"]["row"]>;
  readonly outbox: ReadonlyMap<string, OutboxRow>;
}

type Reader<T extends Topic> = (tables: MemoryTables, query: Topics[T]["query"]) => readonly Topics[T]["row"][];

const ENDED: readonly RunStatus[] = ["completed", "failed", "cancelled"];

const READERS: { readonly [T in Topic]: Reader<T> } = {
  runs: readRuns,
  run: ofRun((run) => [run.readRow()]),
  journal: readJournal,
  context: ofRun((run, query: Topics["context"]["query"]) => run.context.read(query)),
  scopes: ofRun((run) => run.context.allScopes()),
  checkpoints: ofRun((run, query: Topics["checkpoints"]["query"]) => run.actors.read(query)),
  timers: ofRun((run) => inTextOrder(run.timers).map(([, timer]) => ({ ...timer }))),
  gates: readGates,
  commands: readCommands,
  artifacts: ofRun((run, { artifact, stage }: Topics["artifacts"]["query"]) =>
    inTextOrder(run.artifacts)
      .map(([, row]) => ({ ...row }))
      .filter((row) => (artifact ?? row.artifact) === row.artifact && (stage ?? row.stage) === row.stage),
  ),
  output: ofRun((run, { execution, stream }: Topics["output"]["query"]) =>
    [...run.output.values()]
      .filter((row) => row.execution === execution && (stream ?? row.stream) === row.stream)
      .sort((a, b) => compareText(a.stream, b.stream) || a.index - b.index)
      .map((row) => ({ ...row, bytes: row.bytes.slice() })),
  ),
  processes: ofRun((run) => run.readProcesses()),
  outbox: ({ outbox }, { kind, limit }) => {
    const wanted = [...outbox.values()].filter((row) => (kind ?? row.kind) === row.kind);
    return wanted.slice(0, limit).map((row) => structuredClone(row));
  },
  pipelines: ({ pipelines }, { hash }) => {
    const pipeline = pipelines.get(hash);
    return pipeline === undefined ? [] : [{ ...pipeline }];
  },
};

export function readTopic<T extends Topic>(
  tables: MemoryTables,
  topic: T,
  query: Topics[T]["query"],
): readonly Topics[T]["row"][] {
  const reader: Reader<T> = READERS[topic];
  return reader(tables, query);
}

function ofRun<Query extends { readonly runId: string }, Row>(
  read: (run: MemoryRun, query: Query) => readonly Row[],
): (tables: MemoryTables, query: Query) => readonly Row[] {
  return ({ runs }, query) => {
    const run = runs.get(query.runId);
    return run === undefined ? [] : read(run, query);
  };
}

function readRuns({ runs }: MemoryTables, query: Topics["runs"]["query"]): Topics["runs"]["row"][] {
  const before = query.cursor === undefined ? Number.POSITIVE_INFINITY : Number.parseInt(query.cursor, 36) || 0;
  const wanted = [...runs.values()].reverse().filter((run) => run.order < before && matches(run, query));
  const limit = query.limit === undefined || query.limit < 0 ? wanted.length : query.limit;
  return wanted.slice(0, limit).map((run) => ({ ...run.readRow(), cursor: run.order.toString(36) }));
}

function matches(run: MemoryRun, query: Topics["runs"]["query"]): boolean {
  const { row } = run;
  const { status, labels, unownedAtMs, parentRun } = query;
  if (status !== undefined && !status.includes(row.status)) return false;
  if (parentRun !== undefined && row.parentRun !== parentRun) return false;
  if (unownedAtMs !== undefined) {
    if (ENDED.includes(row.status) || (row.leaseUntilMs ?? Number.NEGATIVE_INFINITY) > unownedAtMs) return false;
  }
  if (labels === undefined) return true;
  const own = run.readRow().labels;
  return Object.entries(labels).every(([key, value]) => Object.hasOwn(own, key) && own[key] === value);
}

function readJournal({ runs, journal }: MemoryTables, query: Topics["journal"]["query"]): JournalEntry[] {
  const { runId, after = 0, until, branch, within, stage, types, descending = false } = query;
  const rows = runId === undefined ? journal : (runs.get(runId)?.entries ?? []);
  const last = runId === undefined || until === undefined ? Number.POSITIVE_INFINITY : until;
  const isWanted = (row: EntryRow) => {
    const key = runId === undefined ? row.gseq : row.seq;
    if (key <= after || key > last) return false;
    if (branch !== undefined && row.branch !== branch) return false;
    if (within !== undefined && !isWithin(row.stage ?? row.branch ?? "", within)) return false;
    if (stage !== undefined && row.stage !== stage) return false;
    return types === undefined || types.includes(row.type);
  };
  const limit = Math.min(query.limit ?? JOURNAL_PAGE_MAX, JOURNAL_PAGE_MAX);
  // Entries are numbered from 1 without a gap, so that `after` is also a place in the list.
  return take(rows, { from: after, limit, descending, isWanted }).map(readEntry);
}

function take(
  rows: readonly EntryRow[],
  options: { from: number; limit: number; descending: boolean; isWanted: (row: EntryRow) => boolean },
): EntryRow[] {
  const { from, limit, descending, isWanted } = options;
  const taken: EntryRow[] = [];
  const step = descending ? -1 : 1;
  for (let index = descending ? rows.length - 1 : Math.max(0, from); taken.length < limit; index += step) {
    const row = rows[index];
    if (row === undefined) break;
    if (isWanted(row)) taken.push(row);
  }
  return taken;
}

function readGates({ runs }: MemoryTables, { runId, open, gate }: Topics["gates"]["query"]): Topics["gates"]["row"][] {
  return inTextOrder(runs)
    .filter(([id]) => (runId ?? id) === id)
    .flatMap(([id, run]) => run.readGates().map((row) => ({ ...row, runId: id })))
    .filter((row) => (gate ?? row.gate) === row.gate && (open === undefined || open === (row.status === "open")));
}

function readCommands(
  { runs }: MemoryTables,
  { runId, commandId, pending }: Topics["commands"]["query"],
): Topics["commands"]["row"][] {
  return [...runs.values()]
    .filter((run) => (runId ?? run.row.runId) === run.row.runId)
    .flatMap((run) => [...run.commands.values()])
    .filter((row) => (commandId ?? row.commandId) === row.commandId)
    .filter((row) => pending === undefined || pending === (row.result === undefined))
    .sort((a, b) => a.order - b.order)
    .map(readCommand);
}
