import { describe, expect, it } from "vitest";
import { branchesOf } from "../../src/runtime/queries/regions/branches.ts";
import { joinsOf } from "../../src/runtime/queries/regions/joins.ts";
import { viewOf } from "../../src/runtime/queries/view.ts";
import { Script } from "../journal/script.ts";
import { branchStarts, codeOf, each, fan, fanOut, iterated, reviewed, stored, works } from "./region-scripts.ts";

describe("branchesOf", () => {
  it("has the rows of the run view, ended ones too", async () => {
    const store = await stored(reviewed());
    const { branches, branchesTotal, cursor } = await branchesOf(store, "run-1");
    expect(branches).toEqual((await viewOf(store, "run-1")).view.branches);
    expect(branches.map(({ path, status }) => [path, status])).toEqual([
      ["main", "running"],
      [`${fan}/0`, "succeeded"],
      [`${fan}/1`, "succeeded"],
      [`${fan}/2`, "superseded"],
    ]);
    expect({ branchesTotal, cursor }).toEqual({ branchesTotal: 4, cursor: undefined });
    const { counts } = await branchesOf(store, "run-1", { status: ["failed"], within: fan });
    expect(counts).toEqual({ succeeded: 2, superseded: 1 });
  });

  it("gives every branch once, whatever the size of a page, with frames and where each is", async () => {
    const store = await stored(iterated(300, 250));
    const found: string[] = [];
    let cursor: string | undefined;
    do {
      const page = await branchesOf(store, "run-1", { limit: 70, cursor });
      expect(page.branchesTotal).toBe(261);
      found.push(...page.branches.map((row) => row.path));
      cursor = page.cursor;
    } while (cursor !== undefined);
    expect(found).toEqual(["main", ...Array.from({ length: 260 }, (_, index) => `${each}/${index}`)]);
    const [row] = (await branchesOf(store, "run-1", { within: `${each}/255` })).branches;
    expect(row).toMatchObject({ status: "running", node: "do", origin: "foreach", parent: "main", index: 255 });
    expect(row?.frames).toMatchObject([{ container: "each", iteration: 255, completed: 250 }]);
  });

  it("lists those with a status, and counts them", async () => {
    const store = await stored(iterated(300, 250));
    const failed = await branchesOf(store, "run-1", { status: ["failed"], limit: 20 });
    expect(failed.branches.map((row) => row.index)).toEqual(Array.from({ length: 20 }, (_, n) => n * 10 + 3));
    expect(failed.branchesTotal).toBe(25);
    const rest = await branchesOf(store, "run-1", { status: ["failed"], limit: 20, cursor: failed.cursor });
    expect(rest.branches.map((row) => row.index)).toEqual([203, 213, 223, 233, 243]);
    expect(rest.cursor).toBeUndefined();
    const running = await branchesOf(store, "run-1", { status: ["running"], within: each });
    expect(running.branches).toHaveLength(10);
  });

  it("is of a moment of the past where that is asked for", async () => {
    const { branches } = await branchesOf(await stored(iterated(300, 250)), "run-1", { at: 14 });
    expect(branches.map((row) => [row.path, row.status])).toEqual([
      ["main", "running"],
      [`${each}/0`, "succeeded"],
      [`${each}/1`, "succeeded"],
      [`${each}/2`, "running"],
    ]);
  });

  it("refuses a page that is none, and a run that is not there", async () => {
    const store = await stored(reviewed());
    expect(await codeOf(branchesOf(store, "run-1", { cursor: "x" }))).toBe("usage");
    expect(await codeOf(branchesOf(store, "run-1", { limit: 0 }))).toBe("usage");
    expect(await codeOf(branchesOf(store, "run-1", { limit: 101 }))).toBe("usage");
    expect(await codeOf(branchesOf(store, "nope"))).toBe("run_not_found");
  });
});

describe("joinsOf", () => {
  it("has the rows of the run view, how the join was found, and how it ended", async () => {
    const store = await stored(reviewed());
    const page = await joinsOf(store, "run-1");
    const [row] = page.joins;
    expect(page).toMatchObject({ joinsTotal: 1, seq: row && page.seq });
    expect(row).toMatchObject((await viewOf(store, "run-1")).view.joins[0] ?? { none: true });
    expect(row).toMatchObject({
      ...{ activation: fan, join: "join", branch: "main", rule: "attribute", policy: "quorum", need: 2, total: 3 },
      ...{ succeeded: 2, failed: 0, open: 1, decision: "success", superseded: 1, ended: "succeeded", maxParallel: 4 },
      ...{ winners: [`${fan}/1`, `${fan}/0`], decidedAt: "1970-01-01T00:00:01.000Z" },
    });
  });

  it("keeps an inner join apart from the one around it", async () => {
    const script = new Script().begin();
    fanOut(script, fan, 2);
    branchStarts(script, fan, 0);
    const inner = `${fan}/0/fan@1`;
    fanOut(script, inner, 3);
    branchStarts(script, inner, 0);
    works(script, `${inner}/0/w@1`, {});
    script.turn((s) => s.add("branch.failed", { status: "fail" }, { branch: `${inner}/0` }));
    const { joins } = await joinsOf(await stored(script), "run-1");
    expect(joins.map(({ activation, branch, failed, open }) => ({ activation, branch, failed, open }))).toEqual([
      { activation: fan, branch: "main", failed: 0, open: 2 },
      { activation: inner, branch: `${fan}/0`, failed: 1, open: 2 },
    ]);
  });

  it("pages beyond the hundred of the run view", async () => {
    const script = new Script().begin();
    for (let visit = 1; visit <= 130; visit += 1) {
      fanOut(script, `main/fan@${visit}`, 2);
      script.turn((s) => s.succeeded(`main/fan@${visit}`));
    }
    const store = await stored(script);
    const first = await joinsOf(store, "run-1");
    expect(first).toMatchObject({ joinsTotal: 130, cursor: "100" });
    const second = await joinsOf(store, "run-1", { cursor: first.cursor });
    expect(second.joins.map((row) => row.activation)).toEqual(
      Array.from({ length: 30 }, (_, index) => `main/fan@${index + 101}`),
    );
    expect(second).not.toHaveProperty("cursor");
  });
});
