/** Pipelines with regions, driven stage by stage: handlers end when a test says so, a watch looks at every turn. */
import { expect, onTestFinished } from "vitest";
import type { HandlerInput, Outcome, Run, Runtime } from "../../src/index.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import { memoryStore } from "../../src/persistence/memory/index.ts";
import type { Store } from "../../src/persistence/store.ts";
import type { RuntimeOptions } from "../../src/runtime/api.ts";
import { createRuntime } from "../../src/runtime/create-runtime.ts";
import { verifyRunWhole } from "../../src/runtime/verify-run.ts";
import { type ControlWatch, controlWatch } from "../../src/testing/control-watch.ts";
import { crashAfter, crashBefore, faultStore } from "../../src/testing/fault-store.ts";
import { observedStore } from "../../src/testing/scheduled-store.ts";
import { type VirtualClock, virtualClock } from "../../src/testing/virtual-clock.ts";
import { type Summary, summarize } from "../crash/summary.ts";

export const between = (body: string) => `digraph regions {
  start [shape=Mdiamond]
  exit  [shape=Msquare]
  ${body}
}`;

export const SHAPES = {
  parallel: between(`fan [shape=component]
    start -> fan
    fan -> a
    fan -> b
    fan -> c
    a -> a2 -> meet
    b -> meet
    c -> meet
    meet -> exit`),
  foreach: between(`each [type=foreach, items="[5, 6, 7]", body=piece, max_parallel=2, collect=make]
    subgraph piece { make; check }
    make -> check
    start -> each -> after -> exit`),
  loop: between(`again [type=loop, body=turn, until="context.count=3"]
    subgraph turn { count; rest }
    count -> rest
    start -> again -> after -> exit`),
  nested: between(`outer [type=foreach, items="[1, 2]", body=part, max_parallel=2]
    subgraph part { split [shape=component]; inner [type=foreach, items="[8, 9]", body=piece, max_parallel=2]; side; meet }
    subgraph piece { make }
    split -> inner -> meet
    split -> side -> meet
    start -> outer -> after -> exit`),
} as const;

export type Shape = keyof typeof SHAPES;
export const shapes = Object.keys(SHAPES) as Shape[];

/** A call of a handler that goes on. */
export interface Flight {
  readonly input: HandlerInput;
  readonly execution: string;
  readonly stage: string;
  end(status?: string): void;
  /** Ends it as its abort asks, where it does not obey by itself. */
  obey(): void;
}

export const RUN_ID = "run";
const byPlace = new Intl.Collator("en", { numeric: true });

/** What a stage leaves: of its item, or of how often it was done. */
function outcomeOf({ node, context }: HandlerInput, status: string): Outcome {
  const item = context.get("work.item") ?? null;
  const done = Number(context.get(node.id) ?? 0) + 1;
  return { status, notes: `${node.id} of ${item}`, contextUpdates: { [node.id]: item === null ? done : `${item}` } };
}

export class Play {
  readonly clock: VirtualClock = virtualClock();
  readonly store: Store = memoryStore();
  readonly watch: ControlWatch;
  /** Executions in the order they began. */
  readonly started: string[] = [];
  /** How many went on at once, at most. */
  peak = 0;
  /** Aborts that came, `execution reason`. */
  readonly aborts: string[] = [];
  /** Whether calls end at once when they are aborted. */
  isObedient = true;
  /** The process dies with the so-manieth commit from now: it is stored, and nobody is told. */
  commitsToLive = Number.POSITIVE_INFINITY;
  run!: Run;
  runtime!: Runtime;
  readonly #flights = new Set<Flight>();
  #die = () => {};

  constructor() {
    this.watch = controlWatch(() => this.open.map(({ execution }) => execution));
  }

  static async of(source: string, options: RuntimeOptions = {}): Promise<Play> {
    const play = new Play();
    await play.process(options);
    play.run = await play.runtime.start(source, { runId: RUN_ID });
    await play.rest();
    return play;
  }

  /** Calls that go on, by their places. */
  get open(): readonly Flight[] {
    return [...this.#flights].sort((a, b) => byPlace.compare(a.stage, b.stage));
  }

  flight(stage: string): Flight {
    const found = this.open.find((flight) => flight.stage === stage);
    if (!found) throw new Error(`${stage} is not in flight; those are ${this.open.map((flight) => flight.stage)}`);
    return found;
  }

  /** Ends a call and lets the run react. */
  async end(stage: string, status?: string): Promise<void> {
    this.flight(stage).end(status);
    await this.rest();
  }

  async endFirst(): Promise<void> {
    this.open[0]?.end();
    await this.rest();
  }

  async toEnd(): Promise<void> {
    while (this.open.length > 0) await this.endFirst();
  }

  /** Until nothing happens any more without time passing. */
  async rest(): Promise<void> {
    for (let look = 0; look < 4; look += 1) await this.clock.advance(0);
  }

  /** Another process: a runtime over the same store. */
  async process(options: RuntimeOptions = {}): Promise<Runtime> {
    let isDead = false;
    const store = faultStore(observedStore(this.store, this.watch.onTurn), {
      faultAt: (_n, operation) => {
        if (isDead) return crashBefore;
        if (operation !== "commit") return undefined;
        this.commitsToLive -= 1;
        return this.commitsToLive === 0 ? crashAfter : undefined;
      },
      onCrash: () => {
        isDead = true;
        this.#flights.clear();
      },
    });
    const step = (input: HandlerInput) => this.#fly(input);
    const { clock } = this;
    const runtime = await createRuntime({ clock, actor: "tester", handlers: { codergen: step }, ...options, store });
    this.runtime = runtime;
    this.#die = () => {
      isDead = true;
      this.#flights.clear();
      this.commitsToLive = Number.POSITIVE_INFINITY;
      void store.putBlob(new Uint8Array()).catch(() => {});
    };
    onTestFinished(async () => {
      this.isObedient = true;
      if (!isDead) await this.stop(runtime);
    });
    return runtime;
  }

  /** The process is gone, without a word; a new one takes the run. */
  async crash(): Promise<void> {
    this.#die();
    await this.resume();
  }

  /** The process leaves in good order; a new one takes the run. */
  async restart(): Promise<void> {
    await this.stop();
    await this.resume();
  }

  async stop(runtime = this.runtime): Promise<void> {
    await this.clock.runUntil(runtime.stop({ graceMs: 0 }));
  }

  /** Nobody drives the run any more: a handle of a runtime that does not either. */
  async abandon(): Promise<Run> {
    await this.stop();
    const elsewhere = await this.process();
    return await elsewhere.get(RUN_ID);
  }

  async resume(): Promise<void> {
    const runtime = await this.process();
    this.run = await runtime.resume(RUN_ID);
    await this.rest();
  }

  async status(): Promise<string> {
    return (await this.run.view()).status;
  }

  async control() {
    return (await this.run.view()).control;
  }

  summary(): Promise<Summary> {
    return summarize(this.store, RUN_ID);
  }

  async expectSound(what: string): Promise<void> {
    expect(this.watch.problems, what).toEqual([]);
    expect(decidedWhilePaused(await this.store.read("journal", { runId: RUN_ID })), what).toEqual([]);
    expect((await verifyRunWhole(this.store, RUN_ID)).problems, what).toEqual([]);
  }

  #fly(input: HandlerInput): Promise<Outcome> {
    this.started.push(input.execution);
    return new Promise((resolve, reject) => {
      const flight: Flight = {
        input,
        execution: input.execution,
        stage: input.stage,
        end: (status = "success") => {
          this.#flights.delete(flight);
          resolve(outcomeOf(input, status));
        },
        obey: () => {
          this.#flights.delete(flight);
          reject(input.signal.reason as Error);
        },
      };
      this.#flights.add(flight);
      this.peak = Math.max(this.peak, this.#flights.size);
      input.signal.addEventListener("abort", () => {
        this.aborts.push(`${input.execution} ${(input.signal.reason as { reason: string }).reason}`);
        if (this.isObedient) flight.obey();
      });
    });
  }
}

/** What begins work, or ends more than an execution. */
const DECISIONS = /^(stage\.(entered|started)|branch\.|iteration\.|join\.|parallel\.|container\.|goal_gate\.|child\.)/;

/** Entries that a run made between the acknowledgement of a pause and that of a continue or cancel, and must not. */
export function decidedWhilePaused(journal: readonly JournalEntry[]): string[] {
  const decided: string[] = [];
  let isHeld = false;
  for (const { type, seq, branch, stage } of journal) {
    if (type === "run.pausing" || type === "run.paused") isHeld = true;
    if (type === "run.continued" || type === "run.cancelling") isHeld = false;
    if (isHeld && DECISIONS.test(type)) decided.push(`${seq} ${type} ${stage ?? branch}`);
  }
  return decided;
}

export interface Undisturbed {
  readonly summary: Summary;
  /** Stages that it can be disturbed at. */
  readonly moments: number;
  readonly peak: number;
}

const oracles = new Map<Shape, Promise<Undisturbed>>();

/** The run that nobody disturbs. */
export function undisturbed(shape: Shape): Promise<Undisturbed> {
  const known = oracles.get(shape) ?? playThrough(shape);
  oracles.set(shape, known);
  return known;
}

async function playThrough(shape: Shape): Promise<Undisturbed> {
  const play = await Play.of(SHAPES[shape]);
  await play.toEnd();
  const summary = await play.summary();
  expect(summary.status).toBe("completed");
  await play.expectSound(shape);
  return { summary, moments: play.started.length, peak: play.peak };
}

/** Disturbs the run once at each of its moments; it must come to what it comes to undisturbed. */
export async function atEveryMoment(shape: Shape, disturb: (play: Play, what: string) => Promise<void>): Promise<void> {
  const { summary, moments, peak } = await undisturbed(shape);
  for (let moment = 0; moment < moments; moment += 1) {
    const what = `${shape}, after ${moment} stages`;
    const play = await Play.of(SHAPES[shape]);
    for (let ended = 0; ended < moment; ended += 1) await play.endFirst();
    await disturb(play, what);
    await play.toEnd();
    expect(await play.summary(), what).toEqual(summary);
    // No more at once than `max_parallel` allows, however often it went on.
    expect(play.peak, what).toBeLessThanOrEqual(peak);
    await play.expectSound(what);
    await play.stop();
  }
}
