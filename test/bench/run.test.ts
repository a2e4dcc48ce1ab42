import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { PartResult, Report } from "../../bench/report.ts";
import { SCENARIOS } from "../../bench/scenarios.ts";
import { build } from "../package/commands.ts";
import { ROOT } from "../tidy/sources.ts";

const folder = mkdtempSync(join(tmpdir(), "safepoint-bench-test-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function bench(...args: string[]) {
  return spawnSync(process.execPath, [join(ROOT, "bench", "run.ts"), ...args], { cwd: folder, encoding: "utf8" });
}

/** What a scenario finds out at sizes that say nothing about speed. */
function measure(scenario: string, text = ""): readonly PartResult[] {
  const file = join(folder, `${scenario}.json`);
  const { status, stderr, stdout } = bench(scenario, "--part", text, "--size", "tiny", "--json", file);
  expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
  const report = JSON.parse(readFileSync(file, "utf8")) as Report;
  expect(report.parts.map(({ part }) => part)).toEqual(partsOf(scenario, text));
  for (const { part, measurements } of report.parts) {
    expect(stdout).toContain(`${scenario}: ${part}`);
    for (const { what } of measurements) expect(stdout).toContain(what);
  }
  return report.parts;
}

function partsOf(scenario: string, text: string): readonly string[] {
  const names = Object.keys(SCENARIOS[scenario]?.parts ?? {}).filter((name) => name.includes(text));
  expect(names.length).toBeGreaterThan(0);
  return names;
}

function numberOf({ measurements }: PartResult, what: string): number {
  const found = measurements.find((measurement) => measurement.what === what);
  expect(found, what).toBeDefined();
  return found?.value ?? Number.NaN;
}

describe("the bench", () => {
  it("measures stages beside raw commits", { timeout: 60_000 }, () => {
    for (const part of measure("stages", "long run, chain")) {
      expect(numberOf(part, "stages")).toBeGreaterThan(0);
      expect(numberOf(part, "CPU time a stage")).toBeGreaterThan(0);
      expect(numberOf(part, "stages to raw")).toBeGreaterThan(0);
    }
  });

  it("measures many runs, which share transactions", { timeout: 60_000 }, () => {
    const [part] = measure("stages", "many runs, NORMAL") as [PartResult];
    expect(numberOf(part, "turns a transaction")).toBeGreaterThan(1);
    expect(numberOf(part, "stages")).toBeGreaterThan(0);
  });

  it("measures branches, which share turns", { timeout: 60_000 }, () => {
    for (const part of measure("parallel", "10 stages, NORMAL")) {
      expect(numberOf(part, "stages a turn")).toBeGreaterThan(1);
      expect(numberOf(part, "stages, late")).toBeGreaterThan(0);
    }
  });

  it("measures items one at a time and several", { timeout: 60_000 }, () => {
    const [one, ten] = measure("foreach", "10,000") as [PartResult, PartResult];
    expect(numberOf(one, "stages a turn")).toBeLessThanOrEqual(1);
    expect(numberOf(ten, "stages a turn")).toBeGreaterThan(1);
    expect(numberOf(ten, "rows and indexes a stage")).toBeGreaterThan(100);
  });

  it("compares late stages with early ones", { timeout: 60_000 }, () => {
    for (const part of measure("flat", "nodes"))
      expect(numberOf(part, "wall time a stage, late to early")).toBeGreaterThan(0);
  });

  it("counts bytes: more are written than stay", { timeout: 60_000 }, () => {
    for (const part of measure("bytes", "run, c")) {
      const rows = numberOf(part, "database, rows and indexes, a stage");
      expect(rows).toBeGreaterThan(100);
      expect(numberOf(part, "database, pages, a stage")).toBeGreaterThan(rows);
    }
  });

  it("takes up runs again and again", { timeout: 60_000 }, () => {
    const [part] = measure("resume") as [PartResult];
    expect(part.measurements.find(({ what }) => what === "resume, long to short")?.rounds).toBe(2);
    expect(numberOf(part, "a view of 90 entries")).toBeGreaterThan(0);
  });

  it("weighs what is left in memory", { timeout: 60_000 }, () => {
    for (const part of measure("memory", "many runs")) expect(numberOf(part, "RSS")).toBeGreaterThan(10);
  });

  it("tells clients of entries, all of them, also where one does not read", { timeout: 60_000 }, () => {
    for (const part of measure("sse")) {
      expect(numberOf(part, "from commit to client, p99")).toBeGreaterThanOrEqual(0);
      expect(numberOf(part, "entries that arrived, to those written")).toBe(1);
    }
  });

  it("measures the store alone", { timeout: 60_000 }, () => {
    for (const part of measure("store", "NORMAL")) expect(numberOf(part, "turns, one a commit")).toBeGreaterThan(0);
  });

  it("gives commands here and to another process", { timeout: 60_000 }, () => {
    const [here, elsewhere] = measure("control", "live runs") as [PartResult, PartResult];
    expect(numberOf(here, "a pause of one run, again and again, p99")).toBeGreaterThan(0);
    expect(numberOf(here, "a pause of each of the others, one after the other, p99")).toBeGreaterThan(0);
    expect(numberOf(elsewhere, "a pause of one run, again and again, p99")).toBeGreaterThan(0);
  });

  it("gives one command to many runs of another process, which then all rest", { timeout: 60_000 }, () => {
    const [part] = measure("control", "one command") as [PartResult];
    expect(numberOf(part, "until all are paused")).toBeGreaterThan(numberOf(part, "until all have acknowledged"));
  });

  describe("of what is built", () => {
    beforeAll(build, 60_000);

    it("gives one command from the command line", { timeout: 60_000 }, () => {
      const [part] = measure("control", "from the command line") as [PartResult];
      expect(part.measurements.map(({ value }) => value > 0)).toEqual([true]);
    });

    it("starts the command line and imports the library", { timeout: 60_000 }, () => {
      const [part] = measure("cold") as [PartResult];
      expect(numberOf(part, "safepoint run examples/hello")).toBeGreaterThan(numberOf(part, "node -e 0"));
      expect(numberOf(part, 'import "safepoint"')).toBeGreaterThan(0);
    });
  });

  it.each([
    [
      ["flats"],
      "there is no scenario flats; there are stages, flat, bytes, resume, memory, control, cold, parallel, foreach, sse, store",
    ],
    [["--size", "huge"], "there is no size huge; there are full, quick, tiny"],
    [["flat", "--part", "parallel"], 'no part of flat has "parallel" in its name'],
    [["--fast"], "Unknown option '--fast'"],
  ])("refuses %o", (args, message) => {
    const { status, stderr, stdout } = bench(...args);
    expect({ status, stdout }).toEqual({ status: 2, stdout: "" });
    expect(stderr).toContain(message);
  });
});
