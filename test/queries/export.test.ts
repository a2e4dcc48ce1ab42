import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createFileNames } from "../../src/runtime/queries/export-names.ts";
import { exportRun } from "../../src/runtime/queries/export-run.ts";
import { creationOf, demoStore, entry, writeTurns } from "./stored-run.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "safepoint-export-"));
});
afterEach(() => rmSync(dir, { recursive: true, force: true }));

const json = (path: string) => JSON.parse(readFileSync(join(dir, path), "utf8"));

describe("exportRun", () => {
  it("writes the specification's directory", async () => {
    const report = await exportRun(await demoStore(), "demo", dir);
    expect(report.files).toEqual([
      "build/response.md",
      "build/status.json",
      "build/visits/1/response.md",
      "build/visits/1/status.json",
      "check/status.json",
      "check/visits/1/status.json",
      "checkpoint.json",
      "deploy/status.json",
      "deploy/visits/1/status.json",
      "exit/status.json",
      "exit/visits/1/status.json",
      "pipeline.dot",
      "start/status.json",
      "start/visits/1/status.json",
      "manifest.json",
    ]);
    expect(json("manifest.json")).toMatchObject({
      name: "demo",
      goal: "ship it",
      run_id: "demo",
      start_time: "2026-01-02T03:04:05.000Z",
    });
    expect(json("checkpoint.json")).toMatchObject({
      current_node: "exit",
      completed_nodes: ["start", "build", "check", "deploy", "exit"],
      node_retries: {},
      context: { zip: "a.zip" },
    });
    expect(json("build/status.json")).toEqual({
      outcome: "success",
      preferred_next_label: "",
      suggested_next_ids: [],
      context_updates: { zip: "a.zip", log: "x".repeat(70_000) },
      notes: "built",
    });
    expect(readFileSync(join(dir, "build/response.md"), "utf8")).toBe("# built\n");
  });

  it("puts the last visit beside all visits", async () => {
    const store = await demoStore(4);
    const end = (visit: number, status: string) =>
      entry(
        "stage.failed",
        { outcome: { status, failureReason: `visit ${visit}` }, code: "fail" },
        { branch: "main", stage: `main/build@${visit}`, attempt: 1, execution: `main/build@${visit}#1.1` },
      );
    await writeTurns(store, "demo", [{ entries: [end(2, "fail")] }, { entries: [end(3, "fail")] }]);
    await exportRun(store, "demo", dir);
    expect(readdirSync(join(dir, "build/visits"))).toEqual(["1", "2", "3"]);
    expect(json("build/status.json")).toMatchObject({ outcome: "fail", failure_reason: "visit 3" });
    expect(json("build/visits/2/status.json")).toMatchObject({ failure_reason: "visit 2" });
    // Its artifact is of the first visit, and stays there.
    expect(existsSync(join(dir, "build/response.md"))).toBe(false);
    expect(existsSync(join(dir, "build/visits/1/response.md"))).toBe(true);
  });

  it("writes over an earlier export and removes what is no longer there, but nothing else", async () => {
    await exportRun(await demoStore(), "demo", dir);
    writeFileSync(join(dir, "mine.txt"), "mine");
    await exportRun(await demoStore(3), "demo", dir);
    expect(existsSync(join(dir, "deploy/status.json"))).toBe(false);
    expect(existsSync(join(dir, "start/status.json"))).toBe(true);
    expect(readFileSync(join(dir, "mine.txt"), "utf8")).toBe("mine");
  });

  it("refuses a directory with files of others", async () => {
    writeFileSync(join(dir, "mine.txt"), "mine");
    await expect(exportRun(await demoStore(), "demo", dir)).rejects.toMatchObject({ code: "usage" });
    writeFileSync(join(dir, "manifest.json"), '{"name":"an extension"}');
    await expect(exportRun(await demoStore(), "demo", dir)).rejects.toMatchObject({ code: "usage" });
    expect(readdirSync(dir).toSorted()).toEqual(["manifest.json", "mine.txt"]);
  });

  it("removes nothing outside the directory, whatever a manifest says", async () => {
    const outside = join(dir, "outside.txt");
    writeFileSync(outside, "keep");
    const inner = join(dir, "export");
    mkdirSync(inner);
    writeFileSync(join(inner, "manifest.json"), JSON.stringify({ safepoint_export: 1, files: ["../outside.txt"] }));
    await expect(exportRun(await demoStore(), "demo", inner)).rejects.toMatchObject({ code: "usage" });
    expect(readFileSync(outside, "utf8")).toBe("keep");
  });

  it("does not write through a symbolic link", async () => {
    const inner = join(dir, "export");
    await exportRun(await demoStore(), "demo", inner);
    rmSync(join(inner, "build"), { recursive: true });
    mkdirSync(join(dir, "elsewhere"));
    symlinkSync(join(dir, "elsewhere"), join(inner, "build"));
    await expect(exportRun(await demoStore(), "demo", inner)).rejects.toMatchObject({ code: "usage" });
    expect(readdirSync(join(dir, "elsewhere"))).toEqual([]);
  });

  it("gives nodes with unsafe ids safe directories", async () => {
    const store = await demoStore(0);
    const source =
      'digraph { start [shape=Mdiamond]; "../../etc/x"; exit [shape=Msquare]; start -> "../../etc/x" -> exit }';
    const { hashOf } = await import("./stored-run.ts");
    await store.putPipeline({ hash: hashOf(source), name: "odd", source });
    const { formatStage } = await import("../../src/journal/address.ts");
    const stage = formatStage({ branch: "main", node: "../../etc/x", visit: 1 });
    await writeTurns(store, "odd", [
      creationOf("odd", source),
      { entries: [entry("stage.succeeded", { outcome: { status: "success" } }, { branch: "main", stage })] },
    ]);
    const report = await exportRun(store, "odd", dir);
    expect(report.files.filter((file) => file.includes("etc")).every((file) => /^_[A-Za-z0-9_~]+\//.test(file))).toBe(
      true,
    );
    expect(report.files.filter((file) => file.includes("etc"))).toHaveLength(2);
  });
});

describe("file names", () => {
  it("are safe, and differ for different ids on any file system", () => {
    fc.assert(
      fc.property(fc.uniqueArray(fc.string({ unit: "binary", maxLength: 12 }), { maxLength: 20 }), (ids) => {
        const nameOf = createFileNames(["manifest.json"]);
        const names = ids.map(nameOf);
        for (const name of names) expect(name).toMatch(/^(?!\.)[A-Za-z0-9_.~-]{1,120}(?<!\.)$/);
        expect(new Set(names.map((name) => name.toLowerCase())).size).toBe(ids.length);
        expect(ids.map(nameOf)).toEqual(names);
      }),
      { numRuns: 300 },
    );
  });

  it.each([
    ["build", "build"],
    ["..", undefined],
    ["", undefined],
    ["con", undefined],
    ["manifest.json", undefined],
    ["MANIFEST.json", undefined],
    [".hidden", undefined],
    ["a/b", undefined],
    ["x".repeat(300), undefined],
  ])("%j", (id, expected) => {
    const name = createFileNames(["manifest.json"])(id);
    if (expected === undefined) expect(name).toMatch(/~[0-9a-f]{12}$/);
    else expect(name).toBe(expected);
  });

  it("do not clash when ids differ in case only", () => {
    const nameOf = createFileNames();
    expect([nameOf("Build"), nameOf("build")]).toEqual(["Build", expect.stringMatching(/^build~/)]);
  });
});
