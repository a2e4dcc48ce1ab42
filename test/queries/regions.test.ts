import { describe, expect, it } from "vitest";
import { isSafepointError } from "../../src/errors.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { branchesOf } from "../../src/runtime/queries/regions/branches.ts";
import { joinsOf } from "../../src/runtime/queries/regions/joins.ts";
import { provenanceOf } from "../../src/runtime/queries/regions/provenance.ts";
import { viewOf } from "../../src/runtime/queries/view.ts";
import { Script } from "../journal/script.ts";
import { storeJournal } from "./stored-journal.ts";

const fan = "main/fan@1";
const each = "main/each@1";

async function stored(script: Script): Promise<Store> {
  const store = memoryStore();
  await storeJournal(store, script.entries);
  return store;
}

function fanOut(script: Script, activation: string, branches: number): Script {
  const heads = Array.from({ length: branches }, (_, index) => ({ path: `${activation}/${index}`, head: `h${index}` }));
  return script.turn((s) =>
    s.entered(activation, "parallel").add(
      "parallel.started",
      {
        activation,
        join: "join",
        joinRule: "attribute",
        policy: "quorum",
        errorPolicy: "continue",
        need: 2,
        branches: heads,
        maxParallel: 4,
      },
      { branch: activation.slice(0, activation.lastIndexOf("/")), stage: activation },
    ),
  );
}

function branchStarts(script: Script, activation: string, index: number): Script {
  const path = `${activation}/${index}`;
  const data = { activation, index, head: `h${index}`, branchRunId: `${path}~0` };
  return script.turn((s) => s.add("branch.started", data, { branch: path }));
}

function works(script: Script, stage: string, contextUpdates: Record<string, string | number>): Script {
  return script.turn((s) => s.started(stage)).turn((s) => s.succeeded(stage, 1, 1, { contextUpdates }));
}

/** Three branches of which two win; what they wrote is merged under names of their own, and `report` by a rule. */
function reviewed(): Script {
  const script = new Script().begin({ goal: "g" });
  fanOut(script, fan, 3);
  for (const index of [0, 1, 2]) branchStarts(script, fan, index);
  works(script, `${fan}/1/lint@1`, { report: "b", only: 1 });
  works(script, `${fan}/0/lint@1`, { report: "a" });
  script.turn((s) => s.add("branch.succeeded", { status: "success" }, { branch: `${fan}/1` }));
  script.turn((s) => s.add("branch.succeeded", { status: "success" }, { branch: `${fan}/0` }));
  script.turn((s) => {
    const counts = { succeeded: 2, failed: 0, open: 1, winners: [`${fan}/1`, `${fan}/0`] };
    const data = { activation: fan, decision: "success" as const, policy: "quorum", ...counts };
    s.add("join.decided", data, { branch: "main", stage: fan });
  });
  script.turn((s) => s.add("branch.superseded", { status: "success" }, { branch: `${fan}/2` }));
  return script.turn((s) =>
    s.add(
      "stage.succeeded",
      {
        outcome: { status: "success", contextUpdates: { report: ["a", "b"], "parallel.fan.1.only": 1 } },
        provenance: {
          report: { branches: [`${fan}/0`, `${fan}/1`], rule: "append" },
          "parallel.fan.1.only": { branches: [`${fan}/1`], rule: "namespaced" },
        },
      },
      { branch: "main", stage: fan },
    ),
  );
}

/** A foreach of so many; those below `ended` have ended, every tenth of them failed. */
function iterated(total: number, ended: number): Script {
  const script = new Script().begin();
  const where = { branch: "main", stage: each };
  script.turn((s) =>
    s
      .entered(each, "foreach")
      .add("container.entered", { activation: each, kind: "foreach", maxParallel: 10, total }, where),
  );
  for (let index = 0; index < Math.min(total, ended + 10); index += 1) {
    const data = { activation: each, index, item: `item ${index}`, count: total };
    script.turn((s) =>
      s.add("iteration.started", data, { branch: `${each}/${index}` }).started(`${each}/${index}/do@1`),
    );
    if (index >= ended) continue;
    script.turn((s) => {
      const end = { activation: each, index };
      s.succeeded(`${each}/${index}/do@1`);
      if (index % 10 === 3)
        s.add("iteration.failed", { ...end, status: "fail", reason: "no" }, { branch: `${each}/${index}` });
      else s.add("iteration.succeeded", { ...end, status: "success" }, { branch: `${each}/${index}` });
    });
  }
  return script;
}

const codeOf = (promise: Promise<unknown>) =>
  promise.then(
    () => "resolved",
    (error: unknown) => (isSafepointError(error) ? error.code : String(error)),
  );

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

describe("provenanceOf", () => {
  const seqOf = (script: Script, type: string, stage: string) =>
    script.entries.find((entry) => entry.type === type && entry.stage === stage)?.seq;

  it("names the stage, attempt and execution that wrote a key last, though the value was the same before", async () => {
    const script = new Script().begin({ goal: "g" });
    works(script, "main/a@1", { x: 1 });
    works(script, "main/b@1", { x: 1 });
    const store = await stored(script);
    expect(await provenanceOf(store, "run-1", { key: "x" })).toEqual({
      ...{ runId: "run-1", branch: "main", scope: "main", key: "x", value: 1, type: "stage.succeeded" },
      ...{ stage: "main/b@1", attempt: 1, execution: "main/b@1#1.1" },
      ...{ seq: script.entries.length, at: "1970-01-01T00:00:01.000Z" },
    });
    expect(await provenanceOf(store, "run-1", { key: "goal" })).toMatchObject({
      type: "run.created",
      seq: 1,
      value: "g",
    });
    expect(await provenanceOf(store, "run-1", { key: "x", at: 4 })).toMatchObject({ stage: "main/a@1" });
    expect(await codeOf(provenanceOf(store, "run-1", { key: "y" }))).toBe("key_not_found");
    expect(await codeOf(provenanceOf(store, "run-1", { key: "x", branch: "main/fan@1/0" }))).toBe("branch_not_found");
  });

  it("names who continued the run with a value", async () => {
    const script = works(new Script().begin(), "main/a@1", { x: 1 });
    script.turn((s) =>
      s.add(
        "run.continued",
        { runTimeMs: 1, pausedMs: 1, context: { x: 2 } },
        { cause: { commandId: "c", actor: "ann" } },
      ),
    );
    expect(await provenanceOf(await stored(script), "run-1", { key: "x" })).toMatchObject({
      ...{ type: "run.continued", actor: "ann", value: 2, scope: "main" },
    });
  });

  it("follows a merge into each branch it took the key from", async () => {
    const script = reviewed();
    const store = await stored(script);
    const at = (index: number) => seqOf(script, "stage.succeeded", `${fan}/${index}/lint@1`);
    expect(await provenanceOf(store, "run-1", { key: "report" })).toMatchObject({
      ...{ stage: fan, scope: "main", rule: "append", value: ["a", "b"] },
      branches: [
        { path: `${fan}/0`, stage: `${fan}/0/lint@1`, attempt: 1, seq: at(0) },
        { path: `${fan}/1`, stage: `${fan}/1/lint@1`, attempt: 1, seq: at(1) },
      ],
    });
    expect(await provenanceOf(store, "run-1", { key: "parallel.fan.1.only" })).toMatchObject({
      ...{ stage: fan, rule: "namespaced", value: 1 },
      branches: [{ path: `${fan}/1`, key: "only", stage: `${fan}/1/lint@1`, seq: at(1) }],
    });
  });

  it("follows a merge of a merge all the way down", async () => {
    const script = new Script().begin();
    fanOut(script, fan, 1);
    branchStarts(script, fan, 0);
    const inner = `${fan}/0/in@1`;
    fanOut(script, inner, 2);
    branchStarts(script, inner, 1);
    works(script, `${inner}/1/w@1`, { k: 7 });
    const merges = (stage: string, key: string, path: string) =>
      script.turn((s) =>
        s.add(
          "stage.succeeded",
          {
            outcome: { status: "success", contextUpdates: { [key]: 7 } },
            provenance: { [key]: { branches: [path], rule: "namespaced" } },
          },
          { branch: stage.slice(0, stage.lastIndexOf("/")), stage },
        ),
      );
    merges(inner, "parallel.in.1.k", `${inner}/1`);
    merges(fan, "parallel.fan.0.parallel.in.1.k", `${fan}/0`);
    expect(await provenanceOf(await stored(script), "run-1", { key: "parallel.fan.0.parallel.in.1.k" })).toMatchObject({
      stage: fan,
      branches: [
        { stage: inner, key: "parallel.in.1.k", branches: [{ path: `${inner}/1`, key: "k", stage: `${inner}/1/w@1` }] },
      ],
    });
  });

  it("tells what a branch reads of its own from what it reads through it", async () => {
    const script = works(new Script().begin(), "main/a@1", { x: "outer", y: "outer" });
    fanOut(script, fan, 2);
    branchStarts(script, fan, 0);
    works(script, `${fan}/0/w@1`, { x: "inner" });
    const store = await stored(script);
    const of = (key: string, branch: string) => provenanceOf(store, "run-1", { key, branch });
    expect(await of("x", `${fan}/0`)).toMatchObject({ scope: `${fan}/0`, stage: `${fan}/0/w@1`, value: "inner" });
    expect(await of("y", `${fan}/0`)).toMatchObject({ scope: "main", stage: "main/a@1", value: "outer" });
    expect(await of("x", "main")).toMatchObject({ scope: "main", stage: "main/a@1", value: "outer" });
  });

  it("follows what an iteration hands to its loop, and not what a cut one wrote", async () => {
    const loop = "main/again@1";
    const script = new Script().begin({ n: "0" });
    const where = { branch: "main", stage: loop };
    script.turn((s) =>
      s.entered(loop, "loop").add("container.entered", { activation: loop, kind: "loop", maxParallel: 1 }, where),
    );
    for (const index of [0, 1, 2]) {
      const branch = `${loop}/${index}`;
      script.turn((s) => s.add("iteration.started", { activation: loop, index }, { branch }));
      works(script, `${branch}/step@1`, { n: index });
      script.turn((s) => {
        if (index === 2) s.add("iteration.cancelled", { activation: loop, index }, { branch });
        else s.add("iteration.succeeded", { activation: loop, index, status: "success" }, { branch });
      });
    }
    const store = await stored(script);
    expect(await provenanceOf(store, "run-1", { key: "n" })).toMatchObject({
      ...{ scope: "main", stage: loop, type: "iteration.succeeded", rule: "loop", value: 1 },
      branches: [{ path: `${loop}/1`, stage: `${loop}/1/step@1` }],
    });
    expect(await codeOf(provenanceOf(store, "run-1", { key: "work.index" }))).toBe("key_not_found");
    const ofEnded = await provenanceOf(store, "run-1", { key: "work.index", branch: `${loop}/0` });
    expect(ofEnded).toMatchObject({ scope: `${loop}/0`, type: "iteration.started", value: 0 });
  });

  it("says who took a key away", async () => {
    const script = works(new Script().begin(), "main/a@1", { "parallel.fan.9.k": "old" });
    script.turn((s) =>
      s.add(
        "stage.succeeded",
        { outcome: { status: "success" }, removed: ["parallel.fan.9.k"] },
        { branch: "main", stage: fan },
      ),
    );
    const found = await provenanceOf(await stored(script), "run-1", { key: "parallel.fan.9.k" });
    expect(found).toMatchObject({ stage: fan, removed: true });
    expect(found).not.toHaveProperty("value");
  });

  it("goes on in the run that a fork came from", async () => {
    const script = works(new Script("first").begin(), "main/a@1", { x: 1, y: 1 });
    const store = await stored(script);
    const { foldToJson, fold } = await import("../../src/journal/fold.ts");
    const fork = new Script("second").turn((s) => {
      s.create({ y: "mine" });
      s.add("run.forked", { from: "first", at: script.entries.length, base: foldToJson(fold(script.entries)) });
    });
    await storeJournal(store, fork.entries);
    expect(await provenanceOf(store, "second", { key: "x" })).toMatchObject({
      ...{ runId: "second", type: "run.forked", seq: 2, value: 1 },
      origin: { runId: "first", stage: "main/a@1", value: 1 },
    });
    expect(await provenanceOf(store, "second", { key: "y" })).toMatchObject({ type: "run.created", value: "mine" });
  });
});
