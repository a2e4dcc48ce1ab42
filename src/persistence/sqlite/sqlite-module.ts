/** Node's own SQLite, loaded on first use. */
import type * as Sqlite from "node:sqlite";
import { SafepointError } from "../../errors.ts";

let loaded: typeof Sqlite | undefined;

/**
 * The module `node:sqlite`, without the experimental warning that Node 22 prints on stderr at its first import: stderr is
 * for our users' eyes. Throws `configuration` on a Node without it.
 */
export function loadSqlite(): typeof Sqlite {
  loaded ??= withoutExperimentalWarning(() => process.getBuiltinModule("node:sqlite"));
  if (loaded === undefined) {
    throw new SafepointError("configuration", `SQLite stores need Node 22.18 or newer; this is ${process.version}`);
  }
  return loaded;
}

function withoutExperimentalWarning<T>(load: () => T): T {
  const emitWarning = process.emitWarning;
  process.emitWarning = ((warning: string | Error, ...rest: unknown[]) => {
    if (rest[0] === "ExperimentalWarning") return;
    Reflect.apply(emitWarning, process, [warning, ...rest]);
  }) as typeof process.emitWarning;
  try {
    return load();
  } finally {
    process.emitWarning = emitWarning;
  }
}
