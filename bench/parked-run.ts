/** A run of no-op stages that stands still at a stage until it is told how far to go: within the handler of that stage. */
import type { Outcome } from "../src/graph/outcome.ts";
import { type Engine, openEngine, type Synchronous } from "./engine.ts";

export interface ParkedRunOptions {
  readonly path: string;
  readonly synchronous: Synchronous;
}

export class ParkedRun {
  readonly #options: ParkedRunOptions;
  #engine: Engine | undefined;
  /** Stages of the run before it. */
  #before = 0;
  #until = 1;
  #go: (() => void) | undefined;
  #arrived: (() => void) | undefined;
  #runId = "";

  constructor(options: ParkedRunOptions) {
    this.#options = options;
  }

  /** Works off another run first, in the same store: the log is as long as it gets, and is written over from now on. */
  async warmUp(pipeline: string, stages: number): Promise<void> {
    const { runtime, ended } = await this.#open();
    this.#until = Number.POSITIVE_INFINITY;
    await runtime.start(pipeline);
    await ended(1);
    this.#before = stages;
  }

  /** Resolves when the run stands in the handler of its first stage. */
  async start(pipeline: string): Promise<void> {
    const { runtime } = this.#engine ?? (await this.#open());
    const arrival = this.#arrival(1);
    this.#runId = (await runtime.start(pipeline)).id;
    await arrival;
  }

  /** Lets it work until the handler of the given stage is called, counted since it was started or taken up. */
  async advanceTo(stage: number): Promise<void> {
    const arrival = this.#arrival(stage);
    this.#go?.();
    await arrival;
  }

  /** Takes the run up in a runtime of its own, whose store is open already. Answers with the ms of `resume` alone. */
  async takeUp(): Promise<number> {
    const { runtime } = await this.#open();
    await runtime.get(this.#runId);
    const arrival = this.#arrival(1);
    const started = performance.now();
    await runtime.resume(this.#runId);
    const elapsedMs = performance.now() - started;
    await arrival;
    return elapsedMs;
  }

  /** The ms of a whole run view. */
  async view(): Promise<number> {
    const started = performance.now();
    await this.#engine?.runtime.view(this.#runId);
    return performance.now() - started;
  }

  /** Lets go of the run: it can be taken up. */
  async leave(): Promise<void> {
    await this.#engine?.close();
    this.#engine = undefined;
    this.#before = 0;
  }

  async #open(): Promise<Engine> {
    this.#engine = await openEngine({ ...this.#options, onStage: (count, signal) => this.#onStage(count, signal) });
    return this.#engine;
  }

  #arrival(stage: number): Promise<void> {
    this.#until = stage;
    return new Promise((resolve) => {
      this.#arrived = resolve;
    });
  }

  #onStage(count: number, signal: AbortSignal): undefined | Promise<Outcome | undefined> {
    if (count - this.#before < this.#until) return undefined;
    this.#arrived?.();
    return new Promise((resolve, reject) => {
      this.#go = () => resolve(undefined);
      signal.addEventListener("abort", () => reject(signal.reason), { once: true });
    });
  }
}
