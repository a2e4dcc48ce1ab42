/** Turns are written whole or not at all, and only by who holds the lease. */
import type { ConformanceKit } from "./store-conformance.ts";
import { codeOf, commitAll, creation, describeResult, entries, MACHINE, OWNER, turn } from "./store-fixtures.ts";

export function testCommits(kit: ConformanceKit): void {
  kit.describe("commit", () => {
    testNumbering(kit);
    testFence(kit);
    testFaultyTurns(kit);
  });
}

function testNumbering({ promise, expect }: ConformanceKit): void {
  promise("numbers entries per run and over all runs, in order", async (store) => {
    const results = await store.commit([creation("a"), creation("b"), turn("a", 1, { entries: entries(2) })]);
    expect(results).toEqual([
      { ok: true, firstGseq: 1 },
      { ok: true, firstGseq: 2 },
      { ok: true, firstGseq: 3 },
    ]);
    const all = await store.read("journal", {});
    expect(all.map(({ runId, seq, gseq, turn: last }) => [runId, seq, gseq, last])).toEqual([
      ["a", 1, 1, 1],
      ["b", 1, 2, 1],
      ["a", 2, 3, 3],
      ["a", 3, 4, 3],
    ]);
  });

  promise("does not use a number for a turn that was refused", async (store) => {
    await store.commit([creation("a")]);
    const results = await store.commit([turn("a", 7), turn("a", 1)]);
    expect(results.map(describeResult)).toEqual(["lease_lost", "ok"]);
    expect(results[1]).toEqual({ ok: true, firstGseq: 2 });
  });

  promise("lets a run be created and go on in one transaction", async (store) => {
    const results = await store.commit([creation("a"), turn("a", 1), turn("a", 2)]);
    expect(results.map(describeResult)).toEqual(["ok", "ok", "ok"]);
    expect((await store.load("a"))?.run.seq).toBe(3);
  });

  promise("answers an empty commit with no results", async (store) => {
    expect(await store.commit([])).toEqual([]);
  });
}

function testFence({ promise, expect }: ConformanceKit): void {
  promise("refuses a stale base seq alone, and leaves nothing of that turn", async (store) => {
    await commitAll(store, creation("a"), creation("b"));
    const stale = turn("a", 5, {
      actors: [{ actor: "run:a", machine: MACHINE, snapshot: "{}" }],
      context: [{ scope: "main", key: "k", value: { json: "1" } }],
      timers: [{ timer: "t", actor: "run:a", kind: "wait", clock: "run", dueMs: 5 }],
      run: { status: "failed" },
    });
    const results = await store.commit([turn("b", 1), stale, turn("b", 2)]);
    expect(results.map(describeResult)).toEqual(["ok", "lease_lost", "ok"]);
    const image = await store.load("a");
    expect([image?.run.seq, image?.run.status, image?.actors, image?.context, image?.timers]).toEqual([
      1,
      "running",
      [],
      [],
      [],
    ]);
    expect((await store.load("b"))?.run.seq).toBe(3);
  });

  promise("refuses an old token, and a token from the future", async (store) => {
    await commitAll(store, creation("a"));
    await store.claim({ runId: "a", owner: OWNER, nowMs: 0, leaseMs: 1_000 });
    expect((await store.commit([turn("a", 1, { token: 1 })])).map(describeResult)).toEqual(["lease_lost"]);
    expect((await store.commit([turn("a", 1, { token: 3 })])).map(describeResult)).toEqual(["lease_lost"]);
    expect((await store.commit([turn("a", 1, { token: 2 })])).map(describeResult)).toEqual(["ok"]);
  });

  promise("refuses the token of a lease that was given back", async (store) => {
    await commitAll(store, creation("a"));
    await store.release([{ runId: "a", token: 1 }]);
    expect((await store.commit([turn("a", 1)])).map(describeResult)).toEqual(["lease_lost"]);
  });

  promise("refuses a second creation, and a turn of a run that is not there", async (store) => {
    await commitAll(store, creation("a", { labels: { first: "yes" } }));
    const results = await store.commit([creation("a"), turn("nowhere", 1)]);
    expect(results.map(describeResult)).toEqual(["run_exists", "run_not_found"]);
    expect((await store.load("a"))?.run.labels).toEqual({ first: "yes" });
  });

  promise("does not write the same turn twice", async (store) => {
    await commitAll(store, creation("a"));
    const same = turn("a", 1);
    const results = await store.commit([same, same]);
    expect(results.map(describeResult)).toEqual(["ok", "lease_lost"]);
    expect((await store.read("journal", { runId: "a" })).length).toBe(2);
  });
}

function testFaultyTurns({ promise, expect }: ConformanceKit): void {
  const faults = {
    "an entry that is not JSON": { entries: [{ type: "run.completed", data: { status: Number.NaN, exit: "x" } }] },
    "a snapshot that is not JSON": { actors: [{ actor: "run:a", machine: MACHINE, snapshot: "{" }] },
    "a value that is not JSON": { context: [{ scope: "main", key: "k", value: { json: "undefined" } }] },
    "no entries": { entries: [] },
    "a change to a gate that was never opened": { gates: [{ gate: "g", stage: "main/g@1", status: "answered" }] },
    "a result of a command that nobody gave": { commands: [{ commandId: "c", result: true }] },
  } as const;
  for (const [name, changes] of Object.entries(faults)) {
    promise(`refuses a turn with ${name}, and writes the others`, async (store) => {
      await commitAll(store, creation("a"), creation("b"));
      const before = await store.load("a");
      const faulty = turn("a", 1, changes as never);
      const results = await store.commit([turn("b", 1), faulty, turn("b", 2)]);
      expect(results.map((result) => result.ok)).toEqual([true, false, true]);
      expect(describeResult(results[1])).toMatch(/^(not_json|internal)$/);
      expect(await store.load("a")).toEqual(before);
      expect((await store.read("journal", {})).map((entry) => entry.gseq)).toEqual([1, 2, 3, 4]);
      expect(await store.check()).toEqual([]);
    });
  }

  promise("is of no use after it was closed, and says so", async (store) => {
    await commitAll(store, creation("a"));
    await store.close();
    expect(await codeOf(store.commit([turn("a", 1)]))).toBe("store_unavailable");
    expect(await codeOf(store.load("a"))).toBe("store_unavailable");
    expect(await codeOf(store.close())).toBe("resolved");
  });
}
