/** What the medium itself takes: rows of a given size in a bare table, under the settings of our own store. */
import { DatabaseSync, type StatementSync } from "node:sqlite";
import type { Synchronous } from "./engine.ts";

export interface RawOptions {
  readonly path: string;
  readonly synchronous: Synchronous;
  /** Of each row. */
  readonly bytes: number;
}

export class RawCommits {
  readonly #database: DatabaseSync;
  readonly #insert: StatementSync;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #body: string;

  constructor({ path, synchronous, bytes }: RawOptions) {
    this.#database = new DatabaseSync(path);
    this.#database.exec(
      `PRAGMA journal_mode = WAL; PRAGMA synchronous = ${synchronous}; PRAGMA wal_autocheckpoint = 4000;
       CREATE TABLE raw (body TEXT)`,
    );
    this.#insert = this.#database.prepare("INSERT INTO raw VALUES (?)");
    this.#begin = this.#database.prepare("BEGIN IMMEDIATE");
    this.#commit = this.#database.prepare("COMMIT");
    this.#body = "x".repeat(Math.max(1, Math.round(bytes)));
  }

  /** Answers with the milliseconds it took. */
  write({ rows, rowsPerCommit = 1 }: { readonly rows: number; readonly rowsPerCommit?: number }): number {
    const started = performance.now();
    for (let row = 0; row < rows; ) {
      this.#begin.run();
      for (const end = Math.min(rows, row + rowsPerCommit); row < end; row++) this.#insert.run(this.#body);
      this.#commit.run();
    }
    return performance.now() - started;
  }

  close(): void {
    this.#database.close();
  }
}
