import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import { creationOf, demoStore, hashOf } from "../queries/stored-run.ts";
import { run, tempDir } from "./fake-io.ts";

describe("doctor", () => {
  it("looks at the machine without making a store", async () => {
    const cwd = tempDir();
    const { code, stdout, stderr } = await run("doctor --json", { cwd });
    expect({ code, stderr }).toEqual({ code: 0, stderr: "" });
    const found = JSON.parse(stdout);
    expect(found).toMatchObject({
      ok: true,
      node: { version: process.versions.node, ok: true },
      sqlite: expect.stringMatching(/^3\./),
      store: { location: join(cwd, ".safepoint/safepoint.db"), exists: false, pragmas: {} },
      disk: { commits: 20, dir: cwd },
      host: { pid: process.pid, host: expect.any(String), bootId: expect.any(String) },
      unowned: [],
      problems: [],
    });
    expect(found.disk.medianMs).toBeLessThanOrEqual(found.disk.worstMs);
    expect(readdirSync(cwd)).toEqual([]);
  });

  it("says what is in force in the store, and what unowned runs would need", async () => {
    const cwd = tempDir();
    const store = sqliteStore(join(cwd, "s.db"));
    await demoStore(2, store);
    const source =
      "digraph { start [shape=Mdiamond]; a [type=review]; b [type=deploy]; exit [shape=Msquare]; start -> a -> b -> exit }";
    await store.putPipeline({ hash: hashOf(source), name: "own", source });
    const { create, ...rest } = creationOf("own", source);
    const { owner: _, leaseUntilMs: __, ...unowned } = create!;
    await store.commit([{ runId: "own", token: 0, baseSeq: 0, atMs: 1, ...rest, create: unowned }]);
    await store.close();
    const options = { cwd, now: () => Date.parse("2026-01-02T03:04:06.000Z") };
    const found = JSON.parse((await run("doctor --json --store s.db", options)).stdout);
    expect(found.store).toMatchObject({
      exists: true,
      schemaVersion: expect.any(Number),
      pragmas: { journal_mode: "wal", synchronous: "FULL", foreign_keys: 1 },
    });
    expect(found.unowned).toEqual([{ runId: "own", status: "running", missingTypes: ["deploy", "review"] }]);
    writeFileSync(join(cwd, "own.mjs"), "export default { review: () => {}, deploy: () => {} };");
    const helped = JSON.parse((await run("doctor --json --store s.db --handlers own.mjs", options)).stdout);
    expect(helped.unowned).toMatchObject([{ runId: "own", missingTypes: [] }]);
    // A second later the demo's lease is over as well.
    const later = JSON.parse((await run("doctor --json --store s.db", { cwd })).stdout);
    expect(later.unowned.map((each: { runId: string }) => each.runId).toSorted()).toEqual(["demo", "own"]);
    expect((await run("doctor --store s.db", options)).stdout).toMatch(
      /unowned +own \(running\), no handler for deploy, review/,
    );
  });

  it("finds agents on the PATH", async () => {
    const cwd = tempDir();
    mkdirSync(join(cwd, "bin"));
    writeFileSync(join(cwd, "bin/codex"), "#!/bin/sh\nexit 1\n");
    writeFileSync(join(cwd, "bin/gemini"), "not executable");
    chmodSync(join(cwd, "bin/codex"), 0o755);
    const { agents } = JSON.parse((await run("doctor --json", { cwd, env: { PATH: join(cwd, "bin") } })).stdout);
    expect(agents).toContainEqual({ name: "codex", path: join(cwd, "bin/codex") });
    expect(agents).toContainEqual({ name: "gemini", path: null });
  });

  it("exits 78 and names what is wrong", async () => {
    const cwd = tempDir({ "s.db": "this is no database, but long enough to be read as one ".repeat(100) });
    const { code, stdout } = await run("doctor --store s.db --json", { cwd });
    expect(code).toBe(78);
    const found = JSON.parse(stdout);
    expect(found.ok).toBe(false);
    expect(found.problems).toHaveLength(1);
    expect((await run("doctor --store s.db", { cwd })).stdout).toMatch(/PROBLEM +\S/);
  });
});
