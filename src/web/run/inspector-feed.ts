/** The steps of one run as this server sees them, followed live. Listeners hear of changes at most every 80 ms. */
import { runPath } from "../api/client.ts";
import type { Connection } from "../api/follow.ts";
import type { StreamEvent } from "../api/parse-events.ts";
import { pauseBefore, RETRY_MS, readStream } from "../api/read-stream.ts";
import { whileSeen } from "../api/sight.ts";
import { type Step, StepLog, type StepRow } from "./inspector-log.ts";

const TELL_EVERY_MS = 80;

/** A process as owners of runs are named. */
export interface ProcessName {
  readonly host: string;
  readonly bootId: string;
  readonly pid: number;
  readonly processStart: string;
}

export interface StepsState {
  readonly rows: readonly StepRow[];
  readonly count: number;
  readonly connection: Connection;
  /** Of the server; undefined until it has said so. */
  readonly process: ProcessName | undefined;
}

export class StepFeed {
  readonly #path: string;
  readonly #log = new StepLog();
  readonly #listeners = new Set<() => void>();
  readonly #leaving = new AbortController();
  #state: StepsState = { rows: [], count: 0, connection: "connecting", process: undefined };
  #tellTimer: ReturnType<typeof setTimeout> | undefined;

  constructor(runId: string) {
    this.#path = runPath(runId, "/inspect");
  }

  readonly current = (): StepsState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  open(): void {
    void this.#follow();
  }

  close(): void {
    this.#leaving.abort();
    clearTimeout(this.#tellTimer);
    this.#listeners.clear();
  }

  clear(): void {
    this.#log.clear();
    this.#tell();
  }

  async #follow(): Promise<void> {
    const closing = this.#leaving.signal;
    let waitMs: number = RETRY_MS.first;
    while (!closing.aborted) {
      let isEnded = false;
      const onOpen = () => {
        waitMs = RETRY_MS.first;
        this.#set({ connection: "live" });
      };
      const onEvents = (events: readonly StreamEvent[]) => {
        isEnded = this.#take(events);
        return isEnded;
      };
      const read = (leaving: AbortSignal) => readStream({ path: this.#path, leaving, onOpen, onEvents });
      const wasHidden = await whileSeen(closing, read);
      if (closing.aborted) return;
      this.#set({ connection: isEnded ? "ended" : "lost" });
      if (isEnded) return;
      this.#log.lose(wasHidden ? "nobody looked on here" : "the connection was lost here");
      if (wasHidden) continue;
      await pauseBefore(waitMs, closing);
      waitMs = Math.min(waitMs * 2, RETRY_MS.most);
    }
  }

  /** Whether that was the end. */
  #take(events: readonly StreamEvent[]): boolean {
    let isEnded = false;
    for (const { type, data } of events) {
      if (type === "step") this.#log.push(JSON.parse(data) as Step);
      else if (type === "live") this.#set({ process: (JSON.parse(data) as { process: ProcessName }).process });
      else if (type === "end") isEnded = true;
    }
    if (events.length > 0) this.#tellTimer ??= setTimeout(() => this.#tell(), TELL_EVERY_MS);
    return isEnded;
  }

  #set(change: Partial<StepsState>): void {
    this.#state = { ...this.#state, ...change };
    this.#tell();
  }

  #tell(): void {
    clearTimeout(this.#tellTimer);
    this.#tellTimer = undefined;
    this.#state = { ...this.#state, rows: this.#log.rows(), count: this.#log.count };
    for (const listener of this.#listeners) listener();
  }
}
