/** What a connection has learnt of its database. Forgotten once a transaction was rolled back: it may never have been. */
import type { Connection } from "./connection.ts";

const REMEMBERED_MAX = 20_000;

/** A map for each connection, empty again after a rollback and when it has grown too large. */
export function connectionMemory<K, V>(): (connection: Connection) => Map<K, V> {
  const all = new WeakMap<Connection, { readonly known: Map<K, V>; rollbacks: number }>();
  return (connection) => {
    const { rollbacks } = connection;
    const memory = all.get(connection) ?? { known: new Map<K, V>(), rollbacks };
    all.set(connection, memory);
    if (memory.rollbacks !== rollbacks || memory.known.size > REMEMBERED_MAX) memory.known.clear();
    memory.rollbacks = rollbacks;
    return memory.known;
  };
}
