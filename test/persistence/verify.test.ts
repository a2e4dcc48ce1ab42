import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { verifyAll, verifyRun } from "../../src/persistence/verify.ts";
import { commitAll, creation, entries, MACHINE, turn } from "../../src/testing/store-fixtures.ts";
import { openStore, temporaryFolder } from "./temporary.ts";

/** A sound run with something in most tables, its database damaged by `sql`, and what verify then says. */
async function problemsAfter(sql: string): Promise<string[]> {
  const path = join(temporaryFolder(), "runs.db");
  const store = openStore(path);
  await writeSoundRun(store);
  expect(await verifyAll(store)).toEqual([]);
  const other = new DatabaseSync(path);
  other.exec(sql);
  other.close();
  return (await verifyAll(store)).map(
    (problem) => `${problem.what}${problem.seq === undefined ? "" : ` ${problem.seq}`}: ${problem.message}`,
  );
}

async function writeSoundRun(store: Store): Promise<void> {
  const hash = await store.putBlob(new TextEncoder().encode('"large"'));
  const artifact = { artifact: "x", stage: "s", name: "x", mediaType: "text/plain", hash, bytes: 7, complete: true };
  await commitAll(
    store,
    creation("a", {}),
    turn("a", 1, {
      entries: entries(3),
      actors: [{ actor: "branch:main", machine: MACHINE, snapshot: "{}" }],
      context: [{ scope: "main", key: "big", value: { blob: hash, bytes: 7 } }],
      artifacts: [artifact],
    }),
    turn("a", 4, { entries: entries(2) }),
  );
}

describe("verify", () => {
  it.each([
    [
      "a lost entry",
      "DELETE FROM journal WHERE seq = 3",
      /^structure: .*5 entries up to seq 6\njournal 4: expected seq 3, found 4$/,
    ],
    ["a lost end", "DELETE FROM journal WHERE seq = 6", /^journal 5: the last turn should end at 6/],
    [
      "lost turns",
      "DELETE FROM journal WHERE seq > 1",
      /^structure: scopes of run a have .*\nstructure: context of run a has a seq that its journal lacks$/m,
    ],
    ["a lost journal", "DELETE FROM journal", /structure: the journal of run a has 0 entries up to seq 0$/m],
    [
      "an entry of another turn",
      "UPDATE journal SET turn = 5 WHERE seq = 4",
      /^journal 4: expected the turn that ends at 4, found 5$/m,
    ],
    [
      "a hole at a turn's end",
      "UPDATE journal SET turn = 7 WHERE seq > 4",
      /^journal 6: the last turn should end at 7/,
    ],
    [
      "a checkpoint from the middle of a turn",
      `UPDATE journal SET checkpoint = (SELECT checkpoint FROM journal WHERE seq = 4) WHERE seq = 3;
       UPDATE journal SET checkpoint = NULL WHERE seq = 4`,
      /^structure: run a: the checkpoint of seq 3 is not at the end of a turn\ncheckpoint: .*where no turn ends$/m,
    ],
    ["an entry that is not JSON", "UPDATE journal SET data = '{' WHERE seq = 3", /^entry 3: /],
    [
      "an entry of no known type",
      "UPDATE journal SET type = 'stage.exploded' WHERE seq = 2",
      /^entry 2: .*stage\.exploded/,
    ],
    ["an entry that does not fit its schema", `UPDATE journal SET data = '{"kind":5}' WHERE seq = 4`, /^entry 4: /],
    [
      "a checkpoint that is not JSON",
      "UPDATE journal SET checkpoint = '{' WHERE checkpoint IS NOT NULL",
      /^structure: run a: the checkpoint of seq 4 is not JSON in the store: .*\nstructure: the checkpoint of seq 4 /m,
    ],
    [
      "a checkpoint that no turn writes",
      `UPDATE journal SET checkpoint = '{"written":[["x"]],"ended":[]}' WHERE checkpoint IS NOT NULL`,
      /^structure: run a: the checkpoint of seq 4 is not what a turn writes$/m,
    ],
    [
      "an index by place that lacks entries",
      "UPDATE meta SET value = 6 WHERE key = 'placed'",
      /^structure: 5 entries of run a are not in the index by place$/,
    ],
    [
      "a value that is not JSON",
      "UPDATE context SET blob = NULL, json = 'no'",
      /^context: key big in main is not JSON$/,
    ],
    ["a lost blob", "DELETE FROM blobs", /^structure: artifact x of run a has no content\nblob: .* is missing$/],
    ["a changed blob", "UPDATE blobs SET bytes = x'00'", /^blob: .*holds other bytes/],
    [
      "rows of no run",
      "INSERT INTO scopes VALUES (77, 1, 's', 1, NULL, NULL)",
      /^structure: scopes: 1 rows belong to no run$/,
    ],
    [
      "an end that left an actor",
      "UPDATE runs SET status = 'completed'",
      /^leftover: .*\(completed\).* 1 live actors$/,
    ],
    ["labels that are not JSON", "UPDATE runs SET labels = '{'", /labels of run a is not JSON/],
  ])("finds %s", async (_name, sql, expected) => {
    const problems = await problemsAfter(sql).catch((error: Error) => [error.message]);
    expect(problems.join("\n")).toMatch(expected);
  });

  it("names every entry that cannot be read, and goes on behind it", async () => {
    const problems = await problemsAfter("UPDATE journal SET data = '[' WHERE seq IN (2, 3, 5)");
    expect(problems.map((problem) => problem.split(":")[0])).toEqual(["entry 2", "entry 3", "entry 5"]);
  });

  it("gives the run and its journal to further checks", async () => {
    const store = memoryStore();
    await writeSoundRun(store);
    const problems = await verifyRun(store, "a", (image, journal) => [
      { runId: "a", what: "fold", message: `${image.run.seq} ${journal.map((entry) => entry.seq).join()}` },
    ]);
    expect(problems.map((problem) => problem.message)).toEqual(["6 1,2,3,4,5,6"]);
  });

  it("says when there is no such run", async () => {
    expect((await verifyRun(memoryStore(), "nowhere")).map((problem) => problem.what)).toEqual(["missing"]);
  });
});
