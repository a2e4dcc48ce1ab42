/**
 * The store in this process's memory, with the promises of those on disk but one: it ends with the process. A turn is
 * checked whole before anything of it is written, so that nothing has to be undone.
 */
import { assert, isSafepointError, SafepointError, unreachable } from "../../errors.ts";
import type { JsonValue } from "../../graph/outcome.ts";
import { isFinalStatus } from "../../journal/status.ts";
import { hashOf } from "../blob-hash.ts";
import { ChangeFeed } from "../change-feed.ts";
import { assertSameCommand } from "../command-reuse.ts";
import type { EntryRow } from "../entry-row.ts";
import { assertJsonText, encodeJson } from "../json-text.ts";
import type { OutboxRow } from "../outbox.ts";
import { followerExists, type PreparedTurn, prepareTurn, refusalOf } from "../prepare-turn.ts";
import type {
  Claim,
  ClaimRequest,
  CommandRow,
  LeaseRef,
  Owner,
  RunImage,
  SideWrite,
  Store,
  Topic,
  Topics,
  TurnResult,
  TurnWrite,
} from "../store.ts";
import { MemoryRun, readCommand } from "./memory-run.ts";
import { readTopic } from "./read-topics.ts";

export class MemoryStore implements Store {
  readonly kind = "memory";
  readonly location = "memory";
  readonly #runs = new Map<string, MemoryRun>();
  readonly #journal: EntryRow[] = [];
  readonly #pipelines = new Map<string, Topics["pipelines"]["row"]>();
  readonly #blobs = new Map<string, Uint8Array>();
  readonly #outbox = new Map<string, OutboxRow>();
  readonly #feed = new ChangeFeed();
  #orders = 0;
  #isClosed = false;

  async commit(turns: readonly TurnWrite[]): Promise<readonly TurnResult[]> {
    return this.#write(() => turns.map((turn) => this.#commitTurn(turn)));
  }

  #commitTurn(turn: TurnWrite): TurnResult {
    try {
      const prepared = prepareTurn(turn);
      const run = prepared.create === undefined ? this.#fenced(turn) : this.#created(prepared, prepared.create);
      if (!(run instanceof MemoryRun)) return run;
      const firstGseq = this.#journal.length + 1;
      const writes = [{ run, prepared }, ...this.#followers(prepared)];
      for (const write of writes) write.run.assertWritable(write.prepared);
      for (const write of writes) this.#apply(write.run, write.prepared);
      for (const write of writes) this.#applyBeside(write.prepared);
      return { ok: true, firstGseq };
    } catch (error) {
      if (isSafepointError(error)) return refusalOf(error);
      throw error;
    }
  }

  #apply(run: MemoryRun, prepared: PreparedTurn): void {
    const { runId } = prepared.turn;
    this.#journal.push(...run.apply(prepared, this.#journal.length + 1, () => ++this.#orders));
    for (const { id, kind, body } of prepared.outbox) {
      const key = `${runId}\0${id}`;
      const row = { runId, id, kind, body: JSON.parse(body) as JsonValue, seq: prepared.lastSeq };
      if (!this.#outbox.has(key)) this.#outbox.set(key, row);
    }
    this.#runs.set(runId, run);
  }

  /** What a turn leaves outside its own run. The runs that it begins are there by now and may get mail. */
  #applyBeside({ turn, mail }: PreparedTurn): void {
    for (const { hash, bytes } of turn.blobs ?? []) {
      if (!this.#blobs.has(hash)) this.#blobs.set(hash, new Uint8Array(bytes));
    }
    for (const { row, body } of mail) {
      const run = this.#runs.get(row.runId);
      if (run === undefined || isFinalStatus(run.row.status) || run.commands.has(row.commandId)) continue;
      run.putCommand(row, { body, order: ++this.#orders });
    }
  }

  /** The runs that a turn begins, and those that these begin. Throws where one exists. */
  #followers(prepared: PreparedTurn, taken = new Set([prepared.turn.runId])) {
    const found: { run: MemoryRun; prepared: PreparedTurn }[] = [];
    for (const created of prepared.creates) {
      const { runId } = created.turn;
      if (taken.has(runId) || this.#runs.has(runId)) throw followerExists(runId);
      taken.add(runId);
      found.push({ run: new MemoryRun(created, created.create, ++this.#orders), prepared: created });
      found.push(...this.#followers(created, taken));
    }
    return found;
  }

  #fenced({ runId, token, baseSeq }: TurnWrite): MemoryRun | TurnResult {
    const run = this.#runs.get(runId);
    if (run === undefined) return { ok: false, code: "run_not_found", message: `there is no run ${runId}` };
    const { seq, token: newest, leaseUntilMs } = run.row;
    if (token === newest && baseSeq === seq && leaseUntilMs !== undefined) return run;
    const lease = leaseUntilMs === undefined ? ", and its lease was given back" : "";
    const found = `run ${runId} is at seq ${seq} under token ${newest}${lease}`;
    return {
      ok: false,
      code: "lease_lost",
      message: `${found}; this turn expected seq ${baseSeq} under token ${token}`,
    };
  }

  #created(prepared: PreparedTurn, create: NonNullable<PreparedTurn["create"]>): MemoryRun | TurnResult {
    const { runId } = prepared.turn;
    if (!this.#runs.has(runId)) return new MemoryRun(prepared, create, ++this.#orders);
    return { ok: false, code: "run_exists", message: `there is a run ${runId} already` };
  }

  async claim({ runId, owner, nowMs, leaseMs, deadToken }: ClaimRequest): Promise<Claim> {
    return this.#write((): Claim => {
      const run = this.#runs.get(runId);
      if (run === undefined) return { ok: false, code: "run_not_found" };
      const { owner: holder, leaseUntilMs = Number.NEGATIVE_INFINITY, token } = run.row;
      const isFree = holder === undefined || leaseUntilMs <= nowMs || token === deadToken || isSameOwner(holder, owner);
      if (!isFree) return { ok: false, code: "run_owned", run: run.readRow() };
      run.row.token = token + 1;
      run.setLease(owner, nowMs + leaseMs);
      return { ok: true, token: token + 1, run: run.readRow() };
    });
  }

  async renew(leases: readonly LeaseRef[], untilMs: number): Promise<readonly string[]> {
    return this.#write(() =>
      leases
        .filter((lease) => {
          const run = this.#held(lease);
          run?.setLease(run.row.owner, untilMs);
          return run === undefined;
        })
        .map(({ runId }) => runId),
    );
  }

  async release(leases: readonly LeaseRef[]): Promise<void> {
    this.#write(() => {
      for (const lease of leases) this.#held(lease)?.setLease(undefined, undefined);
    });
  }

  /** The run, if this lease on it still stands. */
  #held({ runId, token }: LeaseRef): MemoryRun | undefined {
    const run = this.#runs.get(runId);
    return run?.row.token === token && run.row.leaseUntilMs !== undefined ? run : undefined;
  }

  async load(runId: string): Promise<RunImage | undefined> {
    this.#assertOpen();
    return this.#runs.get(runId)?.image();
  }

  async read<T extends Topic>(topic: T, query: Topics[T]["query"]): Promise<readonly Topics[T]["row"][]> {
    this.#assertOpen();
    const tables = { runs: this.#runs, journal: this.#journal, pipelines: this.#pipelines, outbox: this.#outbox };
    return readTopic(tables, topic, query);
  }

  async submit(command: CommandRow): Promise<CommandRow> {
    return this.#write(() => {
      const body = encodeJson(command.body, `command ${command.commandId}`);
      const run = this.#runs.get(command.runId);
      if (run === undefined) throw new SafepointError("run_not_found", `there is no run ${command.runId}`);
      const known = run.commands.get(command.commandId);
      if (known === undefined) run.putCommand(command, { body, order: ++this.#orders });
      else assertSameCommand(readCommand(known), command);
      const stored = run.commands.get(command.commandId);
      assert(stored !== undefined, "a command can be read after it was stored", { commandId: command.commandId });
      return readCommand(stored);
    });
  }

  async writeSide(write: SideWrite): Promise<void> {
    if (write.kind === "handler_snapshot" && write.snapshot !== null) {
      assertJsonText(write.snapshot, `snapshot of the machine at ${write.stage}`);
    }
    this.#write(() => {
      const run = this.#held(write);
      if (run === undefined) {
        const { runId, token } = write;
        throw new SafepointError("lease_lost", `the lease on run ${runId} with token ${token} is no longer ours`, {
          details: { runId, token },
        });
      }
      writeFenced(run, write);
    });
  }

  async clearOutbox(rows: readonly Pick<OutboxRow, "runId" | "id">[]): Promise<void> {
    this.#write(() => {
      for (const { runId, id } of rows) this.#outbox.delete(`${runId}\0${id}`);
    });
  }

  async putPipeline({ hash, name, source }: Topics["pipelines"]["row"]): Promise<void> {
    this.#write(() => {
      if (!this.#pipelines.has(hash)) this.#pipelines.set(hash, { hash, name, source });
    });
  }

  async putBlob(bytes: Uint8Array): Promise<string> {
    return this.#write(() => {
      const hash = hashOf(bytes);
      this.#blobs.set(hash, new Uint8Array(bytes));
      return hash;
    });
  }

  async getBlob(hash: string): Promise<Uint8Array | undefined> {
    this.#assertOpen();
    const bytes = this.#blobs.get(hash);
    return bytes === undefined ? undefined : new Uint8Array(bytes);
  }

  watch(onChange: () => void): () => void {
    return this.#feed.add(onChange);
  }

  async check(): Promise<readonly string[]> {
    this.#assertOpen();
    return [...this.#runs.values()]
      .filter(({ row, entries }) => entries.length !== row.seq)
      .map(
        ({ row, entries }) => `run ${row.runId} is at seq ${row.seq}, but its journal has ${entries.length} entries`,
      );
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#feed.clear();
  }

  #write<T>(work: () => T): T {
    this.#assertOpen();
    const result = work();
    this.#feed.announce();
    return result;
  }

  #assertOpen(): void {
    if (this.#isClosed) throw new SafepointError("store_unavailable", "memory is closed");
  }
}

function isSameOwner(a: Owner, b: Owner): boolean {
  return a.host === b.host && a.bootId === b.bootId && a.pid === b.pid && a.processStart === b.processStart;
}

function writeFenced(run: MemoryRun, write: SideWrite): void {
  switch (write.kind) {
    case "process_started": {
      const { runId, token, execution, host, bootId, pid, processStart } = write;
      run.processes.set(`${execution}\0${pid}`, { runId, token, execution, host, bootId, pid, processStart });
      return;
    }
    case "process_ended":
      run.processes.delete(`${write.execution}\0${write.pid}`);
      return;
    case "output": {
      const { execution, stream, index, bytes } = write;
      const key = `${execution}\0${stream}\0${index}`;
      // A writer that had no answer sends the chunk again: the first stands.
      if (!run.output.has(key)) run.output.set(key, { execution, stream, index, bytes: new Uint8Array(bytes) });
      return;
    }
    case "handler_snapshot":
      run.putHandlerSnapshot(write.stage, write.snapshot);
      return;
    default:
      unreachable(write, "side write");
  }
}
