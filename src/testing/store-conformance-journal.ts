/** The journal reads back what was written, in order, by any of its handles. */
import type { NewEntry } from "../journal/entry.ts";
import type { Topics } from "../persistence/store.ts";
import type { ConformanceKit } from "./store-conformance.ts";
import { commitAll, creation, turn } from "./store-fixtures.ts";

const entered = (branch: string, node: string): NewEntry => ({
  type: "stage.entered",
  branch,
  stage: `${branch}/${node}@1`,
  data: { kind: "wait" },
});

export function testJournal({ describe, promise, expect }: ConformanceKit): void {
  describe("journal", () => {
    promise("gives entries back as they were written", async (_store, under) => {
      const full: NewEntry = {
        ...{ type: "stage.succeeded", branch: "main", stage: "main/n@1", attempt: 2, execution: "main/n@1#2.1" },
        data: {
          outcome: { status: "success", contextUpdates: { "a.b": [1, null, "☃"], big: { $blob: "h", bytes: 9 } } },
        },
        cause: { commandId: "c1", actor: "ann" },
      };
      await commitAll(under.store, creation("a"), turn("a", 1, { atMs: 75, entries: [full] }));
      const store = await under.reopen();
      const found = await store.read("journal", { runId: "a", after: 1 });
      expect(found).toEqual([{ ...full, runId: "a", seq: 2, gseq: 2, turn: 2, at: 75, v: 1 }]);
    });

    promise("leaves members that are undefined away", async (store) => {
      await commitAll(store, creation("a"));
      const loose = { type: "run.queued", data: { reason: undefined } } as unknown as NewEntry;
      await commitAll(store, turn("a", 1, { entries: [loose] }));
      expect((await store.read("journal", { runId: "a", after: 1 }))[0]?.data).toEqual({});
    });

    promise("is read from, to, backwards, a page at a time", async (store) => {
      await commitAll(store, creation("other"), creation("a"));
      for (let seq = 1; seq < 8; seq++) await commitAll(store, turn("a", seq));
      const seqs = async (query: Omit<Topics["journal"]["query"], "runId">) =>
        (await store.read("journal", { runId: "a", ...query })).map((entry) => entry.seq);
      expect(await seqs({})).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
      expect(await seqs({ after: 3, until: 6 })).toEqual([4, 5, 6]);
      expect(await seqs({ after: 3, limit: 2 })).toEqual([4, 5]);
      expect(await seqs({ descending: true, limit: 3 })).toEqual([8, 7, 6]);
      expect(await seqs({ descending: true, until: 4, after: 2 })).toEqual([4, 3]);
      expect(await seqs({ after: 8 })).toEqual([]);
      expect((await store.read("journal", { after: 7 })).map((entry) => entry.gseq)).toEqual([8, 9]);
      expect((await store.read("journal", { descending: true, limit: 1 })).map((entry) => entry.gseq)).toEqual([9]);
    });

    promise("is read by stage, branch and type", async (store) => {
      const rows: NewEntry[] = [
        entered("main", "fan"),
        {
          type: "branch.started",
          branch: "main/fan@1/1",
          data: { activation: "main/fan@1", index: 1, head: "x", branchRunId: "b" },
        },
        entered("main/fan@1/1", "x"),
        entered("main/fan@1/10", "x"),
        entered("main/fan@1/1/deep@1/0", "y"),
        { type: "run.queued", data: {} },
      ];
      await commitAll(store, creation("a"), turn("a", 1, { entries: rows }));
      const seqs = async (query: Omit<Topics["journal"]["query"], "runId">) =>
        (await store.read("journal", { runId: "a", ...query })).map((entry) => entry.seq);
      expect(await seqs({ branch: "main" })).toEqual([2]);
      expect(await seqs({ branch: "main/fan@1/1" })).toEqual([3, 4]);
      expect(await seqs({ within: "main/fan@1/1" })).toEqual([3, 4, 6]);
      expect(await seqs({ within: "main/fan@1" })).toEqual([2, 3, 4, 5, 6]);
      expect(await seqs({ within: "main" })).toEqual([2, 3, 4, 5, 6]);
      expect(await seqs({ within: "main/fan@1/1", types: ["stage.entered"], descending: true })).toEqual([6, 4]);
      expect(await seqs({ stage: "main/fan@1/1/x@1" })).toEqual([4]);
      expect(await seqs({ stage: "main/fan@1/1" })).toEqual([]);
      expect(await seqs({ types: ["run.queued", "branch.started"] })).toEqual([3, 7]);
      expect(await seqs({ types: [] })).toEqual([]);
      expect(await seqs({ branch: "main/fan@1/1", types: ["stage.entered"], descending: true })).toEqual([4]);
      expect((await store.read("journal", { branch: "main/fan@1/10" })).map((entry) => entry.seq)).toEqual([5]);
    });
  });
}
