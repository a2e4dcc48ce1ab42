/**
 * One run as the page follows it: its journal, read in pages and then followed, and the server's view of it, asked for
 * again when something happened. Listeners hear of changes at most every 80 ms, however fast entries come.
 */
import type { ControlResult, Entry, RunStatus, View } from "../api/answers.ts";
import { get, runPath } from "../api/client.ts";
import { type Connection, follow } from "../api/follow.ts";
import { History } from "./history.ts";

const PAGE_ENTRIES = 1_000;
const TELL_EVERY_MS = 80;
/** The view costs the server what the journal is long: it is asked for at most a fifth of the time. */
const VIEW = { everyMs: 120, costFactor: 4 } as const;

export interface RunState {
  readonly runId: string;
  readonly history: History;
  /** Grows with every change. */
  readonly version: number;
  readonly status: RunStatus | undefined;
  readonly view: View | undefined;
  readonly connection: Connection;
  /** Whether the journal is read up to where it was when the page was opened. */
  readonly isLoaded: boolean;
  readonly failure: unknown;
}

export class RunFeed {
  #state: RunState;
  readonly #listeners = new Set<() => void>();
  readonly #leaving = new AbortController();
  #unfollow: () => void = () => {};
  #tellTimer: ReturnType<typeof setTimeout> | undefined;
  #viewTimer: ReturnType<typeof setTimeout> | undefined;
  #viewCostMs = 0;
  #isViewAsked = false;
  #isViewStale = false;

  constructor(runId: string) {
    this.#state = {
      runId,
      history: new History(),
      version: 0,
      status: undefined,
      view: undefined,
      connection: "connecting",
      isLoaded: false,
      failure: undefined,
    };
  }

  readonly current = (): RunState => this.#state;

  readonly subscribe = (listener: () => void): (() => void) => {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  };

  open(): void {
    this.refreshView();
    void this.#readJournal();
  }

  close(): void {
    this.#leaving.abort();
    this.#unfollow();
    clearTimeout(this.#tellTimer);
    clearTimeout(this.#viewTimer);
    this.#listeners.clear();
  }

  /** What a command came to is known before the journal tells. */
  take({ after, accepted }: ControlResult): void {
    if (accepted === true && after !== undefined) this.#set({ status: after }, 0);
    this.refreshView();
  }

  refreshView(): void {
    if (this.#isViewAsked) {
      this.#isViewStale = true;
      return;
    }
    this.#isViewAsked = true;
    void this.#askView();
  }

  async #askView(): Promise<void> {
    const began = performance.now();
    try {
      const view = await get<View>(runPath(this.#state.runId), {}, this.#leaving.signal);
      const isNewer = view.seq >= this.#state.history.seq;
      this.#set({ view, failure: undefined, ...(isNewer ? { status: view.status } : {}) }, 0);
    } catch (failure) {
      if (this.#leaving.signal.aborted) return;
      if (!this.#state.view) this.#set({ failure }, 0);
    }
    this.#viewCostMs = performance.now() - began;
    this.#viewTimer = setTimeout(
      () => {
        this.#isViewAsked = false;
        if (!this.#isViewStale) return;
        this.#isViewStale = false;
        this.refreshView();
      },
      Math.max(VIEW.everyMs, this.#viewCostMs * VIEW.costFactor),
    );
  }

  async #readJournal(): Promise<void> {
    const { runId, history } = this.#state;
    const { signal } = this.#leaving;
    for (let after: number | undefined = history.seq; after !== undefined; ) {
      try {
        const query: { after: number; limit: number } = { after, limit: PAGE_ENTRIES };
        const page: { events: Entry[]; cursor?: number } = await get(runPath(runId, "/events"), query, signal);
        for (const entry of page.events) history.push(entry);
        after = page.cursor;
        this.#set({}, TELL_EVERY_MS);
      } catch (failure) {
        if (signal.aborted) return;
        // The stream goes on from where this came to, and tries until the server is there.
        this.#set(this.#state.view ? {} : { failure }, 0);
        break;
      }
    }
    this.#set({ isLoaded: true, status: history.statusAt(history.seq) ?? this.#state.status }, 0);
    this.#unfollow = follow({
      path: runPath(runId, "/events"),
      after: history.seq,
      onEntries: (entries) => this.#pushLive(entries),
      onConnection: (connection) => {
        if (connection === "live") this.refreshView();
        this.#set({ connection }, 0);
      },
    });
  }

  #pushLive(entries: readonly Entry[]): void {
    const { history } = this.#state;
    if (!entries.every((entry) => history.push(entry))) {
      // Something is missing, which the server's stream rules out: what was read is kept, and the rest is read again.
      this.#unfollow();
      void this.#readJournal();
      return;
    }
    const status = history.statusAt(history.seq);
    const isTurning = status !== this.#state.status;
    this.#set(status === undefined ? {} : { status }, isTurning ? 0 : TELL_EVERY_MS);
    this.refreshView();
  }

  #set(change: Partial<RunState>, tellMs: number): void {
    this.#state = { ...this.#state, ...change, version: this.#state.version + 1 };
    if (tellMs === 0) {
      clearTimeout(this.#tellTimer);
      this.#tellTimer = undefined;
      this.#tell();
    } else this.#tellTimer ??= setTimeout(() => this.#tell(), tellMs);
  }

  #tell(): void {
    this.#tellTimer = undefined;
    for (const listener of this.#listeners) listener();
  }
}
