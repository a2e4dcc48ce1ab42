import { describe, expect, it } from "vitest";
import { createRuntime, type HandlerInput, type Outcome, parsePipeline } from "../../src/index.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import { contextOf } from "../../src/runtime/queries/context.ts";
import { type RunWorld, type SeededRandom, seededRandom } from "../../src/testing/index.ts";
import { programSource } from "../../src/testing/random-program-dot.ts";
import { canonical } from "../../src/testing/random-program-join.ts";
import { type ErrorPolicy, type Policy, type Program, stepsOf } from "../../src/testing/random-program-tree.ts";
import { type JoinProgram, joinProgram } from "./join-programs.ts";
import { factsOf } from "./programs-facts.ts";
import { judgeProgram } from "./programs-judge.ts";
import { openProgram, outcomesOf } from "./programs-play.ts";

const POLICIES: readonly Policy[] = ["wait_all", "all_success", "first_success", "k_of_n", "quorum", "any"];
const ERROR_POLICIES: readonly ErrorPolicy[] = ["continue", "fail_fast", "ignore"];
const BRANCHES = 3;
const DISTURBANCES = ["nothing", "pause", "crash"] as const;
type Disturbance = (typeof DISTURBANCES)[number];

/** Every choice of branches that fail, from none to all. */
const FAILURES = Array.from({ length: 2 ** BRANCHES }, (_, bits) =>
  Array.from({ length: BRANCHES }, (_, index) => (bits & (1 << index)) !== 0),
);

describe("what a join decides, for every choice of branches that fail, undisturbed, paused and after a crash", () => {
  const cases = POLICIES.flatMap((policy) => ERROR_POLICIES.map((errorPolicy) => [policy, errorPolicy] as const));
  it.each(cases)("%s, %s", async (policy, errorPolicy) => {
    for (const [number, failing] of FAILURES.entries()) {
      for (const [index, disturbance] of DISTURBANCES.entries()) {
        const seed = number * DISTURBANCES.length + index + 1;
        const maxParallel = 1 + (seed % BRANCHES);
        const problems = await runOnce({ seed, policy, errorPolicy, failing, maxParallel }, disturbance);
        expect(problems, `failing: ${failing.join()}; ${disturbance}, seed ${seed}`).toEqual([]);
      }
    }
  });
});

async function runOnce(given: JoinProgram, disturbance: Disturbance): Promise<readonly string[]> {
  const program = joinProgram(given);
  const world = openProgram(program, { seed: given.seed });
  await world.do(async () => {
    await world.boot();
    await world.when(() => world.turns >= 3 + (given.seed % 9) || world.isFinished);
    await disturb(world, disturbance);
    await world.when(() => world.isFinished);
  });
  return [...(await world.problems()), ...(await judgeProgram(program, world))];
}

async function disturb(world: RunWorld, disturbance: Disturbance): Promise<void> {
  if (world.isFinished || disturbance === "nothing") return;
  if (disturbance === "crash") {
    world.kill();
    await world.boot();
    return;
  }
  await world.tell((run) => run.pause());
  await world.when(() => world.status === "paused" || world.isFinished);
  await world.tell((run) => run.continue());
}

it("what the cancel of a branch decides in a pause waits for the continue", async () => {
  const failing = [false, false, false];
  const program = joinProgram({ seed: 3, policy: "all_success", errorPolicy: "fail_fast", failing });
  const world = openProgram(program, { seed: 3 });
  await world.do(async () => {
    await world.boot();
    await world.when(() => world.turns >= 5);
    await world.tell((run) => run.pause());
    await world.tell((run) => run.cancel({ branch: "main/fan@1/1" }));
    await world.when(() => world.status === "paused");
    await world.tell((run) => run.continue());
    await world.when(() => world.isFinished);
  });
  const entries = await world.store.read("journal", { runId: world.watch.runId });
  const seqOf = (type: string) => entries.find((entry) => entry.type === type)?.seq ?? 0;
  expect(seqOf("branch.cancelled")).toBeLessThan(seqOf("run.continued"));
  expect(seqOf("join.decided")).toBeGreaterThan(seqOf("run.continued"));
  expect([...(await world.problems()), ...(await judgeProgram(program, world))]).toEqual([]);
});

/** Of each policy. */
const ORDERS = 1_000;
const RULES = { conflict: "last", conflictOf: { n1: "sum", l1: "append", l2: "union" } } as const;

describe("what is merged does not depend on the order in which branches end", () => {
  it.each([
    ["wait_all", "overlay"],
    ["wait_all", "namespaced"],
    ["all_success", "overlay"],
    ["all_success", "namespaced"],
  ] as const)("%s, %s", async (policy, merge) => {
    const failing = policy === "wait_all" ? [false, true, false, false] : [false, false, false, false];
    const contexts = new Set<string>();
    const orders = new Set<string>();
    const program = joinProgram({ seed: 7, policy, merge, failing, ...RULES });
    for await (const { context, order } of endInOrders(program, ORDERS / 2)) {
      contexts.add(context);
      orders.add(order);
    }
    expect(contexts.size).toBe(1);
    // All there are of four.
    expect(orders.size).toBe(24);
  });

  it.each(["first_success", "k_of_n", "quorum", "any"] as const)(
    "%s: where the same branches came first, in the same order",
    async (policy) => {
      const program = joinProgram({ seed: 8, policy, merge: "overlay", failing: [false, true, false], ...RULES });
      const contexts = new Map<string, Set<string>>();
      for await (const { context, order } of endInOrders(program, ORDERS / 5)) {
        contexts.set(order, (contexts.get(order) ?? new Set()).add(context));
      }
      expect(contexts.size).toBeGreaterThan(2);
      for (const [order, found] of contexts) expect(found.size, order).toBe(1);
    },
  );
});

/** The whole context in the end, and the order of the ends that counted, of runs whose branches are let end in any order. */
async function* endInOrders(program: Program, count: number) {
  const store = memoryStore();
  const doors = new Doors(program);
  const runtime = await createRuntime({ store, handlers: { work: (input) => doors.pass(input) } });
  const graph = parsePipeline(programSource(program));
  for (let seed = 1; seed <= count; seed += 1) {
    const run = await runtime.start(graph, { runId: `run-${seed}` });
    await doors.openAll(seededRandom(seed));
    await run.finished();
    const { endsOf } = factsOf(await store.read("journal", { runId: run.id }));
    const order = endsOf("main/fan@1")?.join() ?? "";
    yield { context: canonical(await contextOf(store, run.id)), order };
  }
  await runtime.stop();
}

/** The last stage of each branch waits until it is let through. */
class Doors {
  readonly #calls: (input: HandlerInput) => Outcome;
  readonly #waiting: (() => void)[] = [];
  readonly #count: number;
  #full = Promise.withResolvers<void>();

  constructor(program: Program) {
    this.#calls = outcomesOf(program);
    this.#count = [...stepsOf(program.main)].filter(({ name }) => isLast(name)).length;
  }

  async pass(input: HandlerInput): Promise<Outcome> {
    if (isLast(input.node.id)) {
      await new Promise<void>((resolve) => {
        this.#waiting.push(resolve);
        if (this.#waiting.length === this.#count) this.#full.resolve();
      });
    }
    return this.#calls(input);
  }

  /** One after the other, some hard on the one before and some a while later. */
  async openAll(random: SeededRandom): Promise<void> {
    await this.#full.promise;
    this.#full = Promise.withResolvers();
    const waiting = this.#waiting.splice(0);
    while (waiting.length > 0) {
      for (const open of waiting.splice(random.integer(waiting.length), 1)) open();
      if (random.chance(0.8)) await new Promise((resolve) => setImmediate(resolve));
    }
  }
}

const isLast = (node: string) => /^b[0-9]$/.test(node);
