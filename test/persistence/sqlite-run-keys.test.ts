/** A turn finds its run by a key that is remembered. A transaction that was rolled back gave keys that others get. */
import { expect, it } from "vitest";
import { prepareTurn } from "../../src/persistence/prepare-turn.ts";
import { commitTurns } from "../../src/persistence/sqlite/commit-turns.ts";
import { insertEntries } from "../../src/persistence/sqlite/journal.sql.ts";
import { openConnection } from "../../src/persistence/sqlite/open-connection.ts";
import { advanceRun, insertRun, selectRun } from "../../src/persistence/sqlite/runs.sql.ts";
import { creation, turn } from "../../src/testing/store-fixtures.ts";

it("a run whose remembered key is another's by now is found all the same, and the other left alone", () => {
  const connection = openConnection({ path: ":memory:" });
  const first = prepareTurn(creation("a"));
  const key = () =>
    connection.transaction(() => {
      const run = insertRun(connection, { ...first, create: first.create as NonNullable<typeof first.create> });
      insertEntries(connection, run ?? 0, { prepared: first, firstGseq: 1, checkpoint: null });
      throw new Error(`key ${advanceRun(connection, turn("a", 1))}`);
    });
  expect(key).toThrow("key 1");
  expect(commitTurns(connection, [creation("b"), turn("b", 1)], "").every(({ ok }) => ok)).toBe(true);
  expect(selectRun(connection, "b")).toMatchObject({ key: 1, run: { seq: 2 } });
  // Under the key that is remembered stands a run with this very seq and token.
  expect(commitTurns(connection, [turn("a", 2)], "")).toMatchObject([{ ok: false, code: "run_not_found" }]);
  expect(commitTurns(connection, [creation("a"), turn("a", 1)], "").every(({ ok }) => ok)).toBe(true);
  expect(selectRun(connection, "a")).toMatchObject({ key: 2, run: { seq: 2 } });
  expect(selectRun(connection, "b")).toMatchObject({ key: 1, run: { seq: 2 } });
  connection.close();
});
