/** One life after another until the run has ended, and what must hold after each. */
import { expect } from "vitest";
import type { Store } from "../../src/persistence/store.ts";
import { findRun } from "../../src/runtime/queries/find-run.ts";
import { verifyRunWhole } from "../../src/runtime/verify-run.ts";
import { EagerClock } from "../runtime/eager-clock.ts";
import { checkEffects } from "./effects.ts";
import { RUN_ID } from "./reference.ts";
import { liveOnce, type World } from "./simulated-process.ts";
import { type Summary, summarize } from "./summary.ts";

/** A sweep takes some seconds; on a machine with much else to do, many. */
export const SWEEP_PATIENCE_MS = 120_000;

export interface Oracle {
  readonly summary: Summary;
  readonly points: readonly string[];
}

const newWorld = (store: Store): World => ({ store, clock: new EagerClock(), effects: [] });

/** The run that nothing befell. */
export async function liveThrough(store: Store): Promise<Oracle> {
  const world = newWorld(store);
  const { points } = await liveOnce(world);
  await expectSound(world, "uninterrupted");
  return { summary: await summarize(store, RUN_ID), points };
}

/**
 * Crashes at the given points, one process after another, then lets the run end. Answers whether the last of the
 * crashes happened, that is whether there was such a point.
 */
export async function crashAndResume(store: Store, crashes: readonly number[], oracle: Summary): Promise<boolean> {
  const world = newWorld(store);
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

async function expectSound({ store, effects }: World, what: string): Promise<void> {
  const [row] = await store.read("run", { runId: RUN_ID });
  if (!row) return expect(effects, `${what}: nothing happens before the run is stored`).toEqual([]);
  expect((await verifyRunWhole(store, RUN_ID)).problems, what).toEqual([]);
  expect(checkEffects(effects, await store.read("journal", { runId: RUN_ID })), what).toEqual([]);
  expect((await findRun(store, RUN_ID)).resumeEpoch, what).toBeLessThan(4);
}
