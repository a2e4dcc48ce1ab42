import { describe, expect, it } from "vitest";
import { fold, foldToJson } from "../../src/journal/fold.ts";
import { contextOf } from "../../src/runtime/queries/context.ts";
import { provenanceOf } from "../../src/runtime/queries/regions/provenance.ts";
import { Script } from "../journal/script.ts";
import { branchStarts, codeOf, fan, fanOut, reviewed, stored, works } from "./region-scripts.ts";
import { storeJournal } from "./stored-journal.ts";

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

  it("follows what a fan-in takes on to the branch that won, and leaves it what it wrote itself", async () => {
    const script = reviewed();
    const contextUpdates = { "parallel.winner": "h1", report: "b", only: "other" };
    script.turn((s) => s.started("main/pick@1")).turn((s) => s.succeeded("main/pick@1", 1, 1, { contextUpdates }));
    const store = await stored(script);
    expect(await provenanceOf(store, "run-1", { key: "report" })).toMatchObject({
      ...{ stage: "main/pick@1", attempt: 1, rule: "prefer:h1", value: "b" },
      branches: [{ path: `${fan}/1`, stage: `${fan}/1/lint@1` }],
    });
    expect(await provenanceOf(store, "run-1", { key: "only" })).not.toHaveProperty("branches");
    expect(await provenanceOf(store, "run-1", { key: "parallel.winner" })).not.toHaveProperty("branches");
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

  it("of a branch that has ended is what it read to its end", async () => {
    const script = works(new Script().begin(), "main/a@1", { report: "before" });
    fanOut(script, fan, 2);
    for (const index of [0, 1]) branchStarts(script, fan, index);
    works(script, `${fan}/0/w@1`, { mine: 1 });
    script.turn((s) => s.succeeded(fan, 1, 1, { contextUpdates: { report: "merged" } }));
    const store = await stored(script);
    const asked = { key: "report", branch: `${fan}/0` };
    expect(await provenanceOf(store, "run-1", asked)).toMatchObject({ stage: "main/a@1", value: "before" });
    expect(await contextOf(store, "run-1", { branch: `${fan}/0` })).toMatchObject({ report: "before", mine: 1 });
    expect(await contextOf(store, "run-1")).toMatchObject({ report: "merged" });
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
