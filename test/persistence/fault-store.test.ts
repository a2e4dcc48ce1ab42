import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import {
  crashAfter,
  crashBefore,
  failAfter,
  failBefore,
  faultAtCommit,
  faultStore,
} from "../../src/testing/fault-store.ts";
import { codeOf, commitAll, creation, turn } from "../../src/testing/store-fixtures.ts";

describe("faultStore", () => {
  it("fails the n-th commit before it took effect, and only that", async () => {
    const inner = memoryStore();
    const store = faultStore(inner, faultAtCommit(2, failBefore("store_busy")));
    await commitAll(store, creation("a"));
    expect(await codeOf(store.commit([turn("a", 1)]))).toBe("store_busy");
    expect((await inner.load("a"))?.run.seq).toBe(1);
    await commitAll(store, turn("a", 1));
    expect(store.count("commit")).toBe(3);
  });

  it("fails the n-th commit after it took effect", async () => {
    const inner = memoryStore();
    const store = faultStore(inner, faultAtCommit(1, failAfter()));
    expect(await codeOf(store.commit([creation("a")]))).toBe("store_unavailable");
    expect((await store.load("a"))?.run.seq).toBe(1);
  });

  it.each([
    ["before", crashBefore, undefined],
    ["after", crashAfter, 1],
  ] as const)("crashes %s the n-th commit: nothing works from then on", async (_when, fault, seq) => {
    const inner = memoryStore();
    let crashes = 0;
    const plan = { ...faultAtCommit(1, fault), onCrash: () => crashes++ };
    const store = faultStore(inner, plan);
    expect(await codeOf(store.commit([creation("a")]))).toBe("store_unavailable");
    expect([store.isCrashed, crashes]).toEqual([true, 1]);
    expect(await codeOf(store.load("a"))).toBe("store_unavailable");
    expect(
      await codeOf(store.submit({ runId: "a", commandId: "c", verb: "pause", body: null, actor: "x", atMs: 1 })),
    ).toBe("store_unavailable");
    expect((await inner.load("a"))?.run.seq).toBe(seq);
  });

  it("does not let a write through that was waiting when the store crashed", async () => {
    const inner = memoryStore();
    let release = () => {};
    const until = new Promise<void>((resolve) => {
      release = resolve;
    });
    const store = faultStore(inner, {
      faultAt: (n) => (n === 1 ? { kind: "wait", when: "before", until } : crashBefore),
    });
    const waiting = codeOf(store.commit([creation("a")]));
    expect(await codeOf(store.commit([creation("b")]))).toBe("store_unavailable");
    release();
    expect(await waiting).toBe("store_unavailable");
    expect(await inner.read("runs", {})).toEqual([]);
  });
});
