/**
 * The timers of a run: rows in the store, one alarm in the process. Run-clock timers stand still while the run is paused;
 * nothing is rewritten for that, since run time itself stands still. Source: 03 §2 (run time).
 */
import { runTimeMs } from "../machines/run.machine.ts";
import type { TimerRow } from "../persistence/store.ts";
import type { Clock, TimerHandle } from "./clock.ts";
import type { Draft } from "./draft.ts";
import { type HeldRun, runContext } from "./held-run.ts";
import type { Input } from "./inputs.ts";

export class RunTimers {
  readonly #held: HeldRun;
  readonly #clock: Clock;
  readonly #push: (input: Input) => void;
  #alarm: TimerHandle | undefined;
  #isStopped = false;
  #isArmed = false;
  /** Retries that waited for an abandoned execution when last looked at; it may have come back in any turn. */
  #heldUp = 0;
  /** Timers whose input is under way. */
  readonly #fired = new Set<string>();

  constructor(held: HeldRun, clock: Clock, push: (input: Input) => void) {
    this.#held = held;
    this.#clock = clock;
    this.#push = push;
  }

  /** After a turn: arms what is due next, where the turn changed anything about that. */
  update(draft: Draft): void {
    for (const [timer, row] of draft.timers) {
      if (row === null) this.#fired.delete(timer);
    }
    if (draft.patch.status === "pausing") this.#fired.delete("pause:deadline");
    // The first turn may be of a run taken up, with timers that no turn here ever changes.
    const mayHaveChanged = draft.timers.size > 0 || draft.patch.status !== undefined || this.#heldUp > 0;
    if (mayHaveChanged || !this.#isArmed) this.arm();
  }

  /** Arms the alarm for the timer that is due next; those that are due fire now, in due order. */
  arm(): void {
    if (this.#alarm) this.#clock.clearTimer(this.#alarm);
    this.#alarm = undefined;
    if (this.#isStopped) return;
    this.#isArmed = true;
    const now = this.#clock.now();
    const due = this.#pending(now).sort((a, b) => a.inMs - b.inMs || (a.id < b.id ? -1 : 1));
    for (const { id, input } of due.filter(({ inMs }) => inMs <= 0)) {
      this.#fired.add(id);
      this.#push(input);
    }
    const next = due.find(({ inMs }) => inMs > 0);
    if (next) this.#alarm = this.#clock.setTimer(() => this.arm(), next.inMs);
  }

  #pending(now: number): { id: string; inMs: number; input: Input }[] {
    const run = runContext(this.#held);
    if (!run) return [];
    const pending: { id: string; inMs: number; input: Input }[] = [];
    const runMs = runTimeMs(run, now);
    const isStandingStill = run.stoppedAtMs !== null;
    this.#heldUp = 0;
    for (const row of this.#held.timers.values()) {
      const inMs = row.dueMs - (row.clock === "run" ? runMs : now);
      // The input of one that is not due after all is passed over.
      if (inMs > 0) this.#fired.delete(row.timer);
      if (this.#fired.has(row.timer) || (row.clock === "run" && isStandingStill)) continue;
      if (this.#isHeldUp(row)) {
        this.#heldUp += 1;
        continue;
      }
      pending.push({ id: row.timer, inMs, input: { kind: "timer", timer: row.timer } });
    }
    const deadline = this.#held.row.status === "pausing" ? run.pause?.deadlineMs : null;
    if (deadline != null && run.pause?.mode === "drain" && !this.#fired.has("pause:deadline")) {
      pending.push({ id: "pause:deadline", inMs: deadline - now, input: { kind: "escalate" } });
    }
    return pending;
  }

  /** A retry waits while an earlier execution of its stage goes on abandoned. Source: 03 §2. */
  #isHeldUp(row: TimerRow): boolean {
    if (row.kind !== "retry" || this.#held.abandoned.size === 0) return false;
    return [...this.#held.abandoned.values()].some((stage) => row.actor === `stage:${stage}`);
  }

  stop(): void {
    this.#isStopped = true;
    if (this.#alarm) this.#clock.clearTimer(this.#alarm);
  }
}
