/** What a turn leaves outside its own run: content by hash, and mail for other runs. It stands or falls with the turn. */
import { createHash } from "node:crypto";
import type { CommandRow } from "../persistence/store.ts";
import type { ConformanceKit } from "./store-conformance.ts";
import { commitAll, creation, describeResult, turn } from "./store-fixtures.ts";

const letter = (runId: string, commandId: string, changes: Partial<CommandRow> = {}): CommandRow => ({
  ...{ runId, commandId, verb: "child_ended", body: { status: "success" }, actor: "run:a", atMs: 5, ...changes },
});

const blob = (text: string) => {
  const bytes = new TextEncoder().encode(text);
  return { hash: createHash("sha256").update(bytes).digest("hex"), bytes };
};

export function testBeside(kit: ConformanceKit): void {
  kit.describe("beside a turn", () => {
    testBlobs(kit);
    testMail(kit);
    testMailPassedOver(kit);
  });
}

function testBlobs({ promise, expect }: ConformanceKit): void {
  promise("blobs are stored with the turn that names them, or not at all", async (_store, under) => {
    await commitAll(under.store, creation("a"));
    const refused = await under.store.commit([turn("a", 7, { blobs: [blob("stale")] })]);
    expect(refused.map(describeResult)).toEqual(["lease_lost"]);
    expect(await under.store.getBlob(blob("stale").hash)).toBe(undefined);
    await commitAll(
      under.store,
      turn("a", 1, { blobs: [blob("items"), blob("items"), blob("")] }),
      turn("a", 2, { blobs: [blob("items")] }),
    );
    const store = await under.reopen();
    const text = async (hash: string) => new TextDecoder().decode(await store.getBlob(hash));
    expect(await text(blob("items").hash)).toBe("items");
    expect((await store.getBlob(blob("").hash))?.length).toBe(0);
    expect(await store.check()).toEqual([]);
  });

  promise("a blob under a name that is not its hash refuses the turn", async (store) => {
    await commitAll(store, creation("a"));
    const wrong = { hash: blob("one").hash, bytes: blob("two").bytes };
    expect((await store.commit([turn("a", 1, { blobs: [wrong] })])).map(describeResult)).toEqual(["internal"]);
    expect(await store.getBlob(wrong.hash)).toBe(undefined);
    expect((await store.load("a"))?.run.seq).toBe(1);
  });
}

function testMail({ promise, expect }: ConformanceKit): void {
  promise("mail is in the inbox of another run, or nowhere when the turn is refused", async (_store, under) => {
    await commitAll(under.store, creation("a"), creation("b"));
    const first = letter("b", "m1", { reason: "deploy" });
    const refused = await under.store.commit([turn("a", 7, { mail: [letter("b", "stale")] })]);
    expect(refused.map(describeResult)).toEqual(["lease_lost"]);
    await commitAll(under.store, turn("a", 1, { mail: [first, letter("b", "m0")] }));
    const store = await under.reopen();
    expect((await store.load("b"))?.commands).toEqual([first, letter("b", "m0")]);
    expect((await store.load("b"))?.run.seq).toBe(1);
    expect((await store.load("a"))?.commands).toEqual([]);
    await commitAll(store, turn("b", 1, { commands: [{ commandId: "m1", result: null }] }));
    expect((await store.load("b"))?.commands).toEqual([letter("b", "m0")]);
  });

  promise("a run that a turn begins can have mail from the same turn", async (store) => {
    await commitAll(store, creation("a"));
    const mail = [letter("a~c@1.0", "m")];
    await commitAll(store, turn("a", 1, { creates: [creation("a~c@1.0", {}, null)], mail }));
    expect((await store.load("a~c@1.0"))?.commands).toEqual(mail);
  });

  promise("watchers hear of mail", async (store) => {
    await commitAll(store, creation("a"), creation("b"));
    const heard = new Promise<void>((resolve) => {
      const stop = store.watch(() => {
        stop();
        resolve();
      });
    });
    await commitAll(store, turn("a", 1, { mail: [letter("b", "m")] }));
    await heard;
    expect((await store.read("commands", { pending: true })).map((row) => row.commandId)).toEqual(["m"]);
  });
}

function testMailPassedOver({ promise, expect }: ConformanceKit): void {
  promise("passes over mail that is there already, whatever it says", async (store) => {
    await commitAll(store, creation("a"), creation("b"), turn("a", 1, { mail: [letter("b", "m")] }));
    await commitAll(store, turn("b", 1, { commands: [{ commandId: "m", result: { taken: true } }] }));
    const again = [letter("b", "m"), letter("b", "m", { verb: "pause" }), letter("b", "n"), letter("b", "n")];
    await commitAll(store, turn("a", 2, { mail: again }));
    expect(await store.read("commands", { runId: "b" })).toEqual([
      { ...letter("b", "m"), result: { taken: true } },
      letter("b", "n"),
    ]);
  });

  promise("passes over mail for runs that are not there or have ended", async (store) => {
    await commitAll(store, creation("a"), creation("b"), turn("b", 1, { run: { status: "completed" } }));
    await commitAll(store, turn("a", 1, { mail: [letter("b", "m"), letter("nowhere", "m")] }));
    expect(await store.read("commands", {})).toEqual([]);
    expect((await store.load("a"))?.run.seq).toBe(2);
    expect(await store.check()).toEqual([]);
  });

  promise("refuses mail for the writer itself, and mail that is not JSON", async (store) => {
    await commitAll(store, creation("a"), creation("b"));
    const faulty = [letter("a", "m"), letter("b", "m", { body: Number.NaN })];
    for (const row of faulty) {
      const [result] = await store.commit([turn("a", 1, { mail: [letter("b", "good"), row] })]);
      expect(describeResult(result)).toMatch(/^(not_json|internal)$/);
    }
    expect(await store.read("commands", {})).toEqual([]);
    expect((await store.load("a"))?.run.seq).toBe(1);
  });
}
