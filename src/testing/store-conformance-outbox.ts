/** What turns leave to be sent to somebody: there until it is taken out, whatever becomes of the run. */
import type { OutboxRow } from "../persistence/outbox.ts";
import type { ConformanceKit } from "./store-conformance.ts";
import { commitAll, creation, describeResult, turn } from "./store-fixtures.ts";

const letter = (id: string, kind = "webhook") => ({ id, kind, body: { to: id, list: [1, null] } });
const row = (runId: string, seq: number, left: ReturnType<typeof letter>): OutboxRow => ({ runId, seq, ...left });

export function testOutbox({ describe, promise, expect }: ConformanceKit): void {
  describe("outbox", () => {
    promise("keeps what turns leave until it is taken out", async (_store, under) => {
      await commitAll(under.store, creation("a"), creation("b"));
      await commitAll(
        under.store,
        turn("a", 1, { outbox: [letter("z")] }),
        turn("a", 2, { outbox: [letter("y"), letter("x", "mail")] }),
        turn("b", 1, { outbox: [letter("z")] }),
      );
      const store = await under.reopen();
      const all = await store.read("outbox", {});
      expect(all.length).toBe(4);
      expect(all[0]).toEqual(row("a", 2, letter("z")));
      expect(await store.read("outbox", { kind: "mail" })).toEqual([row("a", 3, letter("x", "mail"))]);
      expect((await store.read("outbox", { limit: 2 })).length).toBe(2);
      await store.clearOutbox([
        { runId: "a", id: "z" },
        { runId: "a", id: "none" },
        { runId: "none", id: "z" },
      ]);
      await store.clearOutbox([]);
      const left = await store.read("outbox", { kind: "webhook" });
      expect(left).toEqual([row("a", 3, letter("y")), row("b", 2, letter("z"))]);
    });

    promise("leaves nothing of a turn that was refused", async (store) => {
      await commitAll(store, creation("a"));
      const [result] = await store.commit([turn("a", 5, { outbox: [letter("z")] })]);
      expect(describeResult(result)).toBe("lease_lost");
      expect(await store.read("outbox", {})).toEqual([]);
    });

    promise("takes the same row once", async (store) => {
      await commitAll(store, creation("a"), turn("a", 1, { outbox: [letter("z")] }));
      await commitAll(store, turn("a", 2, { outbox: [{ ...letter("z"), body: "other" }] }));
      expect(await store.read("outbox", {})).toEqual([row("a", 2, letter("z"))]);
    });
  });
}
