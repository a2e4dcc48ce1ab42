/** Content by its hash: blobs and pipelines. */
import { assertBlobIntact, hashOf } from "../blob-hash.ts";
import type { Topics } from "../store.ts";
import type { Connection } from "./connection.ts";

/** Storing a blob again makes it young again for the collector; more often than this would write for nothing. Seconds. */
const TOUCH_INTERVAL_S = 600;

// Node 22 takes bytes that are none for NULL.
const PUT_BLOB = `
  INSERT INTO blobs (hash, bytes, touched_at) VALUES (?, coalesce(?, x''), unixepoch())
  ON CONFLICT DO UPDATE SET touched_at = excluded.touched_at WHERE touched_at < excluded.touched_at - ${TOUCH_INTERVAL_S}`;
const GET_BLOB = "SELECT bytes FROM blobs WHERE hash = ?";
const PUT_PIPELINE = "INSERT OR IGNORE INTO pipelines (hash, name, source) VALUES (?, ?, ?)";
const SELECT_PIPELINE = "SELECT hash, name, source FROM pipelines WHERE hash = ?";

/** Answers with the hash. */
export function putBlob(connection: Connection, bytes: Uint8Array): string {
  const hash = hashOf(bytes);
  connection.transaction(() => insertBlob(connection, hash, bytes));
  return hash;
}

/** Within the caller's transaction. */
export function insertBlob(connection: Connection, hash: string, bytes: Uint8Array): void {
  connection.run(PUT_BLOB, hash, bytes);
}

/** Throws `store_corrupt` when the bytes are not those that were stored. */
export function getBlob(connection: Connection, hash: string): Uint8Array | undefined {
  const bytes = connection.get<{ bytes: Uint8Array }>(GET_BLOB, hash)?.bytes;
  if (bytes !== undefined) assertBlobIntact(hash, bytes);
  return bytes;
}

export function putPipeline(connection: Connection, { hash, name, source }: Topics["pipelines"]["row"]): void {
  connection.transaction(() => connection.run(PUT_PIPELINE, hash, name, source));
}

export function selectPipelines(connection: Connection, hash: string): Topics["pipelines"]["row"][] {
  return connection.all<Topics["pipelines"]["row"]>(SELECT_PIPELINE, hash).map((row) => ({ ...row }));
}
