/** Draws the parts of a random program. */
import type {
  Block,
  Conflict,
  CycleStep,
  ErrorPolicy,
  ForeachStep,
  GateStep,
  LoopStep,
  LoopTest,
  OnFail,
  ParallelStep,
  Policy,
  Step,
  Work,
  WorkStep,
  Write,
} from "./random-program-tree.ts";
import type { SeededRandom } from "./seeded-random.ts";

export interface Draft {
  readonly random: SeededRandom;
  readonly names: { count: number };
  /** Steps that may still be drawn; what must be there is drawn all the same. */
  readonly left: { steps: number };
  readonly hasFanIns: boolean;
}

export interface Place {
  /** How many regions may still be within each other. */
  readonly depth: number;
  /** The block is a whole scope: main path, branch or body; goal gates stand here. */
  readonly isScope: boolean;
  /** The block is a body: its first node must have no edge into it, its last none out. */
  readonly isBody: boolean;
  /** The exit can be reached from here: no body is around it. */
  readonly mayLeave: boolean;
  /** The node its scope begins at, once that is drawn. */
  readonly first?: string;
  /** A key that each iteration counts up. */
  readonly counts?: string;
}

/** Few, so that branches contradict each other. */
const NUMBER_KEYS = ["n1", "n2"] as const;
const LIST_KEYS = ["l1", "l2"] as const;
const SEEN_KEYS = [
  ...["n1", "n2", "l1", "work.index", "work.item", "work.count", "outcome", "last_stage", "preferred_label"],
  "human.gate.selected",
] as const;

export function drawBlock(draft: Draft, place: Place): Block {
  const { random } = draft;
  const steps: Step[] = [];
  if (place.isBody) steps.push(drawHead(draft, place));
  const count = random.between(1, place.depth > 2 ? 3 : 2);
  for (let index = 0; index < count; index += 1) {
    if (index > 0 && draft.left.steps <= 0) break;
    const first = place.isScope ? steps[0]?.name : place.first;
    steps.push(drawStep(draft, { ...place, isScope: false, ...(first === undefined ? {} : { first }) }));
  }
  const first = steps[0] as Step;
  if (place.isScope && random.chance(0.12)) steps.push(drawGoal(draft, first.name));
  if (place.isBody) steps.push(place.depth > 0 && random.chance(0.1) ? drawOpen(draft, place) : drawTail(draft));
  return steps;
}

function drawStep(draft: Draft, place: Place): Step {
  const { random, left } = draft;
  left.steps -= 1;
  const isSpent = left.steps <= 0;
  if (place.depth > 0 && !isSpent && random.chance(0.55)) return drawRegion(draft, place);
  if (!isSpent && random.chance(0.35)) return drawBranching(draft, place);
  if (random.chance(0.1)) return { kind: "wait", name: nameOf(draft, "w"), ms: random.pick([0, 50, 400, 10_000]) };
  if (place.mayLeave && random.chance(0.08)) return { kind: "leave", name: nameOf(draft, "x") };
  const isSentBack = place.first !== undefined && random.chance(0.1);
  return isSentBack ? { ...drawWork(draft), onFail: "ends", retryTarget: place.first } : drawWork(draft);
}

function drawRegion(draft: Draft, place: Place): Step {
  const kind = draft.random.pick(["parallel", "parallel", "foreach", "foreach", "loop"] as const);
  if (kind === "parallel") return drawParallel(draft, place);
  return kind === "foreach" ? drawForeach(draft, place) : drawLoop(draft, place);
}

/** Steps that hold blocks of the same scope. */
function drawBranching(draft: Draft, place: Place): Step {
  const { random } = draft;
  const block = () => drawBlock(draft, { ...place, isScope: false, isBody: false });
  switch (random.pick(["diamond", "choice", "cycle", "gate"] as const)) {
    case "diamond":
      return { kind: "diamond", name: nameOf(draft, "d"), work: { ...drawKind(draft), trouble: 0.5 }, repair: block() };
    case "choice": {
      const by = random.pick(["outcome", "context"] as const);
      return { kind: "choice", name: nameOf(draft, "q"), by, left: block(), right: block() };
    }
    case "cycle":
      return {
        kind: "cycle",
        name: nameOf(draft, "c"),
        rounds: random.between(1, 2),
        body: block(),
      } satisfies CycleStep;
    case "gate": {
      const deadline = random.chance(0.3) ? { deadlineMs: random.pick([100, 700]) } : {};
      const name = nameOf(draft, "g");
      // A region right behind the gate sees what the gate left; what comes after its first stages does not.
      const isRegion = place.depth > 0 && random.chance(0.4);
      const approve = isRegion ? [drawRegion(draft, place)] : block();
      return { kind: "gate", name, approve, skip: [drawWork(draft)], ...deadline } satisfies GateStep;
    }
  }
}

function drawParallel(draft: Draft, place: Place): ParallelStep {
  const { random } = draft;
  const name = nameOf(draft, "p");
  const count = random.pick([1, 2, 2, 3, 3, 4, 5]);
  const branch = (): Block =>
    drawBlock(draft, { depth: place.depth - 1, isScope: true, isBody: false, mayLeave: place.mayLeave });
  const branches = random.chance(0.1) ? Array(count).fill(branch()) : Array.from({ length: count }, branch);
  const isShared = random.chance(0.2);
  const fanIn = draft.hasFanIns && !isShared && random.chance(0.6) ? nameOf(draft, "f") : undefined;
  // Where one branch alone would meet is its next node; where there are fan-ins, at the nearest of them.
  const isFound = new Set(branches).size > 1 && (fanIn !== undefined || !draft.hasFanIns);
  return {
    kind: "parallel",
    name,
    ...drawJoin(draft, branches),
    isJoinNamed: !isFound || random.chance(0.5),
    ...(fanIn === undefined ? {} : { fanIn }),
    ...(isShared ? {} : { join: plain(draft, "j") }),
    ...(random.chance(0.6) ? { repair: plain(draft, "r") } : {}),
  };
}

/** The end of a body: its branches meet nowhere, and each ends by itself. */
function drawOpen(draft: Draft, place: Place): ParallelStep {
  const { random } = draft;
  const name = nameOf(draft, "p");
  const branch = (): Block =>
    drawBlock(draft, { depth: place.depth - 1, isScope: true, isBody: true, mayLeave: false });
  const branches = Array.from({ length: random.between(2, 3) }, branch);
  const repair = random.chance(0.5) ? { repair: plain(draft, "r") } : {};
  return { kind: "parallel", name, ...drawJoin(draft, branches), isJoinNamed: false, ...repair };
}

const POLICIES = ["wait_all", "wait_all", "all_success", "first_success", "k_of_n", "quorum", "any"] as const;
const ERROR_POLICIES = ["continue", "continue", "fail_fast", "ignore"] as const;

function drawJoin({ random }: Draft, branches: readonly Block[]) {
  const policy: Policy = random.pick(POLICIES);
  const errorPolicy: ErrorPolicy = random.pick(ERROR_POLICIES);
  const heads = branches.map((steps) => (steps[0] as Step).name);
  return {
    policy,
    errorPolicy,
    k: random.between(1, branches.length),
    ratio: random.pick([0.3, 0.5, 0.67, 1]),
    maxParallel: random.pick([1, 2, 2, 4, 4]),
    merge: random.pick(["none", "namespaced", "overlay", "overlay"] as const),
    conflict: drawConflict(random, heads),
    conflictOf: random.chance(0.4) ? { [random.pick(NUMBER_KEYS)]: drawConflict(random, heads) } : {},
    branches,
  };
}

function drawConflict(random: SeededRandom, heads: readonly string[]): Conflict {
  const rule = random.pick(["error", "first", "first", "last", "last", "append", "union", "sum", "prefer"] as const);
  if (rule !== "prefer") return rule;
  return `prefer:${random.chance(0.5) ? random.pick(heads) : random.integer(heads.length)}`;
}

function drawForeach(draft: Draft, place: Place): ForeachStep {
  const { random } = draft;
  const name = nameOf(draft, "e");
  const length = random.pick([0, 1, 2, 3, 3, 4, 6]);
  const items = Array.from({ length }, (_, index) => (random.chance(0.5) ? index * 10 : `item ${index}`));
  const collect = random.pick([undefined, "value", "value", "n1", "l1"]);
  return {
    kind: "foreach",
    name,
    items,
    itemsFrom: random.chance(0.03) ? "missing" : random.pick(["text", "input"] as const),
    maxParallel: random.pick([1, 1, 2, 3]),
    onItemFailure: random.pick(["stop", "continue"] as const),
    ...(collect === undefined ? {} : { collect }),
    body: drawBlock(draft, { depth: place.depth - 1, isScope: true, isBody: true, mayLeave: false }),
    onFail: drawOnFail(random),
  };
}

function drawLoop(draft: Draft, place: Place): LoopStep {
  const { random } = draft;
  const name = nameOf(draft, "o");
  const key = `i.${name}`;
  const test: LoopTest = { how: random.pick(["while", "until"] as const), key, goal: random.between(1, 3) };
  return {
    kind: "loop",
    name,
    test,
    maxIterations: random.chance(0.25) ? random.between(1, 2) : 5,
    onLimit: random.pick(["fail", "succeed"] as const),
    body: drawBlock(draft, { depth: place.depth - 1, isScope: true, isBody: true, mayLeave: false, counts: key }),
    onFail: drawOnFail(random),
  };
}

function drawWork(draft: Draft): WorkStep {
  const { random } = draft;
  return { kind: "work", name: nameOf(draft, "s"), work: drawKind(draft), onFail: drawOnFail(random) };
}

/** Work that does well, so that the steps around it are what is tried. */
function plain(draft: Draft, letter: string): WorkStep {
  return { kind: "work", name: nameOf(draft, letter), work: { ...drawKind(draft), trouble: 0 }, onFail: "ends" };
}

function drawHead(draft: Draft, { counts }: Place): WorkStep {
  const step = drawWork(draft);
  const writes: Write[] = [{ kind: "see", key: `saw.${step.name}`, of: ["work.item", "work.index", "n1"] }];
  if (counts !== undefined) writes.push({ kind: "count", key: counts });
  return { ...step, work: { ...step.work, writes } };
}

function drawTail(draft: Draft): WorkStep {
  const step = drawWork(draft);
  const writes = [
    ...step.work.writes,
    { kind: "see", key: "value", of: ["work.item", "n2", "preferred_label"] } satisfies Write,
  ];
  return { ...step, work: { ...step.work, writes }, onFail: "ends" };
}

function drawGoal(draft: Draft, goal: string): WorkStep {
  return { ...drawWork(draft), work: { ...drawKind(draft), trouble: 0.4 }, onFail: "goes_on", goal };
}

function drawKind({ random }: Draft): Work {
  const attempts = random.pick([1, 1, 1, 2, 3]);
  return {
    attempts,
    policy: random.pick(["standard", "linear", "aggressive"] as const),
    allowPartial: random.chance(0.3),
    trouble: random.pick([0, 0, 0, 0.1, 0.4]),
    again: attempts === 1 ? 0 : 0.5,
    words: random.pick([["success"], ["success"], ["success", "partial_success", "odd"], ["success", "skipped"]]),
    timesOut: attempts > 1 && random.chance(0.1),
    asks: random.chance(0.05),
    writes: Array.from({ length: random.integer(3) }, () => drawWrite(random)),
  };
}

function drawWrite(random: SeededRandom): Write {
  const key = random.pick(NUMBER_KEYS);
  return random.pick<Write>([
    { kind: "number", key },
    { kind: "count", key },
    { kind: "list", key: random.pick(LIST_KEYS) },
    { kind: "see", key: "seen", of: [random.pick(SEEN_KEYS), random.pick(SEEN_KEYS)] },
  ]);
}

function drawOnFail(random: SeededRandom): OnFail {
  return random.pick(["ends", "goes_on", "goes_on"] as const);
}

function nameOf({ names }: Draft, letter: string): string {
  names.count += 1;
  return `${letter}${names.count}`;
}
