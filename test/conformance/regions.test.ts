/** Branches, iterations and child runs: looked at in full, under control, and cancelled one by one. */
import { describe, expect, it } from "vitest";
import type { Door } from "./door.ts";
import type { Hands } from "./hands.ts";
import { lookAt } from "./look-at.ts";
import { pipeline, play, type Stage } from "./play.ts";

const FAN = pipeline(`
  fan [type=parallel, merge=overlay]; a; b; after
  start -> fan; fan -> a; fan -> b; a -> after; b -> after; after -> exit`);
const RACE = FAN.replace("merge=overlay", 'join_policy="first_success"');

interface Shape {
  readonly source: string;
  /** Stages whose work goes on at the moment in question, in the order in which they are let go. */
  readonly held: readonly string[];
  readonly files?: Readonly<Record<string, string>>;
  /** Nodes that are held. */
  readonly nodes: readonly string[];
}

const SHAPES: Readonly<Record<string, Shape>> = {
  parallel: { source: FAN, nodes: ["a", "b"], held: ["main/fan@1/0/a@1", "main/fan@1/1/b@1"] },
  foreach: {
    source: pipeline(`
      each [type=foreach, items="[\\"x\\",\\"y\\",\\"z\\"]", body=part, max_parallel=2, collect=seen]; after
      subgraph part { work }
      start -> each -> after -> exit`),
    nodes: ["work"],
    held: ["main/each@1/0/work@1", "main/each@1/1/work@1"],
  },
  loop: {
    source: pipeline(`
      again [type=loop, body=part, until="seen=1"]; after
      subgraph part { work }
      start -> again -> after -> exit`),
    nodes: ["work"],
    held: ["main/again@1/1/work@1"],
  },
  child: {
    source: pipeline('sub [type=pipeline, child="child.dot", outputs=seen]; after; start -> sub -> after -> exit'),
    files: { "child.dot": pipeline("work; start -> work -> exit") },
    nodes: ["work"],
    held: ["main/work@1"],
  },
};

/** Work in two branches, in two iterations, in the second round of a loop, in a child run. */
async function begin({ door, hands }: Stage, { source, nodes, held }: Shape): Promise<void> {
  hands.hold(nodes);
  expect(await door.start(source, { runId: "m" })).toMatchObject({ code: "ok" });
  if (source.includes("loop")) (await hands.call("main/again@1/0/work@1")).end();
  for (const stage of held) await hands.call(stage);
}

async function letGo(hands: Hands, stages: readonly string[]): Promise<void> {
  for (const stage of stages) (await hands.call(stage)).end();
}

async function lookAtAll(door: Door, { files }: Shape): Promise<void> {
  await lookAt(door, "m");
  if (files) await lookAt(door, "m~sub@1.0");
}

describe.each(Object.entries(SHAPES))("a run with a region: %s", (_name, shape) => {
  const setting = shape.files ? { files: shape.files } : {};

  it("drains, is paused, is continued, and ends", async () => {
    await play(async (stage) => {
      const { door, hands, entry } = stage;
      await begin(stage, shape);
      await lookAtAll(door, shape);
      const { value } = await door.pause("m", { reason: "lunch" });
      expect(value).toMatchObject({ accepted: true, after: "pausing" });
      if (shape.files) await entry("m~sub@1.0", "run.pausing");
      for (const held of shape.held) {
        (await hands.call(held)).end();
        await entry(shape.files ? "m~sub@1.0" : "m", "stage.succeeded", held);
      }
      await door.settled("m", "paused");
      await lookAtAll(door, shape);
      for (const node of shape.nodes) hands.on(node, () => ({ status: "success", contextUpdates: { seen: 1 } }));
      expect((await door.continue("m")).value).toMatchObject({ accepted: true, after: "running" });
      expect((await door.finished("m")).value).toMatchObject({ status: "completed" });
      await door.view("m");
      await door.joins("m");
      await door.context("m");
    }, setting);
  });

  it("is cancelled, with all that is in flight", async () => {
    await play(async (stage) => {
      const { door } = stage;
      await begin(stage, shape);
      expect((await door.cancel("m", { reason: "enough" })).value).toMatchObject({ after: "cancelling" });
      expect((await door.finished("m")).value).toEqual({ status: "cancelled" });
      if (shape.files) await door.settled("m~sub@1.0", "cancelled");
      await door.view("m");
      await door.branches("m");
      await door.joins("m");
      await door.actors("m");
    }, setting);
  });
});

describe("a cancel of a part of a run", () => {
  it("ends one branch, which has then ended", async () => {
    await play(async ({ door, hands, entry }) => {
      hands.hold(["a", "b"]);
      await door.start(FAN, { runId: "m" });
      await letGo(hands, []);
      await hands.call("a@1");
      await hands.call("b@1");
      const codes = [
        await door.cancel("m", { branch: "main" }),
        await door.cancel("m", { branch: "main/fan@1/7" }),
        await door.cancel("m", { branch: "main/fan@2" }),
        await door.cancel("m", { branch: "main/fan@1/0", reason: "enough" }),
      ];
      expect(codes.map(({ code }) => code)).toEqual(["use_run_cancel", "branch_not_found", "branch_not_found", "ok"]);
      await entry("m", "branch.cancelled");
      expect((await door.cancel("m", { branch: "main/fan@1/0" })).code).toBe("branch_finished");
      await lookAt(door, "m");
      await letGo(hands, ["b@1"]);
      await door.finished("m");
      expect((await door.cancel("m", { branch: "main/fan@1/1" })).code).toBe("run_finished");
      await door.joins("m");
    });
  });

  it("ends all branches of an activation, whose stage then fails", async () => {
    await play(async ({ door, hands }) => {
      hands.hold(["a", "b"]);
      await door.start(FAN, { runId: "m" });
      await hands.call("a@1");
      await hands.call("b@1");
      expect((await door.cancel("m", { branch: "main/fan@1" })).code).toBe("ok");
      expect((await door.finished("m")).value).toEqual({ status: "failed" });
      await door.view("m");
      await door.joins("m");
    });
  });

  it("comes too late for a join that has decided, and changes nothing for a branch that loses already", async () => {
    await play(async ({ door, hands, entry }) => {
      hands.hold(["a"]).hold(["b"], { stubborn: true });
      await door.start(RACE, { runId: "m" });
      await hands.call("b@1");
      await letGo(hands, ["a@1"]);
      await entry("m", "join.decided");
      expect((await door.cancel("m", { branch: "main/fan@1/1" })).value).toMatchObject({ changed: false });
      expect((await door.cancel("m", { branch: "main/fan@1" })).code).toBe("join_decided");
      await letGo(hands, ["b@1"]);
      await door.finished("m");
      await door.joins("m");
      await door.provenance("m", "parallel.results");
    });
  });
});

describe("a child run", () => {
  const { source, files = {} } = SHAPES["child"] as Shape;

  it("has a pause of its own, and none of its parent's to withdraw", async () => {
    await play(
      async ({ door, hands, entry }) => {
        hands.hold(["work"]);
        await door.start(source, { runId: "m" });
        await hands.call("work@1");
        const child = "m~sub@1.0";
        expect((await door.pause(child, { mode: "interrupt" })).value).toMatchObject({ accepted: true });
        await door.settled(child, "paused");
        await entry("m", "child.paused");
        expect((await door.view("m")).value).toMatchObject({ status: "running", waitingOn: [{ kind: "child" }] });
        await door.pause("m");
        await door.settled("m", "paused");
        expect((await door.continue(child)).code).toBe("parent_paused");
        await door.view(child);
        await door.lineage(child);
        await door.continue("m");
        await door.continue(child);
        await letGo(hands, ["work@1"]);
        await door.finished("m");
        await lookAt(door, child);
      },
      { files },
    );
  });

  it("that is cancelled by itself is a failure of its stage", async () => {
    await play(
      async ({ door, hands }) => {
        hands.hold(["work"]);
        await door.start(source, { runId: "m" });
        await hands.call("work@1");
        await door.cancel("m~sub@1.0");
        expect((await door.finished("m")).value).toEqual({ status: "failed" });
        await door.view("m");
        await door.list();
      },
      { files },
    );
  });
});
