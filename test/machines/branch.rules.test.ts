import { describe, expect, it } from "vitest";
import type { NewEntry } from "../../src/journal/entry.ts";
import { type BranchContext, type BranchInput, branchMachine } from "../../src/machines/branch.machine.ts";
import type { BranchEvent, Effect, Hop } from "../../src/machines/protocol.ts";
import { begin, type SnapshotOf, step } from "../../src/machines/xstate.ts";
import { now } from "./samples.ts";

type Distribute<T> = T extends unknown ? Omit<T, "atMs" | "runMs" | "baseSeq"> : never;
type Told = Distribute<BranchEvent>;

class Branch {
  #snapshot: SnapshotOf<typeof branchMachine>;
  effects: readonly Effect[];

  constructor(control: BranchInput["control"] = "running", more: Partial<BranchInput> = {}) {
    const input: BranchInput = { branch: "main", origin: "main", control, ...more };
    ({ snapshot: this.#snapshot, effects: this.effects } = begin(branchMachine, input));
  }

  tell(...events: readonly Told[]): this {
    for (const event of events) {
      const stamped = { ...event, ...now } as BranchEvent;
      ({ snapshot: this.#snapshot, effects: this.effects } = step(branchMachine, this.#snapshot, stamped));
    }
    return this;
  }

  get place(): string {
    const { control, execution } = this.#snapshot.value as { control: string; execution: string };
    return `${control}/${execution}`;
  }

  get context(): BranchContext {
    return this.#snapshot.context;
  }

  get types(): readonly string[] {
    return this.effects.map(({ type }) => type);
  }
}

const pause = { type: "PAUSE", mode: "drain" } as const;
const goOn = { type: "CONTINUE" } as const;
const cancel = { type: "CANCEL" } as const;
const enter = (node: string, visit = 1): Hop => ({ kind: "enter", node, visit });
const atExit: Hop = { kind: "end", node: "exit", exit: true };
const fails: Hop = { kind: "fail", code: "no_route", message: "no edge" };
const startsOver: Hop = { kind: "restart", node: "again" };
const ended = (hop: Hop, more: Partial<Extract<Told, { type: "STAGE_ENDED" }>> = {}): Told => ({
  type: "STAGE_ENDED",
  stage: "main/work@1",
  node: "work",
  cancelled: false,
  counts: true,
  outcome: { status: "shipped" },
  hop,
  ...more,
});
const visiting = (control?: BranchInput["control"]) => new Branch(control).tell({ type: "HEAD", hop: enter("work") });

describe("a branch", () => {
  it("enters a stage with what the newest stage that counts came to", () => {
    const branch = visiting().tell(ended(enter("cond")));
    const carried = { status: "shipped" };
    expect(branch.effects).toContainEqual({
      type: "effect.stage.spawn",
      stage: "main/cond@1",
      node: "cond",
      visit: 1,
      branch: "main",
      carried,
    });
    branch.tell(ended(enter("next", 2), { counts: false, stage: "main/cond@1", outcome: { status: "other" } }));
    expect(branch.effects).toContainEqual(expect.objectContaining({ stage: "main/next@2", carried }));
    expect(branch.context).toMatchObject({ by: "main/work@1", node: "next", visit: 2 });
  });

  it("is checked before it ends, and goes on where the check sends it", () => {
    const branch = visiting().tell(ended(atExit));
    expect(branch.place).toBe("running/checking");
    expect(branch.effects).toEqual([{ type: "effect.check", branch: "main", node: "exit", exit: true }]);
    expect(branch.tell({ type: "CHECKED", hop: enter("work", 2) }).place).toBe("running/visiting");
    expect(branch.context.end).toBeNull();
    expect(branch.tell(ended(atExit), { type: "CHECKED", hop: atExit }).place).toBe("running/succeeded");
    expect(branch.effects).toMatchObject([
      {
        type: "effect.message",
        to: "run",
        event: { type: "BRANCH_ENDED", status: "shipped", exit: "exit", cancelled: false },
      },
      { type: "effect.ended", actor: "branch:main" },
    ]);
  });

  it("that fails its check fails with the check's reason and the newest stage that counts", () => {
    const branch = visiting().tell(ended(atExit), { type: "CHECKED", hop: { ...fails, code: "goal_gate_unmet" } });
    expect(branch.place).toBe("running/failed");
    expect(branch.effects[0]).toMatchObject({
      event: { failure: { code: "goal_gate_unmet", stage: "main/work@1" } },
    });
  });

  it.each([
    ["an end", atExit, "ending", "running/checking"],
    ["a failure", fails, "failing", "running/failed"],
    ["a restart", startsOver, "restarting", "running/restarted"],
  ] as const)("holds %s while paused and decides it on continue", (_, hop, held, decided) => {
    const branch = visiting().tell(pause, ended(hop));
    expect(branch.place).toBe(`paused/${held}`);
    expect(branch.types.filter((type) => type !== "effect.none")).toEqual([]);
    expect(branch.tell(goOn).place).toBe(decided);
  });

  it.each([atExit, fails, startsOver])("held with $kind ends cancelled when it is cancelled", (hop) => {
    const branch = visiting().tell(pause, ended(hop), cancel);
    expect(branch.place).toBe("cancelled/cancelled");
    expect(branch.effects[0]).toMatchObject({ event: { cancelled: true } });
  });

  it("whose check is not answered before a pause is checked again after it", () => {
    const branch = visiting().tell(ended(atExit), pause);
    expect(branch.place).toBe("paused/ending");
    expect(branch.tell({ type: "CHECKED", hop: atExit }).effects).toEqual([]);
    expect(branch.tell(goOn).types).toEqual(["effect.check"]);
    expect(visiting().tell(ended(atExit), cancel).place).toBe("cancelled/cancelled");
  });

  it("is paused when its stage has nothing in flight, and not before", () => {
    const branch = visiting().tell(pause);
    expect(branch.place).toBe("pausing/visiting");
    expect(branch.tell({ type: "STAGE_HELD" }).place).toBe("paused/visiting");
    expect(branch.tell(goOn).place).toBe("running/visiting");
    expect(branch.tell({ type: "STAGE_HELD" }).place).toBe("running/visiting");
  });

  it("chooses its next hop while it pauses, and takes it", () => {
    const branch = visiting().tell(pause, ended(enter("next")));
    expect(branch.place).toBe("pausing/visiting");
    expect(branch.types).toContain("effect.stage.spawn");
  });

  it("that is cancelled waits for its stage", () => {
    const branch = visiting().tell(cancel);
    expect(branch.place).toBe("cancelling/visiting");
    expect(branch.effects).toEqual([]);
    const gone = ended(
      { kind: "fail", code: "cancelled", message: "" },
      { cancelled: true, outcome: { status: "fail" } },
    );
    expect(branch.tell(gone).place).toBe("cancelled/cancelled");
    expect(branch.effects[0]).toMatchObject({ event: { type: "BRANCH_ENDED", cancelled: true, status: "success" } });
  });

  it("entered while cancelling never begins", () => {
    const branch = new Branch("cancelling");
    expect(branch.place).toBe("cancelled/cancelled");
    expect(branch.types).toEqual(["effect.message", "effect.ended"]);
  });

  it("entered while pausing holds until it is continued", () => {
    expect(visiting("pausing").place).toBe("paused/visiting");
  });

  it("writes down the hop that fails it or starts the run over", () => {
    const entry: NewEntry<"edge.selected"> = {
      type: "edge.selected",
      branch: "main",
      stage: "main/work@1",
      data: { from: "work", to: "again", edge: 1, rule: "condition", candidates: [] },
    };
    expect(visiting().tell(ended({ ...startsOver, entry })).effects[0]).toEqual({ type: "effect.journal", entry });
    const failed = visiting().tell(ended({ ...fails, entry }));
    expect(failed.effects[0]).toEqual({ type: "effect.journal", entry });
  });
});

describe("a branch of an activation", () => {
  const origins = [
    ["parallel", "main/fan@1/2", "stage:main/fan@1", 2],
    ["foreach", "main/each@3/41", "stage:main/each@3", 41],
    ["loop", "main/fan@1/0/again@2/5", "stage:main/fan@1/0/again@2", 5],
  ] as const;
  const atJoin: Hop = { kind: "end", node: "join", exit: false };

  it.each(origins)("%s: tells the stage it belongs to how it ended", (origin, path, owner, index) => {
    const inside = () => new Branch("running", { branch: path, origin }).tell({ type: "HEAD", hop: enter("work") });
    const told = (branch: Branch) => {
      const [news, ended] = branch.effects;
      expect(ended).toEqual({ type: "effect.ended", actor: `branch:${path}` });
      return news;
    };
    expect(told(inside().tell(ended(atJoin), { type: "CHECKED", hop: atJoin }))).toEqual({
      type: "effect.message",
      to: owner,
      event: {
        type: "BRANCH_ENDED",
        branch: path,
        index,
        status: "shipped",
        cancelled: false,
        outcome: { status: "shipped" },
      },
    });
    expect(told(inside().tell(ended({ ...fails, code: "left_region" })))).toMatchObject({
      to: owner,
      event: { status: "fail", failure: { code: "left_region", stage: "main/work@1" }, cancelled: false },
    });
    expect(told(inside().tell(cancel, ended(fails, { cancelled: true })))).toMatchObject({
      to: owner,
      event: { status: "fail", cancelled: true },
    });
  });

  it("that has nothing to do ends in success, when it may", () => {
    const empty = (control: BranchInput["control"]) =>
      new Branch(control, { branch: "main/fan@1/0", origin: "parallel" }).tell({ type: "HEAD", hop: atJoin });
    expect(empty("running").tell({ type: "CHECKED", hop: atJoin }).effects[0]).toMatchObject({
      event: { status: "success", outcome: null },
    });
    const held = empty("paused");
    expect(held.place).toBe("paused/ending");
    expect(held.tell(goOn).types).toEqual(["effect.check"]);
  });

  it("notes since when it waits: the newest entry before the turn that brought it there", () => {
    const branch = visiting().tell(pause, ended(atJoin));
    expect(branch.context.since).toBe(now.baseSeq);
  });
});
