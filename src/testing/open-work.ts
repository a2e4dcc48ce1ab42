/** What a run's journal leaves open, told entry by entry and independently of the fold. */
import type { NewEntry } from "../journal/entry.ts";

const ENDS: ReadonlySet<string> = new Set([
  "stage.succeeded",
  "stage.failed",
  "stage.skipped",
  "stage.cancelled",
  "stage.interrupted",
  "stage.retry_scheduled",
]);

export class OpenWork {
  readonly open = new Set<string>();
  readonly abandoned = new Set<string>();
  readonly #started = new Set<string>();
  readonly #timers = new Map<string, number>();
  readonly #gates = new Set<string>();
  /** Run time of the pause that stands; undefined while time goes. */
  #stoppedAtMs: number | undefined;

  /** From the entry that accepts a pause to the one that takes it back. */
  get isStandingStill(): boolean {
    return this.#stoppedAtMs !== undefined;
  }

  /** Takes the next entry; answers with the rules it breaks. */
  take(entry: NewEntry): string[] {
    if (entry.execution !== undefined) return this.#takeExecution(entry, entry.execution);
    if (isEntry(entry, "run.pausing")) return this.#takePause(entry);
    if (isEntry(entry, "pause.escalated")) return this.#compareDraining("an escalation", entry.data.draining);
    if (entry.type === "run.continued" || entry.type === "run.cancelling") this.#stoppedAtMs = undefined;
    if (entry.type === "run.resumed") this.abandoned.clear();
    if (isEntry(entry, "timer.set") && entry.data.clock === "run") this.#timers.set(entry.data.timer, entry.data.dueMs);
    if (isEntry(entry, "gate.opened")) this.#openGate(entry);
    if (isEntry(entry, "gate.answered") || isEntry(entry, "gate.withdrawn")) this.#closeGate(entry.data.gate);
    if (isEntry(entry, "timer.cleared")) this.#timers.delete(entry.data.timer);
    if (isEntry(entry, "timer.fired")) return this.#fire(entry.data.timer);
    if (isEntry(entry, "gate.timed_out")) {
      const problems = this.#fire(entry.data.gate);
      this.#closeGate(entry.data.gate);
      return problems;
    }
    return [];
  }

  /** What a cancelled run must not leave. */
  remains(): string[] {
    const left = [
      ...[...this.open].map((execution) => `execution ${execution} without an end`),
      ...[...this.#timers.keys()].map((timer) => `timer ${timer}`),
      ...[...this.#gates].map((gate) => `gate ${gate}`),
    ];
    return left.length === 0 ? [] : [`cancelled, and it left ${left.join(", ")}`];
  }

  #takeExecution(entry: NewEntry, execution: string): string[] {
    if (entry.type === "stage.started") return this.#start(execution);
    if (isEntry(entry, "stage.result_discarded")) this.abandoned.delete(execution);
    if (!ENDS.has(entry.type)) return [];
    const { abandoned } = entry.data as { readonly abandoned?: boolean };
    if (abandoned) this.abandoned.add(execution);
    if (isEntry(entry, "stage.retry_scheduled")) this.#timers.set(entry.data.timer, entry.data.dueMs);
    // A stage that is cancelled between two executions names the one before.
    const isOpen = this.open.delete(execution);
    const isUnopened = !isOpen && entry.type === "stage.interrupted";
    return isUnopened ? [`${execution} was interrupted and was not open`] : [];
  }

  #start(execution: string): string[] {
    const problems: string[] = [];
    if (this.isStandingStill) problems.push(`${execution} was started while the run is pausing or paused`);
    if (this.#started.has(execution)) problems.push(`${execution} was started twice`);
    this.#started.add(execution);
    this.open.add(execution);
    return problems;
  }

  #takePause(entry: NewEntry<"run.pausing">): string[] {
    this.#stoppedAtMs = entry.data.runTimeMs;
    return this.#compareDraining("the pause", entry.data.draining);
  }

  #compareDraining(what: string, draining: readonly string[]): string[] {
    const [said, truth] = [draining, [...this.open]].map((list) => list.toSorted().join(", "));
    return said === truth ? [] : [`${what} says that ${said || "nothing"} drains; it is ${truth || "nothing"}`];
  }

  #openGate({ data }: NewEntry<"gate.opened">): void {
    this.#gates.add(data.gate);
    if (data.deadlineMs !== undefined) this.#timers.set(data.gate, data.deadlineMs);
  }

  #closeGate(gate: string): void {
    this.#gates.delete(gate);
    this.#timers.delete(gate);
  }

  /** One that was overdue when the clock stopped may be told of later; one that was not stands still. */
  #fire(timer: string): string[] {
    const dueMs = this.#timers.get(timer);
    this.#timers.delete(timer);
    if (dueMs === undefined || this.#stoppedAtMs === undefined || dueMs <= this.#stoppedAtMs) return [];
    return [`timer ${timer} fired during a pause, ${dueMs - this.#stoppedAtMs} ms of run time early`];
  }
}

function isEntry<T extends NewEntry["type"]>(entry: NewEntry, type: T): entry is NewEntry<T> {
  return entry.type === type;
}
