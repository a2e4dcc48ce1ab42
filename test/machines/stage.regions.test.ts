import { describe, expect, it } from "vitest";
import type { NewEntry } from "../../src/journal/entry.ts";
import { checkNewEntry } from "../../src/journal/parse-entry.ts";
import type { BranchEnd, Effect, RegionPlan, StageEvent } from "../../src/machines/protocol.ts";
import type { RegionContext } from "../../src/machines/stage/region.ts";
import { type StageInput, stageMachine } from "../../src/machines/stage.machine.ts";
import { begin, type SnapshotOf, step } from "../../src/machines/xstate.ts";
import { now, stageInput } from "./samples.ts";

type Distribute<T> = T extends unknown ? Omit<T, "atMs" | "runMs" | "baseSeq"> : never;
type Told = Distribute<StageEvent>;

/** The stage of an activation, told things as a driver would. */
class Coordinator {
  #snapshot: SnapshotOf<typeof stageMachine>;
  /** Of the newest step, journal entries apart. */
  asked: readonly Effect[] = [];
  entries: readonly NewEntry[] = [];

  constructor(kind: "parallel" | "foreach" | "loop", more: Partial<StageInput> = {}) {
    const input = stageInput({ stage: "main/fan@1", node: "fan", kind, type: kind, ...more });
    const { snapshot, effects } = begin(stageMachine, input);
    this.#snapshot = snapshot;
    this.#see(effects);
  }

  tell(...events: readonly Told[]): this {
    for (const event of events) {
      const { snapshot, effects } = step(stageMachine, this.#snapshot, { ...event, ...now } as StageEvent);
      this.#snapshot = snapshot;
      this.#see(effects);
    }
    return this;
  }

  opened(plan: Partial<RegionPlan>): this {
    return this.tell({ type: "OPENED", plan: { total: 3, maxParallel: 2, ...plan } });
  }

  /** Until there is no room for one more. */
  begun(): this {
    for (let before = -1; before !== this.region?.next; ) {
      before = this.region?.next ?? -1;
      this.tell(next);
    }
    return this;
  }

  ended(index: number, status = "success", more: Partial<BranchEnd> = {}): this {
    const branch = `main/fan@1/${index}`;
    const outcome = { status, notes: `notes of ${index}` };
    return this.tell({ type: "BRANCH_ENDED", branch, index, status, cancelled: false, outcome, ...more });
  }

  #see(effects: readonly Effect[]): void {
    this.entries = effects.flatMap((effect) => (effect.type === "effect.journal" ? [effect.entry] : []));
    for (const entry of this.entries) checkNewEntry(entry);
    this.asked = effects.filter(({ type }) => type !== "effect.journal" && type !== "effect.none");
  }

  get region(): RegionContext | undefined {
    return this.#snapshot.context.region;
  }

  get place(): string {
    const { control, execution } = this.#snapshot.value as { control: string; execution: string };
    return `${control}/${execution}`;
  }

  get types(): readonly string[] {
    return this.entries.map(({ type }) => type);
  }
}

const next = { type: "NEXT" } as const;
const pause = { type: "PAUSE", mode: "drain" } as const;
const goOn = { type: "CONTINUE" } as const;
const cancel = { type: "CANCEL" } as const;
const settled = (status: string, more: Partial<Extract<Told, { type: "SETTLED" }>> = {}): Told => ({
  type: "SETTLED",
  outcome: { status },
  ...more,
});
const waitAll = { policy: "wait_all", errorPolicy: "continue" } as const;
const first = { policy: "first_success", errorPolicy: "continue" } as const;
const fan = (join: RegionPlan["join"], more: Partial<RegionPlan> = {}) =>
  new Coordinator("parallel").opened({ ...(join ? { join } : {}), ...more });

describe("an activation", () => {
  it("asks for its facts, then begins branches in their order, as many at once as it may", () => {
    const stage = new Coordinator("parallel");
    expect(stage.types).toEqual(["stage.entered"]);
    expect(stage.asked).toEqual([{ type: "effect.region.open", stage: "main/fan@1", node: "fan" }]);
    stage.opened({ join: waitAll });
    expect(stage.place).toBe("running/working");
    expect(stage.tell(next).asked).toEqual([{ type: "effect.branch.spawn", branch: "main/fan@1/0", index: 0 }]);
    expect(stage.tell(next).asked).toMatchObject([{ index: 1 }]);
    expect(stage.tell(next).asked).toEqual([]);
    expect(stage.ended(1).tell(next).asked).toMatchObject([{ branch: "main/fan@1/2", index: 2 }]);
    expect(stage.region).toMatchObject({ next: 3, inFlight: [0, 2], succeeded: 1, failed: 0, decision: null });
  });

  it("entered while paused asks for nothing before it is continued", () => {
    const stage = new Coordinator("foreach", { control: "paused" });
    expect(stage.entries).toEqual([]);
    expect(stage.asked).toEqual([{ type: "effect.message", to: "branch:main", event: { type: "STAGE_HELD" } }]);
    expect(stage.tell(goOn).types).toEqual(["stage.entered"]);
  });

  it("that cannot begin fails with its reason", () => {
    const stage = new Coordinator("foreach").tell(
      settled("fail", { code: "items_invalid", outcome: { status: "fail", failureReason: "no list" } }),
    );
    expect(stage.place).toBe("running/failed");
    expect(stage.entries).toMatchObject([{ type: "stage.failed", data: { code: "items_invalid" } }]);
    expect(stage.asked).toMatchObject([
      { to: "branch:main", event: { type: "STAGE_ENDED", counts: true, outcome: { failureReason: "no list" } } },
      { type: "effect.ended" },
    ]);
  });

  it("is over when all its branches are, and ends as its outcome says", () => {
    const stage = fan(waitAll, { total: 2 }).begun().ended(1).ended(0, "fail");
    expect(stage.entries).toMatchObject([
      { type: "branch.failed", branch: "main/fan@1/0", data: { status: "fail", notes: "notes of 0" } },
      { type: "join.decided", data: { decision: "partial_success", succeeded: 1, failed: 1, open: 0 } },
    ]);
    expect(stage.asked.at(-1)).toMatchObject({
      type: "effect.region.settle",
      decision: { decision: "partial_success", status: "partial_success" },
    });
    const provenance = { key: { branches: ["main/fan@1/1"], rule: "last" } };
    stage.tell(settled("partial_success", { removed: ["stale"], provenance }));
    expect(stage.entries).toMatchObject([
      {
        type: "stage.succeeded",
        stage: "main/fan@1",
        data: { outcome: { status: "partial_success" }, removed: ["stale"], provenance },
      },
    ]);
    expect(stage.place).toBe("running/succeeded");
  });

  it.each([
    ["success", "stage.succeeded", "succeeded"],
    ["shipped", "stage.succeeded", "succeeded"],
    ["skipped", "stage.skipped", "skipped"],
    ["fail", "stage.failed", "failed"],
    ["retry", "stage.failed", "failed"],
  ])("that comes to %s ends with %s, and says which keys went", (status, entry, place) => {
    const stage = fan({ policy: "any", errorPolicy: "continue" }, { total: 1 }).begun().ended(0, status);
    stage.tell(settled(status, { removed: ["stale"] }));
    expect(stage.place).toBe(`running/${place}`);
    expect(stage.entries).toMatchObject([{ type: entry, data: { removed: ["stale"] } }]);
  });
});

describe("ends of branches", () => {
  const failure = { code: "no_route", message: "no edge" };

  it("are written with how they ended, and kept where they count", () => {
    const stage = fan(waitAll, { total: 5, maxParallel: 5 }).begun();
    expect(stage.ended(0, "shipped").entries).toMatchObject([
      { type: "branch.succeeded", branch: "main/fan@1/0", data: { status: "shipped" } },
    ]);
    expect(stage.asked).toMatchObject([{ type: "effect.region.keep", stage: "main/fan@1", counts: true }]);
    expect(stage.ended(1, "skipped").types).toEqual(["branch.succeeded"]);
    expect(stage.ended(3, "retry").types).toEqual(["branch.failed"]);
    expect(stage.ended(2, "fail", { failure, outcome: null }).entries).toMatchObject([
      { type: "branch.failed", data: { status: "fail", reason: "no edge" } },
    ]);
    expect(stage.region).toMatchObject({ succeeded: 2, failed: 2 });
  });

  it("of a branch that was cancelled alone count as failed", () => {
    const stage = fan(waitAll, { total: 2 }).begun().ended(0, "fail", { cancelled: true, outcome: null });
    expect(stage.entries).toMatchObject([{ type: "branch.cancelled", data: { reason: "cancelled" } }]);
    expect(stage.region).toMatchObject({ failed: 1, inFlight: [1] });
  });

  it("after the decision are superseded, however they ended", () => {
    const stage = fan(first).begun().ended(1);
    expect(stage.types).toEqual(["branch.succeeded", "join.decided"]);
    expect(stage.place).toBe("running/winding_down");
    expect(stage.ended(0).types).toEqual(["branch.superseded"]);
    expect(stage.asked[0]).toMatchObject({ type: "effect.region.keep", counts: false });
    expect(stage.place).toBe("running/settling");
    expect(stage.region).toMatchObject({ succeeded: 1, failed: 0, next: 2 });
  });

  it("of iterations carry their index, and the value that is collected", () => {
    const stage = new Coordinator("foreach").opened({ total: 3, maxParallel: 3, onItemFailure: "continue" }).begun();
    expect(stage.ended(2, "success", { value: { n: 1 } }).entries).toMatchObject([
      {
        type: "iteration.succeeded",
        branch: "main/fan@1/2",
        data: { activation: "main/fan@1", index: 2, status: "success", notes: "notes of 2", value: { n: 1 } },
      },
    ]);
    expect(stage.ended(0, "fail", { failure }).entries).toMatchObject([
      { type: "iteration.failed", data: { index: 0, status: "fail", reason: "no edge" } },
    ]);
    expect(stage.ended(1, "fail", { cancelled: true, outcome: null }).types).toEqual(["iteration.cancelled"]);
    expect(stage.asked.at(-1)).toMatchObject({
      type: "effect.region.settle",
      decision: { decision: "partial_success" },
    });
    stage.tell(settled("partial_success"));
    expect(stage.entries[0]).toMatchObject({
      type: "container.exited",
      data: { status: "partial_success", completed: 3, failed: 2 },
    });
  });
});

describe("a foreach", () => {
  it("that stops at the first failure begins no other iteration and awaits those in flight", () => {
    const stage = new Coordinator("foreach").opened({ total: 4, onItemFailure: "stop" }).begun().ended(1, "fail");
    expect(stage.place).toBe("running/winding_down");
    expect(stage.tell(next).asked).toEqual([]);
    expect(stage.ended(0).types).toEqual(["iteration.cancelled"]);
    expect(stage.asked.at(-1)).toMatchObject({ decision: { decision: "fail", code: "items_failed" } });
  });

  it("without items has succeeded as soon as it may", () => {
    const plan = { total: 0, maxParallel: 1, onItemFailure: "stop" } as const;
    expect(new Coordinator("foreach").opened(plan).place).toBe("running/settling");
    const held = new Coordinator("foreach").tell(pause).opened(plan);
    expect(held.place).toBe("paused/working");
    expect(held.tell(goOn).asked).toMatchObject([{ type: "effect.region.settle", decision: { status: "success" } }]);
  });
});

describe("a loop", () => {
  const loop = () => new Coordinator("loop").opened({ total: null, maxParallel: 1 });

  it("goes on, one iteration at a time, until it is told that it is over", () => {
    const stage = loop().tell(next);
    expect(stage.asked).toMatchObject([{ branch: "main/fan@1/0" }]);
    expect(stage.tell(next).asked).toEqual([]);
    expect(stage.ended(0).tell(next).asked).toMatchObject([{ branch: "main/fan@1/1" }]);
    stage.ended(1).tell({ type: "NEXT", stop: { decision: "success", status: "success" } });
    expect(stage.asked).toMatchObject([{ type: "effect.region.settle", decision: { decision: "success" } }]);
    expect(stage.tell(settled("success")).entries).toMatchObject([
      { type: "container.exited", data: { completed: 2, failed: 0 } },
      { type: "stage.succeeded" },
    ]);
  });

  it("fails with a failed iteration, and at its limit with what that says", () => {
    expect(loop().begun().ended(0, "fail").asked.at(-1)).toMatchObject({
      decision: { code: "iteration_failed", reason: "iteration 0 failed" },
    });
    const stop = { decision: "fail", status: "fail", code: "max_iterations", reason: "too many" } as const;
    expect(loop().tell({ type: "NEXT", stop }).asked).toMatchObject([{ decision: stop }]);
  });
});

describe("a decision", () => {
  it("is that of the first prefix, latched while paused and acted on when the run goes on", () => {
    const stage = fan(first, { maxParallel: 3 }).begun().tell(pause).ended(2);
    expect(stage.types).toEqual(["branch.succeeded"]);
    expect(stage.place).toBe("paused/working");
    expect(stage.region?.decision).toMatchObject({ decision: "success" });
    expect(stage.ended(0, "fail").types).toEqual(["branch.superseded"]);
    expect(stage.tell(goOn).entries).toMatchObject([
      { type: "join.decided", data: { decision: "success", succeeded: 1, failed: 0, open: 2 } },
    ]);
    expect(stage.place).toBe("running/winding_down");
  });

  it("whose losers have ended while paused again is settled when the run goes on", () => {
    const stage = fan(first).begun().ended(1).tell(pause).ended(0);
    expect(stage.place).toBe("paused/winding_down");
    expect(stage.tell(goOn).asked).toMatchObject([{ type: "effect.region.settle" }]);
  });

  it("of a failed join gives the reason of the last that failed", () => {
    const stage = fan({ policy: "all_success", errorPolicy: "fail_fast" }).begun().ended(0, "fail");
    expect(stage.region?.decision).toMatchObject({
      decision: "fail",
      code: "join_failed",
      reason: "all_success was not met: 0 of 3 branches succeeded, 1 failed",
    });
  });
});

describe("cancelling", () => {
  it("an activation decides its failure at once, paused or not, and ends when its branches have", () => {
    for (const before of [[], [pause]]) {
      const stage = fan(waitAll)
        .begun()
        .tell(...before, { type: "ABORT", reason: "not needed" });
      expect(stage.entries).toMatchObject([{ type: "join.decided", data: { decision: "fail", open: 3 } }]);
      stage.ended(0, "fail", { cancelled: true }).ended(1, "fail", { cancelled: true }).tell(goOn);
      expect(stage.place).toBe("running/settling");
      expect(stage.region?.decision).toMatchObject({ code: "cancelled", reason: "not needed" });
    }
  });

  it("the run awaits every branch; nothing is decided or kept, and the stage ends cancelled", () => {
    const stage = fan(first).begun().tell(cancel);
    expect(stage.place).toBe("cancelling/working");
    expect(stage.ended(1).types).toEqual(["branch.succeeded"]);
    expect(stage.asked).toMatchObject([{ type: "effect.region.keep", counts: false }]);
    expect(stage.region?.decision).toBeNull();
    stage.ended(0, "fail", { cancelled: true });
    expect(stage.types).toEqual(["branch.cancelled", "stage.cancelled"]);
    expect(stage.asked).toContainEqual(
      expect.objectContaining({ to: "branch:main", event: expect.objectContaining({ cancelled: true }) }),
    );
    expect(stage.place).toBe("cancelled/cancelled");
  });

  it("the run while losers are awaited ends the stage cancelled, too", () => {
    const stage = fan(first).begun().ended(1).tell(cancel);
    expect(stage.place).toBe("cancelling/winding_down");
    expect(stage.ended(0, "fail", { cancelled: true }).place).toBe("cancelled/cancelled");
  });
});
