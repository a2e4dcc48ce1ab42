/** What the stage of a child run is told: by its driver, by the run's news, by a supervisor's look. */
import type { StageEvent } from "../../src/machines/protocol.ts";
import { pollTimer } from "../../src/machines/stage/child.ts";
import type { StageContext } from "../../src/machines/stage.machine.ts";

const now = { atMs: 5_000, runMs: 4_000, baseSeq: 7 } as const;
const FIRST = "r~sub@1.0";

export function childEvents({ stage, child }: StageContext): readonly StageEvent[] {
  const run = child?.run ?? FIRST;
  return [
    { ...now, type: "CHILD_STARTED", run: FIRST },
    ...newsOf(run),
    ...newsOf("r~other@1.0"),
    { ...now, type: "TIMER_FIRED", timer: pollTimer({ stage }) },
    ...(child ? looks : []),
  ];
}

function newsOf(run: string): StageEvent[] {
  return [
    { ...now, type: "CHILD_PAUSED", run, inherited: false },
    { ...now, type: "CHILD_PAUSED", run, inherited: true },
    { ...now, type: "CHILD_CONTINUED", run },
    { ...now, type: "CHILD_MOVED", run, next: `${FIRST}~r1`, pipeline: "sub" },
    { ...now, type: "CHILD_ENDED", run, status: "completed", outcome: "success" },
    { ...now, type: "CHILD_ENDED", run, status: "completed", outcome: "fail", context: { answer: 42 } },
    { ...now, type: "CHILD_ENDED", run, status: "failed", reason: "no_route: no edge" },
    { ...now, type: "CHILD_ENDED", run, status: "cancelled" },
  ];
}

const looks: readonly StageEvent[] = [
  { ...now, type: "CHILD_OBSERVED" },
  { ...now, type: "CHILD_OBSERVED", steered: "left" },
  { ...now, type: "CHILD_OBSERVED", dismissal: { status: "success", reason: "ready = yes" } },
  { ...now, type: "CHILD_OBSERVED", dismissal: { status: "fail", code: "max_cycles", reason: "3 cycles" } },
];
