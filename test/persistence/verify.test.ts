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
      /^structure: .*5 entries up to 6\njournal 4: expected seq 3, found 4$/,
    ],
    ["a lost end", "DELETE FROM journal WHERE seq = 6", /journal 5: the journal ends at seq 5, but the run is at 6$/],
    [
      "an entry of another turn",
      "UPDATE journal SET turn = 5 WHERE seq = 4",
      /^journal 4: expected the turn that ends at 4, found 5$/,
    ],
    [
      "a hole at a turn's end",
      "UPDATE journal SET turn = 7 WHERE seq > 4",
      /^journal 6: the last turn should end at 7/,
    ],
    [
      "a checkpoint from the middle of a turn",
      "UPDATE checkpoints SET gseq = 3; UPDATE actors SET born = 3, seq = 3",
      /^checkpoint: .*where no turn ends$/m,
    ],
    ["an entry that is not JSON", "UPDATE journal SET data = '{' WHERE seq = 3", /^entry 3: /],
    [
      "an entry of no known type",
      "UPDATE journal SET type = 'stage.exploded' WHERE seq = 2",
      /^entry 2: .*stage\.exploded/,
    ],
    ["an entry that does not fit its schema", `UPDATE journal SET data = '{"kind":5}' WHERE seq = 4`, /^entry 4: /],
    ["a lost checkpoint", "DELETE FROM checkpoints", /^structure: live actor branch:main of run a has no checkpoint$/],
    [
      "a checkpoint that is not JSON",
      "UPDATE checkpoints SET versions = json_replace(versions, '$[0][2]', '{')",
      /^checkpoint: .*not JSON$/,
    ],
    [
      "checkpoints that are not JSON",
      "UPDATE checkpoints SET versions = '{'",
      /^structure: the checkpoints stored with gseq 4 are not JSON$/m,
    ],
    ["checkpoints of no entry", "UPDATE checkpoints SET gseq = 99", /checkpoints: 1 rows belong to no entry$/],
    ["a checkpoint from the future", "UPDATE actors SET born = 99, seq = 99", /checkpoint/],
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
