/** Leases: one owner at a time, and a token that no clock can bring back. */
import type { ConformanceKit } from "./store-conformance.ts";
import { commitAll, creation, describeResult, OWNER, RIVAL, turn } from "./store-fixtures.ts";

export function testLeases({ describe, promise, expect }: ConformanceKit): void {
  describe("leases", () => {
    promise("are refused while another holds one, and say who", async (store) => {
      await commitAll(store, creation("a"));
      const claim = await store.claim({ runId: "a", owner: RIVAL, nowMs: 999, leaseMs: 500 });
      expect([claim.ok, claim.ok ? "" : claim.code, claim.run?.owner, claim.run?.token]).toEqual([
        false,
        "run_owned",
        OWNER,
        1,
      ]);
      expect(await store.claim({ runId: "b", owner: RIVAL, nowMs: 0, leaseMs: 1 })).toEqual({
        ok: false,
        code: "run_not_found",
      });
    });

    promise("may be taken at the instant they end; the old owner then writes nothing", async (store, under) => {
      await commitAll(store, creation("a"));
      const claim = await store.claim({ runId: "a", owner: RIVAL, nowMs: 1_000, leaseMs: 500 });
      expect([claim.ok, claim.run?.token, claim.run?.leaseUntilMs, claim.run?.owner]).toEqual([true, 2, 1_500, RIVAL]);
      expect((await store.commit([turn("a", 1)])).map(describeResult)).toEqual(["lease_lost"]);
      expect(await store.renew([{ runId: "a", token: 1 }], 9_000)).toEqual(["a"]);
      await store.release([{ runId: "a", token: 1 }]);
      const reopened = await under.reopen();
      expect((await reopened.load("a"))?.run.leaseUntilMs).toBe(1_500);
      expect((await reopened.commit([turn("a", 1, { token: 2 })])).map(describeResult)).toEqual(["ok"]);
    });

    promise("may be taken by their own owner, and from a holder known to be dead", async (store) => {
      await commitAll(store, creation("a"));
      const own = await store.claim({ runId: "a", owner: OWNER, nowMs: 0, leaseMs: 5_000 });
      expect(own.ok && own.token).toBe(2);
      const late = await store.claim({ runId: "a", owner: RIVAL, nowMs: 0, leaseMs: 5_000, deadToken: 1 });
      expect(late.ok).toBe(false);
      const dead = await store.claim({ runId: "a", owner: RIVAL, nowMs: 0, leaseMs: 5_000, deadToken: 2 });
      expect(dead.ok && dead.token).toBe(3);
    });

    promise("do not take a process for an earlier one with the same pid", async (store) => {
      await commitAll(store, creation("a"));
      const later = { ...OWNER, processStart: "9999" };
      expect((await store.claim({ runId: "a", owner: later, nowMs: 0, leaseMs: 1 })).ok).toBe(false);
    });

    promise("can be prolonged and given back", async (store) => {
      await commitAll(store, creation("a"), creation("b"));
      const leases = [
        { runId: "a", token: 1 },
        { runId: "b", token: 1 },
        { runId: "none", token: 1 },
      ];
      expect(await store.renew(leases, 2_000)).toEqual(["none"]);
      expect((await store.load("a"))?.run.leaseUntilMs).toBe(2_000);
      await store.release(leases);
      const row = (await store.load("a"))?.run;
      expect([row?.owner, row?.leaseUntilMs, row?.token]).toEqual([undefined, undefined, 1]);
      expect(await store.renew(leases.slice(0, 1), 3_000)).toEqual(["a"]);
      const claim = await store.claim({ runId: "a", owner: RIVAL, nowMs: 0, leaseMs: 10 });
      expect(claim.ok && claim.token).toBe(2);
    });

    promise("go to exactly one of many that ask at once", async (store) => {
      await commitAll(store, creation("a", {}, null));
      const owners = Array.from({ length: 8 }, (_, index) => ({ ...OWNER, pid: index + 1 }));
      const claims = await Promise.all(
        owners.map((owner) => store.claim({ runId: "a", owner, nowMs: 0, leaseMs: 100 })),
      );
      expect(claims.filter((claim) => claim.ok).length).toBe(1);
      expect((await store.load("a"))?.run.token).toBe(1);
    });
  });
}
