/** What is done to random programs: what is done to any run, and a second pause hard on the first. */
import type { RunWorld, SeededRandom } from "../../src/testing/index.ts";
import { type Deed, drawPlan, type Plan } from "../control/deeds.ts";

/** Things that happen, and turns that are stored, for each stage of a program; measured. */
const STEPS_A_STAGE = 6;
const TURNS_A_STAGE = 2;

export function drawProgramPlan(
  random: SeededRandom,
  { stages, isLeftAlone = false }: { readonly stages: number; readonly isLeftAlone?: boolean },
): Plan {
  if (isLeftAlone) return { deeds: [], isCancelled: false, faultsOf: () => undefined };
  const steps = 20 + stages * STEPS_A_STAGE;
  const plan = drawPlan(random, { steps, turns: 4 + stages * TURNS_A_STAGE });
  const more: Deed[] = [];
  if (random.chance(0.5)) more.push(pauseTwice(random, random.integer(steps)));
  if (random.chance(0.1)) more.push(cancelPart(random, random.integer(steps)));
  if (random.chance(0.15)) more.push(cancelPaused(random, random.integer(steps)));
  const last = plan.isCancelled ? plan.deeds.slice(-1) : [];
  const others = plan.isCancelled ? plan.deeds.slice(0, -1) : plan.deeds;
  const deeds = [...others, ...more].toSorted((a, b) => a.afterStep - b.afterStep);
  return { ...plan, deeds: [...deeds, ...last] };
}

/** Paused, continued, and paused again before much can have happened: in the same iteration, most often. */
function pauseTwice(random: SeededRandom, afterStep: number): Deed {
  const modes = [0, 1].map(() => random.pick(["drain", "drain", "interrupt"] as const));
  const between = random.integer(6);
  return {
    name: `pause ${modes[0]}, continue, and ${between} steps later pause ${modes[1]} and continue`,
    afterStep,
    async do(world) {
      for (const mode of modes) {
        await world.tell((run) => run.pause({ mode }));
        await atRest(world);
        if (!world.isAlive || world.isFinished) return undefined;
        await world.tell((run) => run.continue());
        await world.scheduler.turn("again", { afterStep: world.scheduler.steps + between });
      }
      return undefined;
    },
  };
}

/** A branch that goes on, or all branches of an activation; there may be none. */
function cancelPart(random: SeededRandom, afterStep: number): Deed {
  const which = random.integer(1_000);
  const isWhole = random.chance(0.3);
  return {
    name: `cancel ${isWhole ? "an activation" : "a branch"}`,
    afterStep,
    async do(world) {
      const branches = (await world.tell((run) => run.view()))?.branches ?? [];
      const paths = branches.map(({ path }) => path).filter((path) => path !== "main");
      const path = paths[which % Math.max(1, paths.length)];
      if (path === undefined) return undefined;
      const branch = isWhole ? path.slice(0, path.lastIndexOf("/")) : path;
      await world.tell((run) => run.cancel({ branch }));
      return undefined;
    },
  };
}

/** What a cancel decides in a pause waits for the continue. */
function cancelPaused(random: SeededRandom, afterStep: number): Deed {
  const cancel = cancelPart(random, afterStep);
  return {
    name: `pause, ${cancel.name} and continue`,
    afterStep,
    async do(world) {
      await world.tell((run) => run.pause());
      await cancel.do(world);
      await atRest(world);
      if (world.isAlive && !world.isFinished) await world.tell((run) => run.continue());
      return undefined;
    },
  };
}

function atRest(world: RunWorld): Promise<void> {
  return world.when(() => world.status === "paused" || world.isFinished || !world.isAlive);
}
