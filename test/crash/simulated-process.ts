/** A process that can die at any point, within this one: its store refuses, its timers and its handlers fall silent. */
import { type Clock, createRuntime, type HandlerInput, isSafepointError, type Runtime } from "../../src/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { crashAfter, crashBefore, faultStore } from "../../src/testing/fault-store.ts";
import { mortalClock } from "../runtime/eager-clock.ts";
import type { EffectLine } from "./effects.ts";
import { createFakeTool, createStep, type Reference, RUN_ID } from "./reference.ts";

/** What outlives processes. */
export interface World {
  readonly reference: Reference;
  readonly store: Store;
  readonly clock: Clock;
  readonly effects: EffectLine[];
}

export interface Lifetime {
  /** Whether the run came to its end before the process did. */
  readonly finished: boolean;
  /** What could be crashed at, in order: before and after each commit and each effect. */
  readonly points: readonly string[];
}

/** Starts or resumes the reference run in a process that dies at its `crashAt`-th point, counted from 1. */
export async function liveOnce(world: World, crashAt = Number.POSITIVE_INFINITY): Promise<Lifetime> {
  const points: string[] = [];
  const death = Promise.withResolvers<"crashed">();
  let isDead = false;
  const isFatal = (name: string): boolean => {
    if (isDead) return true;
    points.push(name);
    if (points.length !== crashAt) return false;
    isDead = true;
    death.resolve("crashed");
    return true;
  };
  /** A process that died at an effect reads no more either: the next write, whichever, crashes its store. */
  const dieHere = (): Promise<never> => {
    store.release([]).catch(() => {});
    return never();
  };
  const leave = async (kind: "start" | "end", { execution }: HandlerInput) => {
    if (isFatal(`before ${kind} of ${execution}`)) await dieHere();
    world.effects.push({ kind, execution });
    if (isFatal(`after ${kind} of ${execution}`)) await dieHere();
  };
  const store = faultStore(world.store, {
    faultAt: (_n, operation) => {
      if (operation !== "commit") return isDead ? crashBefore : undefined;
      if (isFatal("before commit")) return crashBefore;
      return isFatal("after commit") ? crashAfter : undefined;
    },
    onCrash: () => {
      isDead = true;
      death.resolve("crashed");
    },
  });
  const runtime = await createRuntime({
    store,
    clock: mortalClock(world.clock, () => isDead),
    handlers: { step: createStep(leave, world.reference), tool: createFakeTool(leave) },
  });
  const end = await Promise.race([death.promise, runToEnd(runtime, world)]);
  // Stopping releases what the living hold; a dead process does nothing more.
  if (end === "finished") await runtime.stop();
  return { finished: end === "finished", points };
}

/** Never settles for a process that died: its calls have no answers. */
async function runToEnd(runtime: Runtime, { store, reference }: World): Promise<"finished"> {
  try {
    const [known] = await store.read("run", { runId: RUN_ID });
    const run = known ? await runtime.resume(RUN_ID) : await runtime.start(reference.source, { runId: RUN_ID });
    await run.finished();
    return "finished";
  } catch (error) {
    if (isSafepointError(error) && error.code === "run_finished") return "finished";
    if (isSafepointError(error) && error.code === "store_unavailable") return never();
    throw error;
  }
}

function never(): Promise<never> {
  return new Promise(() => {});
}
