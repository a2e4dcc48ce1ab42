/** Programs of one parallel node, made by hand: which of its branches fail, and what they write. */
import type { ParallelStep, Program, Work, WorkStep, Write } from "../../src/testing/random-program-tree.ts";

const WORK: Work = {
  attempts: 1,
  policy: "linear",
  allowPartial: false,
  trouble: 0,
  again: 0,
  words: ["success"],
  writes: [],
  timesOut: false,
  asks: false,
};

/** Each branch writes numbers and lists under the same names, and what it sees under one of its own. */
const WRITES: readonly Write[] = [
  { kind: "number", key: "n1" },
  { kind: "number", key: "n2" },
  { kind: "list", key: "l1" },
  { kind: "list", key: "l2" },
];

export function workStep(name: string, work: Partial<Work> = {}): WorkStep {
  return { kind: "work", name, work: { ...WORK, ...work }, onFail: "ends" };
}

export interface JoinProgram extends Partial<Omit<ParallelStep, "kind" | "name" | "branches">> {
  readonly seed: number;
  /** One a branch: whether it fails. */
  readonly failing: readonly boolean[];
}

/** Two stages a branch, of which the second may fail; then the join, or a repair where it failed. */
export function joinProgram({ seed, failing, ...join }: JoinProgram): Program {
  const branches = failing.map((isFailing, index) => [
    workStep(`a${index}`, { writes: WRITES }),
    workStep(`b${index}`, {
      trouble: isFailing ? 1 : 0,
      writes: [{ kind: "see", key: `saw.${index}`, of: ["n1", "l1", "last_stage"] }],
    }),
  ]);
  const parallel: ParallelStep = {
    kind: "parallel",
    name: "fan",
    policy: "wait_all",
    errorPolicy: "continue",
    k: 2,
    ratio: 0.5,
    maxParallel: failing.length,
    merge: "namespaced",
    conflict: "last",
    conflictOf: {},
    branches,
    join: workStep("join"),
    repair: workStep("repair"),
    isJoinNamed: true,
    ...join,
  };
  const after = workStep("after", { writes: [{ kind: "see", key: "seen", of: ["n1", "l1", "outcome"] }] });
  return { seed, main: [workStep("before"), parallel, after] };
}
