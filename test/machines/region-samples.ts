/** What the stage of a parallel node or container is told: by its driver, by its branches, by whoever cancels them. */
import type { BranchEnd, RegionPlan, StageEvent } from "../../src/machines/protocol.ts";
import type { StageContext } from "../../src/machines/stage.machine.ts";

const now = { atMs: 5_000, runMs: 4_000, baseSeq: 7 } as const;

/** By kind of node. Each is small, and between them they decide early, late, at once and never. */
const plans: Readonly<Record<string, readonly RegionPlan[]>> = {
  parallel: [
    { total: 3, maxParallel: 2, join: { policy: "wait_all", errorPolicy: "continue" } },
    { total: 2, maxParallel: 2, join: { policy: "any", errorPolicy: "continue" } },
    { total: 2, maxParallel: 1, join: { policy: "all_success", errorPolicy: "fail_fast" } },
  ],
  foreach: [
    { total: 2, maxParallel: 2, onItemFailure: "stop", items: { hash: "a".repeat(64), bytes: 5 } },
    { total: 2, maxParallel: 1, onItemFailure: "continue", items: { hash: "a".repeat(64), bytes: 5 } },
    { total: 0, maxParallel: 1, onItemFailure: "stop", items: { hash: "b".repeat(64), bytes: 2 } },
  ],
  loop: [{ total: null, maxParallel: 1 }],
};

const SETTLED = { ...now, type: "SETTLED" } as const;

/** Events of a region; those that nobody would send in this state are left to the tests of single rules. */
export function regionEvents(context: StageContext): readonly StageEvent[] {
  const { kind, region, stage } = context;
  const isLoop = kind === "loop";
  return [
    ...(plans[kind] ?? plans["loop"] ?? []).map((plan): StageEvent => ({ ...now, type: "OPENED", plan })),
    { ...now, type: "NEXT" },
    ...(isLoop ? stops : []),
    ...(region?.inFlight ?? []).flatMap((index) => endsOf(stage, index)),
    // One cancels a decided activation no more: the driver refuses it.
    ...(region?.decision ? [] : [{ ...now, type: "ABORT", reason: "not needed" } as const]),
    { ...SETTLED, outcome: { status: "success", contextUpdates: { "parallel.results": [] } }, removed: ["old"] },
    {
      ...SETTLED,
      outcome: { status: "partial_success" },
      provenance: { key: { branches: ["main/x@1/0"], rule: "union" } },
    },
    { ...SETTLED, outcome: { status: "fail", failureReason: "not met" }, code: "join_failed" },
    { ...SETTLED, outcome: { status: "skipped" } },
  ];
}

const stops: readonly StageEvent[] = [
  { ...now, type: "NEXT", stop: { decision: "success", status: "success" } },
  {
    ...now,
    type: "NEXT",
    stop: { decision: "fail", status: "fail", code: "max_iterations", reason: "100 iterations" },
  },
];

function endsOf(activation: string, index: number): StageEvent[] {
  const branch = `${activation}/${index}`;
  const end = (more: Partial<BranchEnd>): StageEvent => ({
    ...now,
    type: "BRANCH_ENDED",
    branch,
    index,
    status: "success",
    cancelled: false,
    outcome: { status: "success", notes: "done" },
    ...more,
  });
  return [
    end({ value: 7 }),
    end({ status: "fail", outcome: { status: "fail", failureReason: "red" } }),
    end({ status: "fail", outcome: null, failure: { code: "left_region", message: "it left" } }),
    end({ status: "fail", outcome: null, cancelled: true }),
  ];
}
