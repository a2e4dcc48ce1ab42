/** A run's row: what creation and turns put there, and how runs are listed. */
import type { ConformanceKit } from "./store-conformance.ts";
import { commitAll, creation, OWNER, turn } from "./store-fixtures.ts";

export function testRuns({ describe, promise, expect }: ConformanceKit): void {
  describe("runs", () => {
    promise("keep what they were created with, over a reopening", async (_store, under) => {
      const inputs = { list: [1, 2, { deep: null }], text: "snow ☃ 𝄞" };
      const parent = { parentRun: "p", parentSeq: 4, rootRun: "r" };
      await commitAll(under.store, creation("a", { labels: { team: "x.y" }, inputs, ...parent, createdAtMs: 12.5 }));
      const store = await under.reopen();
      expect((await store.read("run", { runId: "a" }))[0]).toEqual({
        ...{ runId: "a", status: "running", pipelineName: "hello", pipelineHash: "f".repeat(64) },
        ...{ labels: { team: "x.y" }, inputs, ...parent, resumeEpoch: 0, seq: 1, token: 1, owner: OWNER },
        ...{ leaseUntilMs: 1_000, createdAtMs: 12.5 },
      });
      expect(await store.read("run", { runId: "b" })).toEqual([]);
      expect(await store.load("b")).toBe(undefined);
    });

    promise("change as a turn says, and keep what it does not name", async (store) => {
      const failing = { status: "cancelling", statusReason: "failing", startedAtMs: 5 } as const;
      await commitAll(store, creation("a"), turn("a", 1, { run: failing }), turn("a", 2, { run: { resumeEpoch: 2 } }));
      const row = (await store.load("a"))?.run;
      expect([row?.status, row?.statusReason, row?.startedAtMs, row?.resumeEpoch, row?.seq]).toEqual([
        "cancelling",
        "failing",
        5,
        2,
        3,
      ]);
      await commitAll(store, turn("a", 3, { run: { statusReason: null, finishedAtMs: 9 } }));
      const cleared = (await store.load("a"))?.run;
      expect([cleared?.statusReason, cleared?.finishedAtMs, cleared?.startedAtMs]).toEqual([undefined, 9, 5]);
    });

    promise("may change in the turn that creates them", async (store) => {
      await commitAll(store, {
        ...creation("a", { status: "queued" }, null),
        run: { status: "running", startedAtMs: 3 },
      });
      const row = (await store.load("a"))?.run;
      expect([row?.status, row?.startedAtMs, row?.token, row?.owner]).toEqual(["running", 3, 0, undefined]);
    });

    promise("may be begun by the turn of another: written with it, in order", async (store) => {
      await commitAll(store, creation("a"));
      const third = creation("c", { parentRun: "b" });
      const second = { ...creation("b", { rootRun: "a", status: "queued" }, null), creates: [third] };
      const end = turn("a", 1, { run: { status: "completed" }, creates: [second, creation("d")] });
      expect(await store.commit([end, creation("e")])).toEqual([
        { ok: true, firstGseq: 2 },
        { ok: true, firstGseq: 6 },
      ]);
      const all = await store.read("journal", {});
      expect(all.map(({ runId, seq, gseq }) => `${gseq} ${runId}/${seq}`)).toEqual([
        ...["1 a/1", "2 a/2", "3 b/1", "4 c/1", "5 d/1", "6 e/1"],
      ]);
      expect((await store.read("runs", {})).map((row) => row.runId)).toEqual(["e", "d", "c", "b", "a"]);
      const [row] = await store.read("run", { runId: "b" });
      expect([row?.rootRun, row?.status, row?.token, row?.owner]).toEqual(["a", "queued", 0, undefined]);
    });

    promise("are not begun by a turn that is refused, and a turn whose new run exists is refused", async (store) => {
      await commitAll(store, creation("a"), creation("taken", { labels: { first: "yes" } }));
      const before = await store.load("a");
      const results = await store.commit([
        turn("a", 7, { creates: [creation("b")] }),
        turn("a", 1, { run: { status: "completed" }, creates: [creation("c"), creation("taken")] }),
        turn("a", 1, { creates: [creation("d"), creation("d")] }),
        turn("a", 1, { creates: [turn("e", 0)] }),
        turn("taken", 1),
      ]);
      expect(results.map((result) => (result.ok ? "ok" : result.code))).toEqual([
        ...["lease_lost", "internal", "internal", "internal", "ok"],
      ]);
      expect(await store.load("a")).toEqual(before);
      expect((await store.read("runs", {})).map((row) => row.runId)).toEqual(["taken", "a"]);
      expect((await store.read("journal", {})).map(({ gseq }) => gseq)).toEqual([1, 2, 3]);
      expect(await store.check()).toEqual([]);
    });

    promise("are listed newest first, by pages that neither skip nor repeat", async (store) => {
      for (const id of ["r1", "r2", "r3", "r4", "r5"]) await commitAll(store, creation(id));
      const first = await store.read("runs", { limit: 2 });
      await commitAll(store, creation("r6"));
      const second = await store.read("runs", { limit: 2, cursor: first[1]?.cursor ?? "" });
      const third = await store.read("runs", { limit: 9, cursor: second[1]?.cursor ?? "" });
      expect([first, second, third].map((page) => page.map((row) => row.runId))).toEqual([
        ["r5", "r4"],
        ["r3", "r2"],
        ["r1"],
      ]);
    });

    promise("are found by status, label and parent", async (store) => {
      await commitAll(store, creation("a", { labels: { env: "prod", 'odd".key': "1" } }));
      await commitAll(store, creation("b", { labels: { env: "dev" }, parentRun: "a", status: "queued" }));
      await commitAll(store, creation("c", { labels: { env: "prod" }, status: "paused" }));
      const ids = async (query: Parameters<typeof store.read<"runs">>[1]) =>
        (await store.read("runs", query)).map((row) => row.runId);
      expect(await ids({ status: ["queued", "paused"] })).toEqual(["c", "b"]);
      expect(await ids({ status: [] })).toEqual([]);
      expect(await ids({ labels: { env: "prod" } })).toEqual(["c", "a"]);
      expect(await ids({ labels: { env: "prod", 'odd".key': "1" } })).toEqual(["a"]);
      expect(await ids({ labels: { nothing: "1" } })).toEqual([]);
      expect(await ids({ parentRun: "a" })).toEqual(["b"]);
      expect(await ids({ status: ["queued"], labels: { env: "prod" } })).toEqual([]);
    });

    promise("are found when nobody owns them, unless they have ended", async (store) => {
      await commitAll(store, creation("owned", { leaseUntilMs: 1_000 }), creation("overdue", { leaseUntilMs: 50 }));
      await commitAll(store, creation("free", {}, null), creation("ended", { leaseUntilMs: 50, status: "completed" }));
      const unowned = await store.read("runs", { unownedAtMs: 50 });
      expect(unowned.map((row) => row.runId)).toEqual(["free", "overdue"]);
    });
  });
}
