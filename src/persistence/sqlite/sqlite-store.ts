/** The store in one SQLite file. Each method here only says which statements it stands for. */
import { SafepointError } from "../../errors.ts";
import { STORE_BUSY_PATIENCE_MS, WATCH_INTERVAL_MS } from "../../limits.ts";
import { ChangeFeed } from "../change-feed.ts";
import type { OutboxRow } from "../outbox.ts";
import type {
  ClaimRequest,
  CommandRow,
  LeaseRef,
  RunImage,
  SideWrite,
  Store,
  Topic,
  Topics,
  TurnWrite,
} from "../store.ts";
import { deleteOutbox } from "./artifacts.sql.ts";
import { getBlob, putBlob, putPipeline } from "./blobs.sql.ts";
import { checkDatabase } from "./check-database.ts";
import { submitCommand } from "./commands.sql.ts";
import { commitTurns } from "./commit-turns.ts";
import type { Connection } from "./connection.ts";
import { claimRun, releaseLeases, renewLeases } from "./leases.sql.ts";
import { openConnection, type SqliteOptions } from "./open-connection.ts";
import { WriteQueue, withPatience } from "./patience.ts";
import { loadRun, readTopic } from "./read-topics.ts";
import { writeSide } from "./sides.sql.ts";
import { toStoreError } from "./sqlite-errors.ts";

export class SqliteStore implements Store {
  readonly kind = "sqlite";
  readonly location: string;
  readonly #options: SqliteOptions;
  readonly #patienceMs: number;
  readonly #writes: WriteQueue;
  readonly #feed = new ChangeFeed();
  #connection: Connection | undefined;
  #closed = false;
  #poll: NodeJS.Timeout | undefined;
  #seenVersion: number | undefined;

  constructor(options: SqliteOptions & { readonly busyPatienceMs?: number }) {
    this.location = options.path;
    this.#options = options;
    this.#patienceMs = options.busyPatienceMs ?? STORE_BUSY_PATIENCE_MS;
    this.#writes = new WriteQueue(this.#patienceMs);
  }

  commit(turns: readonly TurnWrite[]) {
    return this.#write((connection) => commitTurns(connection, turns, this.location));
  }

  claim(request: ClaimRequest) {
    return this.#write((connection) => claimRun(connection, request));
  }

  renew(leases: readonly LeaseRef[], untilMs: number) {
    return this.#write((connection) => renewLeases(connection, leases, untilMs));
  }

  release(leases: readonly LeaseRef[]) {
    return this.#write((connection) => releaseLeases(connection, leases));
  }

  submit(command: CommandRow) {
    return this.#write((connection) => submitCommand(connection, command));
  }

  writeSide(write: SideWrite) {
    return this.#write((connection) => writeSide(connection, write));
  }

  clearOutbox(rows: readonly Pick<OutboxRow, "runId" | "id">[]) {
    return this.#write((connection) => deleteOutbox(connection, rows));
  }

  putPipeline(pipeline: Topics["pipelines"]["row"]) {
    return this.#write((connection) => putPipeline(connection, pipeline));
  }

  putBlob(bytes: Uint8Array) {
    return this.#write((connection) => putBlob(connection, bytes));
  }

  load(runId: string): Promise<RunImage | undefined> {
    return this.#read((connection) => loadRun(connection, runId));
  }

  read<T extends Topic>(topic: T, query: Topics[T]["query"]): Promise<readonly Topics[T]["row"][]> {
    return this.#read((connection) => readTopic(connection, topic, query));
  }

  getBlob(hash: string) {
    return this.#read((connection) => getBlob(connection, hash));
  }

  check() {
    return this.#read(checkDatabase);
  }

  watch(onChange: () => void): () => void {
    const stop = this.#feed.add(onChange);
    this.#startPolling();
    return () => {
      stop();
      if (!this.#feed.isWatched) this.#stopPolling();
    };
  }

  async close(): Promise<void> {
    // Behind the writers that wait: what was handed in is written.
    if (!this.#closed) await this.#writes.run(() => this.#shut());
  }

  #shut(): void {
    this.#closed = true;
    this.#stopPolling();
    this.#feed.clear();
    this.#connection?.close();
    this.#connection = undefined;
  }

  async #write<T>(work: (connection: Connection) => T): Promise<T> {
    try {
      const result = await this.#writes.run(() => work(this.#open()));
      this.#feed.announce();
      return result;
    } catch (error) {
      throw toStoreError(error, this.location);
    }
  }

  async #read<T>(work: (connection: Connection) => T): Promise<T> {
    try {
      return await withPatience(() => {
        const connection = this.#open();
        connection.lookAround();
        return work(connection);
      }, this.#patienceMs);
    } catch (error) {
      throw toStoreError(error, this.location);
    }
  }

  /** Opened by the first use, so that a lock met while opening is waited for like any other. */
  #open(): Connection {
    if (this.#closed) throw new SafepointError("store_unavailable", `${this.location} is closed`);
    this.#connection ??= openConnection(this.#options);
    return this.#connection;
  }

  /** Other processes' commits change `data_version`; asking for it reads a page header in memory and writes nothing. */
  #startPolling(): void {
    if (this.#poll !== undefined || this.#closed || this.location === ":memory:") return;
    this.#seenVersion = this.#dataVersion();
    this.#poll = setInterval(() => {
      const version = this.#dataVersion();
      if (version === undefined || version === this.#seenVersion) return;
      this.#seenVersion = version;
      this.#feed.announce();
    }, WATCH_INTERVAL_MS);
  }

  #stopPolling(): void {
    clearInterval(this.#poll);
    this.#poll = undefined;
  }

  /** Undefined when it cannot be told now; the next poll asks again. What is wrong is told to those who read or write. */
  #dataVersion(): number | undefined {
    try {
      return this.#open().get<{ data_version: number }>("PRAGMA data_version")?.data_version;
    } catch {
      return undefined;
    }
  }
}
