import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { TurnWrite } from "../../src/persistence/store.ts";
import { verifyAll } from "../../src/persistence/verify.ts";
import {
  codeOf,
  commitAll,
  creation,
  describeResult,
  entries,
  MACHINE,
  turn,
} from "../../src/testing/store-fixtures.ts";
import { openStore, temporaryFolder } from "./temporary.ts";

/** A turn that writes to every table that turns write to. */
function richTurn(baseSeq: number): TurnWrite {
  const n = String(baseSeq);
  return turn("a", baseSeq, {
    entries: entries(2),
    run: { resumeEpoch: baseSeq },
    actors: [
      { actor: "branch:main", machine: MACHINE, snapshot: `{"pad":"${"x".repeat(300)}"}` },
      { actor: `stage:${n}`, machine: MACHINE, snapshot: "{}" },
    ],
    context: [{ scope: "main", key: "k", value: { json: JSON.stringify("v".repeat(500)) } }],
    scopes: [{ scope: `main/f@${n}`, parent: "main" }],
    timers: [{ timer: n, actor: "a", kind: "wait", clock: "run", dueMs: 1 }],
    gates: [{ gate: n, stage: n, status: "open", question: n }],
    artifacts: [],
    commands: [
      { commandId: n, result: 1, row: { runId: "a", commandId: n, verb: "pause", body: null, actor: "ann", atMs: 1 } },
    ],
    outbox: [{ id: n, kind: "hook", body: n }],
    handlerSnapshots: [{ stage: n, snapshot: "{}" }],
  });
}

const WRITTEN_TABLES = ["journal", "scopes", "context", "timers", "gates"].concat([
  "commands",
  "outbox",
  "handler_snapshots",
]);

describe("a full disk", () => {
  it("loses nothing: whichever write fails, the store stands where it was, and goes on when there is room", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const first = openStore(path);
    await commitAll(first, creation("a"));
    await first.close();
    const pages = countPages(path);
    let written = 1;
    let failures = 0;
    for (let extra = 0; extra < 40 && written < 60; extra++) {
      const store = sqliteStore({ path, synchronous: "NORMAL", pagesMax: pages + extra });
      for (;;) {
        const code = await codeOf(store.commit([richTurn(written)]));
        if (code === "resolved") written += 2;
        else {
          expect(code).toBe("store_full");
          failures++;
        }
        // Usable after the failure, on the same connection, and unchanged.
        expect((await store.load("a"))?.run.seq).toBe(written);
        if (code !== "resolved" || written >= 60) break;
      }
      expect(await verifyAll(store)).toEqual([]);
      await store.close();
    }
    expect(failures).toBeGreaterThan(3);
    expect(written).toBeGreaterThan(20);
    const store = openStore(path);
    await commitAll(store, richTurn(written));
    expect(await verifyAll(store)).toEqual([]);
  });
});

describe("a row that the medium refuses", () => {
  it.each(WRITTEN_TABLES)("of %s: its turn fails alone and whole, the others are written", async (table) => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path);
    await commitAll(store, creation("a"), creation("b"));
    const before = await store.load("a");
    const other = new DatabaseSync(path);
    const run = other.prepare("SELECT run FROM runs WHERE run_id = 'a'").get()?.["run"];
    const abort = "BEGIN SELECT RAISE(ABORT, 'no'); END";
    other.exec(`CREATE TRIGGER refuse BEFORE INSERT ON ${table} WHEN NEW.run = ${run} ${abort}`);
    const results = await store.commit([turn("b", 1), richTurn(1), turn("b", 2)]);
    expect(results.map(describeResult)).toEqual(["ok", "internal", "ok"]);
    expect(await store.load("a")).toEqual(before);
    expect((await store.read("journal", {})).map((entry) => [entry.runId, entry.gseq])).toEqual([
      ["a", 1],
      ["b", 2],
      ["b", 3],
      ["b", 4],
    ]);
    other.exec("DROP TRIGGER refuse");
    other.close();
    expect((await store.commit([richTurn(1)])).map(describeResult)).toEqual(["ok"]);
    expect(await verifyAll(store)).toEqual([]);
  });
});

describe("a lock held by another process", () => {
  it("is waited for without stopping the event loop, and the turn is written when it goes", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path);
    await commitAll(store, creation("a"));
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    let ticks = 0;
    const ticking = setInterval(() => {
      ticks++;
      if (ticks === 5) other.exec("COMMIT");
    }, 5);
    const results = await Promise.all([store.commit([turn("a", 1)]), store.commit([turn("a", 2)])]);
    clearInterval(ticking);
    other.close();
    expect(results.flat().map(describeResult)).toEqual(["ok", "ok"]);
    expect(ticks).toBeGreaterThanOrEqual(5);
  });

  it("is store_busy when patience ends; nothing is written, and reading went on", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path, { busyPatienceMs: 60 });
    await commitAll(store, creation("a"));
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const waiting = codeOf(store.commit([turn("a", 1)]));
    expect((await store.load("a"))?.run.seq).toBe(1);
    expect(await waiting).toBe("store_busy");
    other.exec("ROLLBACK");
    other.close();
    expect((await store.load("a"))?.run.seq).toBe(1);
    expect((await store.commit([turn("a", 1)])).map(describeResult)).toEqual(["ok"]);
  });

  it("is waited for while opening, too", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const store = openStore(path);
    const opening = store.commit([creation("a")]);
    setTimeout(() => other.exec("ROLLBACK"), 40);
    expect((await opening).map(describeResult)).toEqual(["ok"]);
    other.close();
  });
});

describe("a commit that waits", () => {
  it("is finished before the store closes", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path);
    await commitAll(store, creation("a"));
    const other = new DatabaseSync(path);
    other.exec("BEGIN IMMEDIATE");
    const waiting = store.commit([turn("a", 1)]);
    const closing = store.close();
    setTimeout(() => other.exec("ROLLBACK"), 30);
    expect((await waiting).map(describeResult)).toEqual(["ok"]);
    await closing;
    other.close();
    expect((await openStore(path).load("a"))?.run.seq).toBe(2);
  });
});

function countPages(path: string): number {
  const database = new DatabaseSync(path);
  const pages = database.prepare("PRAGMA page_count").get()?.["page_count"];
  database.close();
  return Number(pages);
}
