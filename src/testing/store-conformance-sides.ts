/** What is written beside turns, under the same fence: processes, output, snapshots of users' machines. */
import type { SideWrite } from "../persistence/store.ts";
import type { ConformanceKit } from "./store-conformance.ts";
import { codeOf, commitAll, creation, RIVAL, turn } from "./store-fixtures.ts";

const lease = { runId: "a", token: 1 };
const process = { execution: "main/x@1#1.1", host: "h", bootId: "b", pid: 77, processStart: "123" };
const chunk = (stream: "stdout" | "stderr", index: number, text: string): SideWrite => ({
  ...{ ...lease, kind: "output", execution: "main/x@1#1.1", stream, index },
  bytes: new TextEncoder().encode(text),
});

export function testSides({ describe, promise, expect }: ConformanceKit): void {
  describe("beside turns", () => {
    promise("processes are recorded until they have ended", async (_store, under) => {
      await commitAll(under.store, creation("a"));
      await under.store.writeSide({ ...lease, kind: "process_started", ...process });
      await under.store.writeSide({ ...lease, kind: "process_started", ...process, pid: 9 });
      const store = await under.reopen();
      expect((await store.load("a"))?.processes).toEqual([
        { ...lease, ...process, pid: 9 },
        { ...lease, ...process },
      ]);
      await store.writeSide({ ...lease, kind: "process_ended", execution: process.execution, pid: 9 });
      expect(await store.read("processes", { runId: "a" })).toEqual([{ ...lease, ...process }]);
    });

    promise("output comes back in order, and a chunk sent twice is one", async (store) => {
      await commitAll(store, creation("a"));
      for (const index of [0, 1, 10, 2]) await store.writeSide(chunk("stdout", index, `o${index}`));
      await store.writeSide(chunk("stderr", 0, "e0"));
      await store.writeSide(chunk("stdout", 1, "again"));
      const read = async (stream?: "stdout") => {
        const rows = await store.read("output", {
          runId: "a",
          execution: process.execution,
          ...(stream === undefined ? {} : { stream }),
        });
        return rows.map((row) => `${row.stream} ${row.index} ${new TextDecoder().decode(row.bytes)}`);
      };
      expect(await read("stdout")).toEqual(["stdout 0 o0", "stdout 1 o1", "stdout 2 o2", "stdout 10 o10"]);
      expect((await read())[0]).toBe("stderr 0 e0");
      expect(await store.read("output", { runId: "a", execution: "other" })).toEqual([]);
    });

    promise("snapshots of users' machines are replaced and removed, beside a turn or with it", async (store) => {
      await commitAll(store, creation("a"));
      const side = (snapshot: string | null): SideWrite => ({
        ...lease,
        kind: "handler_snapshot",
        stage: "main/m@1",
        snapshot,
      });
      await store.writeSide(side('{"n":1}'));
      await store.writeSide(side('{"n":2}'));
      expect((await store.load("a"))?.handlerSnapshots).toEqual([{ stage: "main/m@1", snapshot: '{"n":2}' }]);
      await commitAll(
        store,
        turn("a", 1, {
          handlerSnapshots: [
            { stage: "main/m@1", snapshot: null },
            { stage: "main/n@1", snapshot: "{}" },
          ],
        }),
      );
      expect((await store.load("a"))?.handlerSnapshots).toEqual([{ stage: "main/n@1", snapshot: "{}" }]);
      expect(await codeOf(store.writeSide(side("{")))).toBe("not_json");
    });

    promise("an old token writes nothing", async (store) => {
      await commitAll(store, creation("a"));
      await store.claim({ runId: "a", owner: RIVAL, nowMs: 5_000, leaseMs: 1_000 });
      expect(await codeOf(store.writeSide({ ...lease, kind: "process_started", ...process }))).toBe("lease_lost");
      expect(await codeOf(store.writeSide({ ...lease, token: 2, kind: "process_started", ...process }))).toBe(
        "resolved",
      );
      expect(await codeOf(store.writeSide({ ...lease, runId: "none", kind: "process_started", ...process }))).toBe(
        "lease_lost",
      );
      expect((await store.load("a"))?.processes.map((row) => row.token)).toEqual([2]);
    });
  });
}
