import { describe, expect, it } from "vitest";
import { SafepointError } from "../../src/errors.ts";
import { COMMIT_TURNS_MAX } from "../../src/limits.ts";
import { groupCommit } from "../../src/persistence/group-commit.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store, TurnWrite } from "../../src/persistence/store.ts";
import { failAfter, faultAtCommit, faultStore } from "../../src/testing/fault-store.ts";
import { codeOf, creation, describeResult, turn } from "../../src/testing/store-fixtures.ts";

/** A store that notes how many turns each transaction had. */
function counting(store: Store): { store: Pick<Store, "commit">; sizes: number[] } {
  const sizes: number[] = [];
  const commit = (turns: readonly TurnWrite[]) => {
    sizes.push(turns.length);
    return store.commit(turns);
  };
  return { store: { commit }, sizes };
}

describe("groupCommit", () => {
  it("puts turns of one tick into one transaction and answers each with its own result", async () => {
    const { store, sizes } = counting(memoryStore());
    const group = groupCommit(store);
    const results = await Promise.all(["a", "b", "a", "c"].map((runId) => group.commit(creation(runId))));
    expect(results.map(describeResult)).toEqual(["ok", "ok", "run_exists", "ok"]);
    expect(sizes).toEqual([4]);
  });

  it("puts the turns of runs that go on together into one transaction, round after round", async () => {
    const { store, sizes } = counting(memoryStore());
    const group = groupCommit(store);
    const drive = async (runId: string) => {
      await group.commit(creation(runId));
      for (let seq = 1; seq < 5; seq++) expect(describeResult(await group.commit(turn(runId, seq)))).toBe("ok");
    };
    await Promise.all(["a", "b", "c"].map(drive));
    expect(sizes).toEqual([3, 3, 3, 3, 3]);
  });

  it("never puts more than the limit into one transaction, and keeps the order", async () => {
    const { store, sizes } = counting(memoryStore());
    const group = groupCommit(store);
    const turns = [creation("a"), ...Array.from({ length: COMMIT_TURNS_MAX }, (_, index) => turn("a", index + 1))];
    const results = await Promise.all(turns.map((write) => group.commit(write)));
    expect(new Set(results.map(describeResult))).toEqual(new Set(["ok"]));
    expect(sizes).toEqual([COMMIT_TURNS_MAX, 1]);
  });

  it("tells all that shared a transaction when it fails, and takes the next ones", async () => {
    const inner = memoryStore();
    const group = groupCommit(faultStore(inner, faultAtCommit(1, failAfter("store_full"))));
    const first = [group.commit(creation("a")), group.commit(creation("b"))];
    expect(await Promise.all(first.map(codeOf))).toEqual(["store_full", "store_full"]);
    expect(describeResult(await group.commit(creation("c")))).toBe("ok");
    expect((await inner.read("runs", {})).map((row) => row.runId)).toEqual(["c", "b", "a"]);
  });

  it("collects what comes in while a transaction is under way", async () => {
    let release = () => {};
    const blocked = new Promise<void>((resolve) => {
      release = resolve;
    });
    const inner = memoryStore();
    const sizes: number[] = [];
    const group = groupCommit({
      commit: async (turns) => {
        sizes.push(turns.length);
        if (sizes.length === 1) await blocked;
        return inner.commit(turns);
      },
    });
    const first = group.commit(creation("a"));
    await new Promise((resolve) => setImmediate(resolve));
    const later = ["b", "c", "d"].map((runId) => group.commit(creation(runId)));
    release();
    expect((await Promise.all([first, ...later])).map(describeResult)).toEqual(["ok", "ok", "ok", "ok"]);
    expect(sizes).toEqual([1, 3]);
  });

  it("rejects a turn that the store gave no answer for", async () => {
    const group = groupCommit({ commit: async () => [] });
    await expect(group.commit(creation("a"))).rejects.toBeInstanceOf(SafepointError);
  });
});
