/** Steps of actors for one client, as they are committed here. Nothing of it is kept, so nothing is read again. */
import { isFinalStatus } from "../../journal/status.ts";
import type { Inspection, InspectOptions } from "../../runtime/inspection/inspection.ts";
import { thisProcess } from "../../runtime/queries/is-driven.ts";
import { instant } from "../../runtime/queries/runs.ts";
import type { Api } from "../api.ts";
import { encodeEvent } from "./encode.ts";
import type { Piece } from "./feed.ts";
import type { Source } from "./source.ts";
import { StepQueue } from "./step-queue.ts";

/** A run that ends elsewhere shows no step of it: it is looked after once nothing has come for so many heartbeats. */
const IDLE_LOOKS = 2;

export interface StepQuery extends Pick<InspectOptions, "runId" | "actor" | "chart"> {
  /** That the run has ended already. */
  readonly isEnded?: boolean;
}

export class StepSource implements Source {
  hasSaidEnd = false;
  readonly #api: Api;
  readonly #query: StepQuery;
  readonly #queue = new StepQueue();
  readonly #subscription: { unsubscribe(): void };
  #greeting: Piece | undefined;
  #idleLooks = 0;
  #isEnding: boolean;
  #wake: () => void = () => {};

  constructor(api: Api, query: StepQuery) {
    const { runId, isEnded = false } = query;
    this.#api = api;
    this.#query = query;
    this.#isEnding = isEnded;
    const of = runId === undefined ? {} : { runId };
    const data = { ...of, since: instant(api.now()), process: thisProcess() };
    this.#greeting = { id: 0, bytes: encodeEvent({ event: "live", data }) };
    // All steps of the run, whatever is wanted: its own last one is the end.
    this.#subscription = api.runtime.inspect(of).subscribe({
      next: (step) => this.#see(step),
      complete: () => this.#end(),
    });
  }

  async take(): Promise<readonly Piece[]> {
    if (this.#greeting) return [this.#greeting];
    if (this.#queue.isEmpty) await this.#lookForEnd();
    return this.#queue.peek();
  }

  given(id: number): void {
    this.#greeting = undefined;
    this.#queue.given(id);
  }

  get isOver(): boolean {
    return this.#isEnding && this.#queue.isEmpty;
  }

  onMore(wake: () => void): () => void {
    this.#wake = wake;
    return () => {
      this.#wake = () => {};
    };
  }

  leave(): void {
    this.#subscription.unsubscribe();
  }

  #see(step: Inspection): void {
    const { runId, actor, chart } = this.#query;
    this.#idleLooks = 0;
    if (runId !== undefined && step.actor === "run" && step.snapshot.status === "done") this.#isEnding = true;
    const isWanted =
      (actor === undefined || actor === step.actor) && (chart === undefined || chart === step.actor.split(":", 1)[0]);
    if (isWanted) this.#queue.push(step);
    else this.#queue.passOver(step);
    if (isWanted || this.#isEnding) this.#wake();
  }

  #end(): void {
    this.#isEnding = true;
    this.#wake();
  }

  async #lookForEnd(): Promise<void> {
    const { runId } = this.#query;
    this.#idleLooks += 1;
    if (runId === undefined || this.#isEnding || this.#idleLooks <= IDLE_LOOKS) return;
    const [run] = await this.#api.store.read("run", { runId });
    if (!run || isFinalStatus(run.status)) this.#isEnding = true;
  }
}
