import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { selectActors } from "../../src/persistence/sqlite/checkpoints.sql.ts";
import { commitTurns } from "../../src/persistence/sqlite/commit-turns.ts";
import { selectLiveContext } from "../../src/persistence/sqlite/context.sql.ts";
import { openConnection } from "../../src/persistence/sqlite/open-connection.ts";
import { loadRun } from "../../src/persistence/sqlite/read-topics.ts";
import { creation, entries, MACHINE, turn } from "../../src/testing/store-fixtures.ts";
import { temporaryFolder } from "./temporary.ts";

const STAGES_LONG = 100_000;
const STAGES_SHORT = 1_000;

/** A run that has come `stages` stages far, each with a scope and an actor of its own that ended with it. */
function writeHistory(path: string, stages: number): void {
  const first = openConnection({ path, synchronous: "NORMAL" });
  commitTurns(first, [creation("a")], path);
  // Another one, which remembers nothing of what is written past it.
  first.close();
  const connection = openConnection({ path, synchronous: "NORMAL" });
  const key = connection.get<{ run: number }>("SELECT run FROM runs")?.run ?? 0;
  // Through SQL in one sweep: the rows that as many turns leave, without a minute of turns.
  const series = `WITH RECURSIVE n (i) AS (SELECT 2 UNION ALL SELECT i + 1 FROM n WHERE i <= ${stages})`;
  connection.transaction(() => {
    const written =
      "json_array(json_array('stage:main/n' || i || '@1', 'm', '{}'), json_array('branch:main', 'm', '{}'))";
    const ended = "json_array('stage:main/n' || (i - 1) || '@1')";
    // Every sixteenth turn lists who lives besides: nobody.
    const list = "CASE i % 16 WHEN 0 THEN json_array() END";
    const checkpoint = `json_patch(json_object('written', ${written}, 'ended', ${ended}), json_object('others', ${list}))`;
    connection.run(`${series} INSERT INTO context SELECT ${key}, 'main', 'outcome', i, '1', NULL, NULL FROM n`);
    connection.run(`${series} INSERT INTO context SELECT ${key}, 'main/each@1/' || i, 'x', i, '1', NULL, NULL FROM n`);
    connection.run(`${series} INSERT INTO scopes SELECT ${key}, i + 1, 'main/each@1/' || i, i, 'main', i FROM n`);
    connection.run(
      `${series} INSERT INTO journal SELECT i, ${key}, i, i, 1, 'run.queued', 1, 'main', NULL, NULL, NULL, '{}', NULL, NULL, ${checkpoint} FROM n`,
    );
  });
  const last = turn("a", stages + 1, {
    entries: entries(1),
    actors: [
      { actor: "branch:main", machine: MACHINE, snapshot: "{}" },
      { actor: `stage:main/n${stages + 1}@1`, ended: true },
    ],
    context: [{ scope: "main", key: "outcome", value: { json: "2" } }],
  });
  expect(commitTurns(connection, [last], path).map((result) => result.ok)).toEqual([true]);
  connection.close();
}

function medianMs(work: () => void): number {
  const times = Array.from({ length: 21 }, () => {
    const started = performance.now();
    work();
    return performance.now() - started;
  });
  return times.sort((a, b) => a - b)[10] ?? 0;
}

describe("the cost of loading a run", () => {
  it("follows what lives, not what was", () => {
    const folder = temporaryFolder();
    const times = [STAGES_SHORT, STAGES_LONG].map((stages) => {
      const path = join(folder, `${stages}.db`);
      writeHistory(path, stages);
      const connection = openConnection({ path, synchronous: "NORMAL" });
      const image = loadRun(connection, "a");
      expect(image?.actors.map((row) => row.seq)).toEqual([stages + 2]);
      expect(image?.context.map((row) => [row.key, row.seq])).toEqual([["outcome", stages + 2]]);
      const ms = medianMs(() => loadRun(connection, "a"));
      connection.close();
      return ms;
    });
    // A hundred times the history. A scan would cost tens of milliseconds more; a seek costs a level or two of the tree.
    expect(times[1] ?? 0).toBeLessThan((times[0] ?? 0) * 3 + 2);
  });

  it("is done by seeks alone", () => {
    const connection = openConnection({ path: ":memory:" });
    const plans: string[] = [];
    const spied = new Proxy(connection, {
      get: (target, name) =>
        name === "all"
          ? (sql: string, ...values: number[]) => {
              const rows = target.all<{ detail: string }>(`EXPLAIN QUERY PLAN ${sql}`, ...values);
              plans.push(...rows.map((row) => row.detail));
              return [];
            }
          : undefined,
    });
    selectActors(spied, 1, {});
    selectLiveContext(spied, 1);
    const scans = plans.filter((line) => /^SCAN /.test(line));
    // "k" is the list of live keys itself, which the recursion makes.
    expect(scans.filter((line) => !/^SCAN k\b/.test(line))).toEqual([]);
    expect(plans).toContain("SEARCH journal USING INDEX journal_by_seq (run=? AND seq<?)");
    expect(plans.some((line) => /SEARCH context USING PRIMARY KEY \(run=\? AND scope=\? AND key>\?\)/.test(line))).toBe(
      true,
    );
    connection.close();
  });
});
