/** The inbox of this process: rows that others left for runs driven here. The store rings; what lies there is read and given. */
import { messageOf } from "../errors.ts";
import { INBOX_LOOK_MS } from "../limits.ts";
import type { CommandRow, Store } from "../persistence/store.ts";
import type { Clock, TimerHandle } from "./clock.ts";
import type { HandlerLog } from "./handler.ts";

export interface InboxDeps {
  readonly store: Pick<Store, "read" | "watch">;
  readonly clock: Clock;
  readonly log: HandlerLog;
}

export class Inbox {
  readonly #deps: InboxDeps;
  /** Takes the rows of one run, in order. */
  readonly #take: (row: CommandRow) => Promise<void>;
  #unwatch: (() => void) | undefined;
  #look: TimerHandle | undefined;
  #isReading = false;
  #again = false;

  constructor(deps: InboxDeps, take: (row: CommandRow) => Promise<void>) {
    this.#deps = deps;
    this.#take = take;
  }

  get isWatched(): boolean {
    return this.#unwatch !== undefined;
  }

  watch(): void {
    this.#unwatch ??= this.#deps.store.watch(() => this.#lookSoon());
  }

  stop(): void {
    if (this.#look) this.#deps.clock.clearTimer(this.#look);
    this.#look = undefined;
    this.#unwatch?.();
    this.#unwatch = undefined;
  }

  /** Our own commits ring too: many rings make one look. */
  #lookSoon(): void {
    this.#look ??= this.#deps.clock.setTimer(() => {
      this.#look = undefined;
      void this.read();
    }, INBOX_LOOK_MS);
  }

  /** One reading at a time; a wake-up meanwhile is not lost. */
  async read(): Promise<void> {
    this.#again = true;
    if (this.#isReading) return;
    this.#isReading = true;
    try {
      while (this.#again && this.isWatched) {
        this.#again = false;
        const rows = await this.#deps.store.read("commands", { pending: true });
        // In order for each run; the turns of many runs share their commits.
        const byRun = Map.groupBy(rows, ({ runId }) => runId);
        await Promise.all([...byRun.values()].map((ofRun) => this.#takeAll(ofRun)));
      }
    } catch (failure) {
      this.#deps.log.warn("the inbox was not read", { message: messageOf(failure) });
    } finally {
      this.#isReading = false;
    }
  }

  async #takeAll(rows: readonly CommandRow[]): Promise<void> {
    for (const row of rows) await this.#take(row);
  }
}
