/**
 * Keeps leases: renews them well before they end, and lets go of a run whose lease has run out unrenewed. Then somebody
 * else may have the run already, whatever the store's silence means; work that went on would run beside theirs.
 * Source: 03 §9, 07 ("Heartbeat failure printed and work goes on").
 */
import { messageOf } from "../errors.ts";
import type { LeaseRef, Store } from "../persistence/store.ts";
import type { Clock, TimerHandle } from "./clock.ts";
import type { HandlerLog } from "./handler.ts";

export interface Leaseholder {
  readonly held: LeaseRef & { readonly seq: number; readonly row: { readonly leaseUntilMs?: number } };
  leaseLost(): void;
}

export interface LeaseKeeperDeps {
  readonly store: Pick<Store, "renew" | "release">;
  readonly clock: Clock;
  readonly log: HandlerLog;
  readonly leaseMs: number;
  /** Called with each renewal: whoever holds leases looks after what belongs to them. */
  readonly onRound?: () => void;
}

export class LeaseKeeper {
  readonly #deps: LeaseKeeperDeps;
  readonly #holders: () => Iterable<Leaseholder>;
  /** When each lease ends, as far as the store has said. */
  readonly #endsAtMs = new Map<Leaseholder, number>();
  readonly #back: LeaseRef[] = [];
  #givingBack: Promise<void> | undefined;
  #timer: TimerHandle | undefined;
  #dueMs = 0;

  constructor(deps: LeaseKeeperDeps, holders: () => Iterable<Leaseholder>) {
    this.#deps = deps;
    this.#holders = holders;
  }

  add(holder: Leaseholder): void {
    const { clock, leaseMs } = this.#deps;
    this.#endsAtMs.set(holder, holder.held.row.leaseUntilMs ?? clock.now() + leaseMs);
    this.#arm(this.#endsAtMs.get(holder) ?? 0);
  }

  /** Gives a lease back. Those of runs that end in the same round of the event loop go together. */
  giveBack(lease: LeaseRef): Promise<void> {
    this.#back.push(lease);
    this.#givingBack ??= new Promise((resolve) => setImmediate(resolve)).then(() => {
      this.#givingBack = undefined;
      return this.#deps.store.release(this.#back.splice(0));
    });
    return this.#givingBack;
  }

  stop(): void {
    if (this.#timer) this.#deps.clock.clearTimer(this.#timer);
    this.#timer = undefined;
    this.#endsAtMs.clear();
  }

  async #renew(): Promise<void> {
    const { store, clock, leaseMs, log } = this.#deps;
    const holders = [...this.#holders()].filter(({ held }) => held.seq > 0);
    const untilMs = clock.now() + leaseMs;
    try {
      const leases = holders.map(({ held: { runId, token } }) => ({ runId, token }));
      const lost = new Set(await store.renew(leases, untilMs));
      for (const holder of holders) {
        if (lost.has(holder.held.runId)) holder.leaseLost();
        else this.#endsAtMs.set(holder, untilMs);
      }
    } catch (failure) {
      log.warn("leases were not renewed", { message: messageOf(failure) });
      for (const holder of holders) {
        if ((this.#endsAtMs.get(holder) ?? 0) <= clock.now()) holder.leaseLost();
      }
    }
    this.#deps.onRound?.();
    this.#again();
  }

  /** The next renewal, or the end of the first lease if that comes sooner. */
  #again(): void {
    const live = new Set(this.#holders());
    for (const holder of this.#endsAtMs.keys()) if (!live.has(holder)) this.#endsAtMs.delete(holder);
    if (this.#endsAtMs.size === 0) return this.stop();
    this.#timer = undefined;
    this.#arm(Math.min(...this.#endsAtMs.values()));
  }

  /** Wakes up for a renewal, no later than at `endMs`; an earlier alarm stands. */
  #arm(endMs: number): void {
    const { clock, leaseMs } = this.#deps;
    const now = clock.now();
    const dueMs = Math.max(now + 1, Math.min(now + leaseMs / 3, endMs));
    if (this.#timer) {
      if (this.#dueMs <= dueMs) return;
      clock.clearTimer(this.#timer);
    }
    this.#dueMs = dueMs;
    this.#timer = clock.setTimer(() => void this.#renew(), dueMs - now);
  }
}
