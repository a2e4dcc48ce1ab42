/**
 * Random programs of nested regions: parallels of every policy, foreach, loop, sequences, choices, cycles, retries,
 * failures, gates, waits and goal gates. What their stages do follows from the stage's address alone, so that no schedule
 * has a say in it; only where a policy lets the first to end decide has the order of ends.
 */
import { type Draft, drawBlock } from "./random-program-parts.ts";
import { type Block, blocksOf, type Program, type Step, stepsOf } from "./random-program-tree.ts";
import { seededRandom } from "./seeded-random.ts";

export interface ProgramOptions {
  /** Regions within regions, at most. Default 4. */
  readonly depthMax?: number;
  /** Steps of the pipeline, roughly. Default: 4 to 22. */
  readonly steps?: number;
}

/** Stages that a program may come to; one that is drawn larger is drawn again, smaller. */
const STAGES_MAX = 140;
const DEPTH_MAX = 4;

export function randomProgram(seed: number, options: ProgramOptions = {}): Program {
  const random = seededRandom(seed).fork("program");
  const { depthMax = DEPTH_MAX } = options;
  let steps = options.steps ?? random.between(4, 22);
  for (;;) {
    const draft: Draft = { random, names: { count: 0 }, left: { steps }, hasFanIns: random.chance(0.4) };
    const main = drawBlock(draft, {
      depth: depthMax,
      isScope: true,
      isBody: false,
      mayLeave: true,
    });
    if (weigh(main) > STAGES_MAX) steps = Math.max(1, steps - 1);
    else if (hasRegion(main) || depthMax === 0 || steps === 1 || random.chance(0.2)) return { seed, main };
  }
}

function hasRegion(main: Block): boolean {
  return [...stepsOf(main)].some(({ kind }) => kind === "parallel" || kind === "foreach" || kind === "loop");
}

/** How many stages it comes to, at most, but for goal gates and retries. */
export function weigh(block: Block): number {
  return block.reduce((sum, step) => sum + weighStep(step), 0);
}

function weighStep(step: Step): number {
  const inner = blocksOf(step).map(weigh);
  const all = inner.reduce((sum, weight) => sum + weight, 0);
  switch (step.kind) {
    case "choice":
    case "gate":
      return 1 + Math.max(...inner);
    case "cycle":
      return (1 + all) * (step.rounds + 1);
    case "foreach":
      return 1 + all * step.items.length;
    case "loop":
      return 1 + all * Math.min(step.maxIterations, step.test.goal);
    default:
      return 1 + all;
  }
}
