import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { tailPages } from "../../src/runtime/queries/tail.ts";
import { tailChain } from "../../src/runtime/queries/tail-chain.ts";
import { tailEntries } from "../../src/runtime/queries/tail-entries.ts";
import { creationOf, demoStore, entry, writeRest, writeTurns } from "./stored-run.ts";

const tick = (count: number) => Array.from({ length: count }, () => entry("timer.fired", { timer: "t" }));

async function seqsOf(pages: AsyncIterable<readonly { readonly seq: number }[]>): Promise<number[]> {
  const seqs: number[] = [];
  for await (const page of pages) seqs.push(...page.map((each) => each.seq));
  return seqs;
}

const upTo = (last: number) => Array.from({ length: last }, (_, index) => index + 1);

describe("tailPages", () => {
  it("of an ended run gives all of it and ends", async () => {
    const store = await demoStore();
    expect(await seqsOf(tailPages(store, { runId: "demo" }))).toEqual(upTo(19));
    expect(await seqsOf(tailPages(store, { runId: "demo", after: 17 }))).toEqual([18, 19]);
    expect(await seqsOf(tailPages(store, { runId: "demo", after: 19 }))).toEqual([]);
  });

  it("gives entries after the last one as backlog only", async () => {
    const store = await demoStore();
    const late = entry("control.rejected", { verb: "pause", state: "completed", code: "run_finished" });
    await writeTurns(store, "demo", [{ entries: [late] }]);
    expect(await seqsOf(tailPages(store, { runId: "demo" }))).toEqual(upTo(20));
  });

  it("waits for what comes and ends with the run", async () => {
    const store = await demoStore(1);
    const seen = seqsOf(tailPages(store, { runId: "demo" }));
    await writeRest(store, 1);
    expect(await seen).toEqual(upTo(19));
  });

  it("with a filter still ends with the run", async () => {
    const store = await demoStore(1);
    const seen = seqsOf(tailPages(store, { runId: "demo", types: ["stage.started"] }));
    await writeRest(store, 1);
    expect(await seen).toEqual([6, 8, 14]);
  });

  it("misses nothing that is written between its reads, and gives nothing twice", async () => {
    const store = await demoStore(1);
    let written = 6;
    // After each read of the journal, and before anybody has seen what it gave, more is written.
    const busy = wrapRead(store, async () => {
      if (written >= 306) return;
      await writeTurns(store, "demo", [{ entries: tick(3) }]);
      written += 3;
    });
    const stop = new AbortController();
    const seqs: number[] = [];
    for await (const page of tailPages(busy, { runId: "demo", signal: stop.signal })) {
      seqs.push(...page.map((each) => each.seq));
      if (seqs.length >= 306) stop.abort();
    }
    expect(seqs).toEqual(upTo(306));
  });

  it("reads once at a time, and not before the last page was taken", async () => {
    const store = await demoStore(1);
    await writeTurns(store, "demo", [{ entries: tick(3_500) }]);
    let reads = 0;
    const counted = wrapRead(store, async () => {
      reads += 1;
    });
    const pages = tailPages(counted, { runId: "demo" });
    await pages.next();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(reads).toBe(1);
    await pages.next();
    expect(reads).toBe(2);
    await pages.return(undefined);
  });

  it("stops at once when it is told to, and stops watching", async () => {
    const store = await demoStore(1);
    let watchers = 0;
    const watched = { ...bound(store), watch: countWatchers(store, (change) => (watchers += change)) };
    const stop = new AbortController();
    const done = seqsOf(tailPages(watched, { runId: "demo", signal: stop.signal }));
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(watchers).toBe(1);
    stop.abort();
    expect(await done).toEqual(upTo(6));
    expect(watchers).toBe(0);
  });

  it("of all runs goes by gseq", async () => {
    const store = await demoStore();
    await writeTurns(store, "other", [creationOf("other")]);
    const stop = new AbortController();
    const seen: string[] = [];
    for await (const page of tailPages(store, { after: 17, signal: stop.signal })) {
      seen.push(...page.map((each) => `${each.runId}:${each.seq}`));
      if (seen.length >= 8) stop.abort();
    }
    expect(seen).toEqual(["demo:18", "demo:19", ...upTo(6).map((seq) => `other:${seq}`)]);
  });

  it("refuses a run that is not there", async () => {
    await expect(tailPages(memoryStore(), { runId: "nope" }).next()).rejects.toMatchObject({ code: "run_not_found" });
  });

  it("sees what another connection writes", async () => {
    const { mkdtempSync, rmSync } = await import("node:fs");
    const { tmpdir } = await import("node:os");
    const dir = mkdtempSync(`${tmpdir()}/safepoint-tail-`);
    const [mine, theirs] = [sqliteStore(`${dir}/s.db`), sqliteStore(`${dir}/s.db`)];
    try {
      await demoStore(1, theirs);
      const seen = seqsOf(tailPages(mine, { runId: "demo" }));
      await writeRest(theirs, 1);
      expect(await seen).toEqual(upTo(19));
    } finally {
      await Promise.all([mine.close(), theirs.close()]);
      rmSync(dir, { recursive: true });
    }
  });
});

describe("tailChain", () => {
  it("goes on with the run that took over", async () => {
    const store = await demoStore();
    await writeTurns(store, "first", [
      creationOf("first"),
      {
        entries: [entry("run.restarted", { newRunId: "demo", restarts: 1 })],
        run: { status: "completed" },
      },
    ]);
    const seen: string[] = [];
    for await (const page of tailChain(store, { runId: "first" })) seen.push(...page.map((each) => each.runId));
    expect(seen).toEqual([...Array(7).fill("first"), ...Array(19).fill("demo")]);
  });
});

describe("tailEntries", () => {
  it("completes after the run's last entry", async () => {
    const store = await demoStore(2);
    const seqs: number[] = [];
    const done = new Promise<void>((resolve, reject) => {
      tailEntries(store, { runId: "demo", after: 3 }).subscribe({
        next: (each) => seqs.push(each.seq),
        complete: resolve,
        error: reject,
      });
    });
    await writeRest(store, 2);
    await done;
    expect(seqs).toEqual(upTo(19).slice(3));
  });

  it("gives nothing more once it is unsubscribed, also within a page", async () => {
    const store = await demoStore();
    const seqs: number[] = [];
    await new Promise<void>((resolve) => {
      const subscription = tailEntries(store, { runId: "demo" }).subscribe((each) => {
        seqs.push(each.seq);
        if (each.seq !== 2) return;
        subscription.unsubscribe();
        setTimeout(resolve, 20);
      });
    });
    expect(seqs).toEqual([1, 2]);
  });

  it("hands a failing store's error on", async () => {
    const store = await demoStore();
    const broken = wrapRead(store, async () => Promise.reject(new Error("disk gone")));
    const error = await new Promise((resolve) => tailEntries(broken, { runId: "demo" }).subscribe({ error: resolve }));
    expect(error).toMatchObject({ message: "disk gone" });
  });
});

/** The store's methods as an object's own, so that one can be replaced. */
function bound(store: Store): Store {
  const methods = ["commit", "claim", "renew", "release", "load", "read", "submit", "writeSide"] as const;
  const rest = ["putPipeline", "putBlob", "getBlob", "watch", "check", "close"] as const;
  const entries = [...methods, ...rest].map((name) => [name, (store[name] as () => unknown).bind(store)]);
  return { kind: store.kind, location: store.location, ...Object.fromEntries(entries) } as Store;
}

/** Calls back after each read of the journal, before its result is handed on. */
function wrapRead(store: Store, afterJournalRead: () => Promise<void>): Store {
  const read: Store["read"] = async (topic, query) => {
    const rows = await store.read(topic, query);
    if (topic === "journal") await afterJournalRead();
    return rows;
  };
  return { ...bound(store), read };
}

function countWatchers(store: Store, count: (change: number) => void): Store["watch"] {
  return (onChange) => {
    count(1);
    const unwatch = store.watch(onChange);
    return () => {
      count(-1);
      unwatch();
    };
  };
}
