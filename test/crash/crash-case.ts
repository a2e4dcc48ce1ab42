/** One life after another until the run has ended, and what must hold after each. */
import { expect } from "vitest";
import type { Store } from "../../src/persistence/store.ts";
import { findRun } from "../../src/runtime/queries/find-run.ts";
import { verifyRunWhole } from "../../src/runtime/verify-run.ts";
import { EagerClock } from "../runtime/eager-clock.ts";
import { checkEffects } from "./effects.ts";
import { LINE, type Reference, RUN_ID } from "./reference.ts";
import { liveOnce, type World } from "./simulated-process.ts";
import { type Summary, summarize } from "./summary.ts";

/** A sweep takes some seconds; on a machine with much else to do, many. */
export const SWEEP_PATIENCE_MS = 120_000;

export interface Oracle {
  readonly summary: Summary;
  readonly points: readonly string[];
}

/** A run of the reference pipeline, unless another is named. */
const newWorld = (store: Store, reference: Reference): World => ({
  reference,
  store,
  clock: new EagerClock(),
  effects: [],
});

/** The run that nothing befell. */
export async function liveThrough(store: Store, reference = LINE): Promise<Oracle> {
  const world = newWorld(store, reference);
  const { points } = await liveOnce(world);
  await expectSound(world, "uninterrupted");
  return { summary: await summarize(store, RUN_ID), points };
}

export interface Crashes {
  /** Points of one process after another. */
  readonly at: readonly number[];
  /** What must come out. */
  readonly oracle: Summary;
  readonly reference?: Reference;
}

/**
 * Crashes at the given points, then lets the run end. Answers whether the last of the crashes happened, that is whether
 * there was such a point.
 */
export async function crashAndResume(
  store: Store,
  { at: crashes, oracle, reference = LINE }: Crashes,
): Promise<boolean> {
  const world = newWorld(store, reference);
  const what = `crashes at ${crashes.join(", then ")}`;
  let didCrash = true;
  for (const point of crashes) {
    didCrash = !(await liveOnce(world, point)).finished;
    await expectSound(world, what);
    if (!didCrash) break;
  }
  if (didCrash) expect((await liveOnce(world)).finished, what).toBe(true);
  await expectSound(world, what);
  expect(await summarize(store, RUN_ID), what).toEqual(oracle);
  expect(await store.check(), what).toEqual([]);
  return didCrash;
}

async function expectSound({ store, effects, reference }: World, what: string): Promise<void> {
  const [row] = await store.read("run", { runId: RUN_ID });
  if (!row) return expect(effects, `${what}: nothing happens before the run is stored`).toEqual([]);
  expect((await verifyRunWhole(store, RUN_ID)).problems, what).toEqual([]);
  const journal = await store.read("journal", { runId: RUN_ID });
  expect(checkEffects(effects, journal, reference), what).toEqual([]);
  expect((await findRun(store, RUN_ID)).resumeEpoch, what).toBeLessThan(4);
}
