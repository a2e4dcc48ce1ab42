import { filter, firstValueFrom } from "rxjs";
import { onTestFinished } from "vitest";
import type { Clock } from "../../src/actors/clock.ts";
import { createRuntime, type HandlerInput, type HandlerResult, type Run, type Runtime } from "../../src/index.ts";
import type { EntryType } from "../../src/journal/catalogue.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import type { Store } from "../../src/persistence/store.ts";
import type { RuntimeOptions } from "../../src/runtime/api.ts";
import { crashBefore, faultStore } from "../../src/testing/fault-store.ts";
import { EagerClock, mortalClock } from "./eager-clock.ts";

/** A runtime in memory whose waits take no time; stopped after the test. */
export async function openRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const runtime = await createRuntime({ clock: new EagerClock(), actor: "tester", ...options });
  onTestFinished(() => runtime.stop({ graceMs: 0 }));
  return runtime;
}

export type Step = (input: HandlerInput) => HandlerResult | Promise<HandlerResult>;

/** A handler that does for each node what is said, and succeeds at the others. */
export function perNode(steps: Readonly<Record<string, Step>>): Step {
  return (input) => steps[input.node.id]?.(input);
}

/** A pipeline of nodes of the type `step`, between `start` and `exit`. */
export function pipeline(body: string, graph = ""): string {
  return `digraph test {
    graph [goal="test" ${graph}]
    node [type=step]
    start [shape=Mdiamond, type=start]
    exit [shape=Msquare, type=exit]
    ${body}
  }`;
}

/** Resolves with the first entry of that type, of any that is stored already or comes. */
export function entryOf(run: Run, type: EntryType, stage?: string): Promise<JournalEntry> {
  return firstValueFrom(
    run.events$.pipe(filter((entry) => entry.type === type && (stage === undefined || entry.stage === stage))),
  );
}

/** `type stage` of every entry that says something of a stage, or `type` of those of the run. */
export async function storyOf(runtime: Runtime, runId: string, types?: readonly EntryType[]): Promise<string[]> {
  const entries = await runtime.entries(runId, types ? { types } : {});
  return entries.map(({ type, stage, execution }) => [type, execution ?? stage].filter(Boolean).join(" "));
}

/** What somebody else decides when to let go on. */
export function gate<T = void>() {
  return Promise.withResolvers<T>();
}

/** Rejects with the reason when the signal is aborted: a handler that heeds it. */
export function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = () => reject(signal.reason as Error);
    if (signal.aborted) stop();
    else signal.addEventListener("abort", stop, { once: true });
  });
}

/** A runtime that can die as its process would: no write, timer or handler of it does anything afterwards. */
export async function openMortal(store: Store, clock: Clock, options: RuntimeOptions = {}) {
  let isDead = false;
  const runtime = await createRuntime({
    ...options,
    store: faultStore(store, { faultAt: () => (isDead ? crashBefore : undefined) }),
    clock: mortalClock(clock, () => isDead),
  });
  const kill = () => {
    isDead = true;
  };
  return { runtime, kill };
}
