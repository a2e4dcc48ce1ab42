import { execFile } from "node:child_process";
import { existsSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { Connection } from "../../src/persistence/sqlite/connection.ts";
import { migrate } from "../../src/persistence/sqlite/migrate.ts";
import { openConnection } from "../../src/persistence/sqlite/open-connection.ts";
import { MIGRATIONS } from "../../src/persistence/sqlite/schema.sql.ts";
import { codeOf, commitAll, creation, OWNER, turn } from "../../src/testing/store-fixtures.ts";
import { openStore, temporaryFolder } from "./temporary.ts";

const run = promisify(execFile);

describe("opening a SQLite store", () => {
  it("makes the file and its folders at the first use, not before", async () => {
    const path = join(temporaryFolder(), "deep", "er", "runs.db");
    const store = openStore(path);
    expect(existsSync(path)).toBe(false);
    await commitAll(store, creation("a"));
    expect(existsSync(path)).toBe(true);
  });

  it("says store_not_found for a missing file that it may not make", async () => {
    const path = join(temporaryFolder(), "none.db");
    expect(await codeOf(openStore(path, { create: false }).load("a"))).toBe("store_not_found");
    expect(await codeOf(openStore(path, { readOnly: true }).load("a"))).toBe("store_not_found");
    expect(existsSync(path)).toBe(false);
  });

  it("says store_corrupt for what is not a database, and leaves it as it is", async () => {
    const path = join(temporaryFolder(), "notes.txt");
    writeFileSync(path, "x".repeat(9_000));
    expect(await codeOf(openStore(path).load("a"))).toBe("store_corrupt");
    expect(readFileSync(path, "utf8")).toBe("x".repeat(9_000));
  });

  it("says store_corrupt for another program's database, and leaves it as it is", async () => {
    const path = join(temporaryFolder(), "other.db");
    const other = new DatabaseSync(path);
    other.exec("CREATE TABLE recipes (name TEXT)");
    other.close();
    const before = readFileSync(path);
    expect(await codeOf(openStore(path).load("a"))).toBe("store_corrupt");
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("says store_corrupt for a file cut short", async () => {
    const path = join(temporaryFolder(), "cut.db");
    const store = openStore(path);
    await commitAll(store, creation("a"));
    for (let seq = 1; seq < 200; seq++) await commitAll(store, turn("a", seq));
    await store.close();
    truncateSync(path, 8192);
    const cut = openStore(path);
    expect(await codeOf(cut.read("journal", { runId: "a" }))).toBe("store_corrupt");
  });

  it("says store_unavailable for a folder", async () => {
    expect(await codeOf(openStore(temporaryFolder()).load("a"))).toBe("store_unavailable");
  });

  it("reads but does not write with readOnly", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const writer = openStore(path);
    await commitAll(writer, creation("a"));
    const reader = openStore(path, { readOnly: true });
    expect((await reader.load("a"))?.run.seq).toBe(1);
    expect(await codeOf(reader.commit([turn("a", 1)]))).toBe("store_read_only");
    await commitAll(writer, turn("a", 1));
    expect((await reader.load("a"))?.run.seq).toBe(2);
    await writer.close();
    expect((await reader.load("a"))?.run.seq).toBe(2);
  });

  it("sets every pragma anew each time", async () => {
    const path = join(temporaryFolder(), "runs.db");
    openConnection({ path, synchronous: "NORMAL" }).close();
    const other = new DatabaseSync(path);
    other.exec("PRAGMA synchronous = OFF; PRAGMA journal_mode = DELETE");
    other.close();
    const connection = openConnection({ path });
    const pragma = (name: string) => Object.values(connection.get<Record<string, unknown>>(`PRAGMA ${name}`) ?? {})[0];
    expect({
      journal: pragma("journal_mode"),
      synchronous: pragma("synchronous"),
      foreignKeys: pragma("foreign_keys"),
      busy: Number(pragma("busy_timeout")) <= 20,
    }).toEqual({ journal: "wal", synchronous: 2, foreignKeys: 1, busy: true });
    connection.close();
  });

  it("prints nothing on stderr", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const module = new URL("../../src/persistence/sqlite/index.ts", import.meta.url).href;
    const script = `const { sqliteStore } = await import(${JSON.stringify(module)});
      const store = sqliteStore(${JSON.stringify(path)}); await store.load("a"); await store.close(); console.log("done");`;
    const { stdout, stderr } = await run(process.execPath, ["--input-type=module", "--eval", script]);
    expect([stdout, stderr]).toEqual(["done\n", ""]);
  });
});

describe("migrating a SQLite store", () => {
  const next = MIGRATIONS.length + 1;
  const addition = { version: next, breaking: false, sql: "CREATE TABLE extra (x INTEGER) STRICT" };

  function openRaw(path: string): Connection {
    return new Connection(new DatabaseSync(path), false);
  }

  it("says store_schema_newer when a newer program's change would be misread", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const connection = openRaw(path);
    migrate(connection, path, [...MIGRATIONS, { ...addition, breaking: true }]);
    connection.close();
    const before = readFileSync(path);
    const store = openStore(path);
    expect(await codeOf(store.load("a"))).toBe("store_schema_newer");
    expect(await codeOf(store.commit([creation("a")]))).toBe("store_schema_newer");
    expect(readFileSync(path).equals(before)).toBe(true);
  });

  it("says store_schema_newer of a version that no migration vouches for", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path);
    await commitAll(store, creation("a"));
    await store.close();
    const connection = openRaw(path);
    connection.script("PRAGMA user_version = 99");
    connection.close();
    expect(await codeOf(openStore(path).load("a"))).toBe("store_schema_newer");
  });

  it("goes on with a newer schema whose changes do not concern it", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const connection = openRaw(path);
    migrate(connection, path, [...MIGRATIONS, addition]);
    connection.close();
    const store = openStore(path);
    await commitAll(store, creation("a"));
    expect((await store.load("a"))?.run.seq).toBe(1);
  });

  it("adds what is missing and keeps what is there", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path);
    await commitAll(store, creation("a"));
    await store.close();
    const connection = openRaw(path);
    migrate(connection, path, [...MIGRATIONS, addition]);
    migrate(connection, path, [...MIGRATIONS, addition]);
    expect(connection.get("SELECT count(*) AS n FROM extra")).toEqual({ n: 0 });
    connection.close();
    expect((await openStore(path).load("a"))?.run.seq).toBe(1);
  });

  it.each([
    ["one that this program would misread: it says so, and writes nothing", true, "store_schema_newer"],
    ["one that is none of its business: it goes on", false, "resolved"],
  ])("may happen while another process has the file open: %s", async (_name, breaking, expected) => {
    const path = join(temporaryFolder(), "runs.db");
    const store = openStore(path);
    await commitAll(store, creation("a"));
    const newer = openRaw(path);
    migrate(newer, path, [...MIGRATIONS, { ...addition, breaking }]);
    for (const _again of [1, 2]) expect(await codeOf(store.load("a"))).toBe(expected);
    expect(await codeOf(store.commit([turn("a", 1)]))).toBe(expected);
    expect(await codeOf(store.putBlob(new Uint8Array(1)))).toBe(expected);
    expect(newer.get("SELECT max(seq) AS seq FROM journal")).toEqual({ seq: breaking ? 1 : 2 });
    newer.close();
  });

  it("leaves nothing of a migration that fails", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const connection = openRaw(path);
    const broken = {
      version: next,
      breaking: false,
      sql: "CREATE TABLE extra (x INTEGER); INSERT INTO nowhere VALUES (1)",
    };
    expect(() => migrate(connection, path, [...MIGRATIONS, broken])).toThrow(/nowhere/);
    expect(connection.get("SELECT count(*) AS n FROM sqlite_schema")).toEqual({ n: 0 });
    connection.close();
    expect(await codeOf(openStore(path).load("a"))).toBe("resolved");
  });

  it("moves the checkpoints of a file of version 1, whichever run and turn they are of", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const old = openRaw(path);
    migrate(old, path, MIGRATIONS.slice(0, 1));
    const runs = ["a", "b"].map((runId) => {
      old.run(
        "INSERT INTO runs (run_id, seq, token, status, created_at_ms, pipeline_name, pipeline_hash, labels) VALUES (?, 4, 1, 'running', 0, 'p', 'h', '{}')",
        runId,
      );
      return old.get<{ run: number }>("SELECT run FROM runs WHERE run_id = ?", runId)?.run ?? 0;
    });
    for (const seq of [1, 2, 3, 4]) {
      for (const run of runs) {
        // Turns end at 2 and 4.
        const entry =
          "INSERT INTO journal (run, seq, turn, at_ms, type, v, data) VALUES (?, ?, ?, 0, 'run.queued', 1, '{}')";
        old.run(entry, run, seq, seq + (seq % 2));
      }
    }
    for (const run of runs) {
      old.run("INSERT INTO run_inputs VALUES (?, '{}')", run);
      for (const [seq, actor, snapshot] of [
        [2, "branch:main", `{"run":${run},"n":"\u00e9 \u{1f600} \\" "}`],
        [2, "run", '{"n":1}'],
        [4, "branch:main", '{"n":2}'],
      ] as const)
        old.run("INSERT INTO checkpoints VALUES (?, ?, ?, 'm@1', ?)", run, seq, actor, snapshot);
      const live = "INSERT INTO actors VALUES (?, 140737488355327, ?, 2, ?)";
      old.run(live, run, "branch:main", 4);
      old.run(live, run, "run", 2);
    }
    old.close();
    const store = openStore(path);
    for (const [index, runId] of ["a", "b"].entries()) {
      expect((await store.load(runId))?.actors).toEqual([
        { actor: "branch:main", machine: "m@1", seq: 4, snapshot: '{"n":2}' },
        { actor: "run", machine: "m@1", seq: 2, snapshot: '{"n":1}' },
      ]);
      expect((await store.read("checkpoints", { runId, atSeq: 3, actor: "branch:main" }))[0]).toEqual({
        actor: "branch:main",
        machine: "m@1",
        seq: 2,
        snapshot: `{"run":${runs[index]},"n":"\u00e9 \u{1f600} \\" "}`,
      });
    }
    expect(await store.check()).toEqual([]);
  });

  it("keeps a file of version 2 as it was: checkpoints, seq, and what is read by place", async () => {
    const path = join(temporaryFolder(), "runs.db");
    const old = openRaw(path);
    migrate(old, path, MIGRATIONS.slice(0, 2));
    old.run(
      "INSERT INTO runs (run_id, seq, token, status, created_at_ms, pipeline_name, pipeline_hash, labels) VALUES ('a', 4, 1, 'running', 0, 'p', 'h', '{}')",
    );
    old.run("INSERT INTO run_inputs VALUES (1, '{}')");
    for (const [seq, turnEnd, stage] of [
      [1, 2, null],
      [2, 2, "main/x@1"],
      [3, 4, "main/y@1"],
      [4, 4, "main/x@1"],
    ] as const)
      old.run(
        `INSERT INTO journal (run, seq, turn, at_ms, type, v, branch, stage, data)
          VALUES (1, ?, ?, 0, 'stage.entered', 1, 'main', ?, '{"kind":"gate"}')`,
        seq,
        turnEnd,
        stage,
      );
    old.run("INSERT INTO checkpoints VALUES (2, ?)", '[["branch:main","m@1","{\\"n\\":1}"]]');
    old.run("INSERT INTO checkpoints VALUES (4, ?)", '[["branch:main","m@1","{\\"n\\": 2}"]]');
    old.run("INSERT INTO actors VALUES (1, 140737488355327, 'branch:main', 2, 4)");
    old.close();
    const store = openStore(path);
    expect(await store.load("a")).toMatchObject({
      run: { seq: 4 },
      actors: [{ actor: "branch:main", machine: "m@1", seq: 4, snapshot: '{"n":2}' }],
    });
    expect(await store.read("checkpoints", { runId: "a", atSeq: 3 })).toMatchObject([{ seq: 2, snapshot: '{"n":1}' }]);
    expect((await store.read("journal", { runId: "a", stage: "main/x@1" })).map(({ seq }) => seq)).toEqual([2, 4]);
    expect(await store.check()).toEqual([]);
    await store.claim({ runId: "a", owner: OWNER, nowMs: 0, leaseMs: 1000 });
    await commitAll(store, turn("a", 4, { token: 2 }));
    expect((await store.load("a"))?.run.seq).toBe(5);
  });
});
