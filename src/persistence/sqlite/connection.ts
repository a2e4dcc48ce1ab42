/** One connection to a database file: statements prepared once, transactions that always end. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

export class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, StatementSync>();
  readonly readOnly: boolean;
  /** Transactions that were not committed. What was remembered of one is not to be trusted once this has moved. */
  rollbacks = 0;
  /** Times that other connections were found to have changed the database. */
  others = 0;
  #dataVersion: number | undefined;

  constructor(database: DatabaseSync, readOnly: boolean) {
    this.#database = database;
    this.readOnly = readOnly;
  }

  /** Called where others have changed the database. While it throws nothing is read or written, and it is called again. */
  onOthers: () => void = () => {};

  /** Looks whether others have changed the database since this was last asked. Reads a counter in memory. */
  lookAround(): void {
    const found = this.get<{ data_version: number }>("PRAGMA data_version")?.data_version;
    if (found === this.#dataVersion) return;
    this.onOthers();
    this.others += 1;
    this.#dataVersion = found;
  }

  /** Runs a statement; answers with the number of rows it changed. */
  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepared(sql).run(...values).changes);
  }

  /** The first row. The statement is at its end or reset when this returns. */
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepared(sql).get(...values) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepared(sql).all(...values) as Row[];
  }

  /** Runs a script once, without keeping it. */
  script(sql: string): void {
    this.#database.exec(sql);
  }

  /**
   * Runs `body` in one write transaction. Whatever fails, COMMIT included, nothing of it is written and the connection
   * is ready for the next. IMMEDIATE, because a lock that is asked for in the middle may be refused without a wait.
   */
  transaction<T>(body: () => T): T {
    this.run("BEGIN IMMEDIATE");
    try {
      this.lookAround();
      const result = body();
      this.run("COMMIT");
      return result;
    } catch (error) {
      this.rollbacks += 1;
      // SQLite has rolled back by itself after some failures (a full disk, a lost medium), not after others.
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  /** Runs several reads on one state of the database. */
  snapshot<T>(body: () => T): T {
    this.run("BEGIN");
    try {
      return body();
    } finally {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
    }
  }

  close(): void {
    this.#statements.clear();
    this.#database.close();
  }

  #prepared(sql: string): StatementSync {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const statement = this.#database.prepare(sql);
    this.#statements.set(sql, statement);
    return statement;
  }
}
