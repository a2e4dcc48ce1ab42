/** The index by stage and branch is brought up now and then; what is read by place is the same at every moment. */
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import type { JournalEntry, NewEntry } from "../../src/journal/entry.ts";
import { openConnection } from "../../src/persistence/sqlite/open-connection.ts";
import { findPlaced, PLACES_LAG_MAX } from "../../src/persistence/sqlite/places.sql.ts";
import type { Store, Topics } from "../../src/persistence/store.ts";
import { commitAll, creation, turn } from "../../src/testing/store-fixtures.ts";
import { openStore, temporaryFolder } from "./temporary.ts";

const BRANCHES = ["main", "main/fan@1/0", "main/fan@1/1", "main/fan@1/10", "main/fan@1/1/each@2/3"];
const STAGES = ["main/n3@1", "main/fan@1/1/n2@2"];
const TURN_ENTRIES = 100;

/** The nth entry of a run: branches and stages of theirs in turn, a few entries of no place. */
function entryOf(n: number): NewEntry {
  const branch = BRANCHES[n % BRANCHES.length] ?? "main";
  if (n % 11 === 0) return { type: "run.queued", data: {} };
  const node = `n${n % 7}`;
  return { type: "stage.entered", branch, stage: `${branch}/${node}@${1 + (n % 3)}`, data: { kind: "gate" } };
}

function entriesFrom(n: number): NewEntry[] {
  return Array.from({ length: TURN_ENTRIES }, (_, index) => entryOf(n + index));
}

/** Two runs whose entries alternate turn by turn, `count` of each. */
async function writeRuns(store: Store, count: number): Promise<void> {
  await commitAll(store, creation("a"), creation("b"));
  for (let from = 1; from < count; from += TURN_ENTRIES) {
    const rows = entriesFrom(from);
    await commitAll(store, turn("a", from, { entries: rows }), turn("b", from, { entries: rows.slice().reverse() }));
  }
}

function isAt(place: string, { stage, branch }: JournalEntry): boolean {
  const at = stage ?? branch;
  return at !== undefined && (at === place || at.startsWith(`${place}/`));
}

async function readAll(store: Store, query: Topics["journal"]["query"]): Promise<JournalEntry[]> {
  const found: JournalEntry[] = [];
  for (let after = query.after ?? 0; ; ) {
    const page = await store.read("journal", { ...query, after });
    found.push(...page);
    const last = page.at(-1);
    if (last === undefined) return found;
    after = last.seq;
  }
}

function placedOf(path: string): { placed: number; newest: number } {
  const database = new DatabaseSync(path);
  const row = database
    .prepare("SELECT (SELECT value FROM meta WHERE key = 'placed') AS placed, max(gseq) AS newest FROM journal")
    .get();
  database.close();
  return row as { placed: number; newest: number };
}

/** What is read by place, against a filter over everything that is read without one. */
async function expectSameByPlace(store: Store, runId: string): Promise<void> {
  const all = await readAll(store, { runId });
  for (const place of [...BRANCHES, "main/fan@1", ...STAGES]) {
    const within = all.filter((entry) => isAt(place, entry));
    expect(within.length).toBeGreaterThan(0);
    expect(await readAll(store, { runId, within: place })).toEqual(within);
    expect(await readAll(store, { runId, branch: place })).toEqual(all.filter(({ branch }) => branch === place));
  }
  for (const stage of STAGES)
    expect(await readAll(store, { runId, stage })).toEqual(all.filter((entry) => entry.stage === stage));
}

describe("entries by place", () => {
  it.each([
    ["before the index was ever brought up", PLACES_LAG_MAX / 4],
    ["when it was, more than once", 3.25 * PLACES_LAG_MAX],
  ])("are what the journal has, %s", async (_name, count) => {
    const store = openStore(join(temporaryFolder(), "runs.db"));
    await writeRuns(store, count);
    const { placed, newest } = placedOf(store.location);
    expect(placed > 0).toBe(count > PLACES_LAG_MAX);
    // Never far behind; and this test would be blind to the newest end if the index happened to hold all.
    expect(newest - placed).toBeLessThan(PLACES_LAG_MAX + 2 * TURN_ENTRIES);
    expect(newest - placed).toBeGreaterThan(0);
    await expectSameByPlace(store, "a");
    await expectSameByPlace(store, "b");
    expect(await store.check()).toEqual([]);
  });

  it("are found by two processes that bring the index up in turns", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const stores = [openStore(path), openStore(path)] as const;
    await commitAll(stores[0], creation("a"));
    for (let from = 1, n = 0; from < 3 * PLACES_LAG_MAX; from += TURN_ENTRIES, n += 1) {
      await commitAll(stores[n % 3 === 0 ? 0 : 1], turn("a", from, { entries: entriesFrom(from) }));
    }
    await expectSameByPlace(stores[0], "a");
    expect(await stores[1].check()).toEqual([]);
  });

  it("cost what is there, not what the journal holds", async () => {
    const path = join(temporaryFolder(), "runs.db");
    await writeRuns(openStore(path), 3 * PLACES_LAG_MAX);
    const connection = openConnection({ path });
    const found = findPlaced(connection, 1, { place: "main/n3@1", below: true });
    const entry = "SEARCH journal USING INTEGER PRIMARY KEY (rowid=?)";
    const plan = connection
      .all<{ detail: string }>(`EXPLAIN QUERY PLAN SELECT data FROM ${found?.sql} CROSS JOIN journal ON gseq = found`)
      .map(({ detail }) => detail);
    // Seeks alone: the place, what is below it, the newest end of the journal, then each entry.
    expect(plan.filter((line) => /^(SEARCH|SCAN) (places|journal)/.test(line))).toEqual([
      "SEARCH places USING PRIMARY KEY (run=? AND place=?)",
      entry,
      "SEARCH places USING PRIMARY KEY (run=? AND place>? AND place<?)",
      entry,
      "SEARCH journal USING INTEGER PRIMARY KEY (rowid>?)",
      entry,
    ]);
    // Where nearly everything is at the place, the journal is read through in order, page by page.
    expect(findPlaced(connection, 1, { place: "main", below: true })).toBeUndefined();
    connection.close();
  });
});
