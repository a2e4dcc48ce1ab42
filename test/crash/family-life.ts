/** A family of runs in a process that can die at any point: before and after each commit and each effect of any of them. */
import type { Clock } from "../../src/actors/clock.ts";
import {
  createRuntime,
  type HandlerInput,
  isSafepointError,
  type Outcome,
  type Run,
  type Runtime,
} from "../../src/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import { crashAfter, crashBefore, faultStore } from "../../src/testing/fault-store.ts";
import { mortalClock } from "../runtime/eager-clock.ts";

/** What outlives processes. */
export interface FamilyWorld {
  readonly store: Store;
  readonly clock: Clock;
  readonly baseDir: string;
  readonly source: string;
  readonly work: (input: HandlerInput) => Outcome | Promise<Outcome>;
  /** `<run> <execution>` of each call, and of each that came to its end. */
  readonly effects: { readonly kind: "start" | "end"; readonly of: string }[];
  /** What somebody does to the parent in each process, once it goes on there. */
  readonly during?: (run: Run, runtime: Runtime) => Promise<void>;
}

export interface FamilyLife {
  readonly finished: boolean;
  readonly points: readonly string[];
}

export const PARENT_ID = "p";

/** Starts or resumes the parent in a process that dies at its `crashAt`-th point, counted from 1. */
export async function liveAsFamily(world: FamilyWorld, crashAt = Number.POSITIVE_INFINITY): Promise<FamilyLife> {
  const points: string[] = [];
  const death = Promise.withResolvers<"crashed">();
  let isDead = false;
  const isFatal = (name: string): boolean => {
    if (isDead) return true;
    points.push(name);
    isDead = points.length === crashAt;
    if (isDead) death.resolve("crashed");
    return isDead;
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
  const leave = async (kind: "start" | "end", { runId, execution }: HandlerInput) => {
    const of = `${runId} ${execution}`;
    if (isFatal(`before ${kind} of ${of}`)) await dieHere(store);
    world.effects.push({ kind, of });
    if (isFatal(`after ${kind} of ${of}`)) await dieHere(store);
  };
  const step = async (input: HandlerInput) => {
    await leave("start", input);
    const outcome = await world.work(input);
    await leave("end", input);
    return outcome;
  };
  const runtime = await createRuntime({ store, clock: mortalClock(world.clock, () => isDead), handlers: { step } });
  const end = await Promise.race([death.promise, runToEnd(runtime, world)]);
  if (end === "finished") await runtime.stop();
  return { finished: end === "finished", points };
}

/** A process that died at an effect reads no more either: the next write, whichever, crashes its store. */
function dieHere(store: Store): Promise<never> {
  store.release([]).catch(() => {});
  return never();
}

async function runToEnd(runtime: Runtime, world: FamilyWorld): Promise<"finished"> {
  const { store, source, baseDir, during } = world;
  try {
    const [known] = await store.read("run", { runId: PARENT_ID });
    const run = known ? await runtime.resume(PARENT_ID) : await runtime.start(source, { runId: PARENT_ID, baseDir });
    await during?.(run, runtime);
    await run.finished();
    return "finished";
  } catch (error) {
    if (isSafepointError(error) && HAS_ENDED.has(error.code)) return "finished";
    if (isSafepointError(error) && error.code.startsWith("store_")) return never();
    throw error;
  }
}

const HAS_ENDED: ReadonlySet<string> = new Set(["run_finished", "run_cancelled_new_run_required"]);

function never(): Promise<never> {
  return new Promise(() => {});
}
