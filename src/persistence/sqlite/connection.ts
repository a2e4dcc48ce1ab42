/** One connection to a database file: statements prepared once, transactions that always end. */
import type { DatabaseSync, SQLInputValue, StatementSync } from "node:sqlite";

interface Prepared {
  readonly statement: StatementSync;
  /** Which of the values each parameter takes, from 0. Absent: one after the other. */
  readonly order?: readonly number[];
}

export class Connection {
  readonly #database: DatabaseSync;
  readonly #statements = new Map<string, Prepared>();
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
    const { statement, order } = this.#prepared(sql);
    return Number(statement.run(...inOrder(values, order)).changes);
  }

  /** The first row. The statement is at its end or reset when this returns. */
  get<Row>(sql: string, ...values: SQLInputValue[]): Row | undefined {
    const { statement, order } = this.#prepared(sql);
    return statement.get(...inOrder(values, order)) as Row | undefined;
  }

  all<Row>(sql: string, ...values: SQLInputValue[]): Row[] {
    const { statement, order } = this.#prepared(sql);
    return statement.all(...inOrder(values, order)) as Row[];
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

  #prepared(sql: string): Prepared {
    const known = this.#statements.get(sql);
    if (known !== undefined) return known;
    const prepared = prepare(this.#database, sql);
    this.#statements.set(sql, prepared);
    return prepared;
  }
}

/** Numbered parameters become plain ones, whose values are given again where they are used again: Node 22 knows no others. */
function prepare(database: DatabaseSync, sql: string): Prepared {
  const order: number[] = [];
  const plain = sql.replace(/\?(\d+)/g, (_, number: string) => {
    order.push(Number(number) - 1);
    return "?";
  });
  const statement = database.prepare(plain);
  return order.every((value, index) => value === index) ? { statement } : { statement, order };
}

function inOrder(values: SQLInputValue[], order: readonly number[] | undefined): SQLInputValue[] {
  return order === undefined ? values : order.map((index) => values[index] as SQLInputValue);
}
