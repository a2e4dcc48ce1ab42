/**
 * Where commands for the runs of this process come together: from the library and from the inbox, each delivered once.
 * Source: 03 §2 (commands).
 */
import type { CommandRow, Store } from "../persistence/store.ts";
import type { CommandResult } from "./commands.ts";
import type { Driver } from "./driver.ts";
import { readClosedGate } from "./gates/closed-gates.ts";
import type { HeldRun } from "./held-run.ts";
import type { Input } from "./inputs.ts";

export type CommandInput = Extract<Input, { readonly kind: "command" }>;
type NewsInput = Extract<Input, { readonly kind: "news" }>;

/** Results kept at hand, for a command that arrives by both ways; older ones are found in the store by who asks. */
const REMEMBERED_MAX = 1_000;

export class CommandDesk {
  readonly #store: Store;
  readonly #given = new Map<string, Promise<CommandResult | undefined>>();

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * Delivers a command, or news of a child run, and resolves when its turn is committed. The same id again gets the same
   * result; news have none.
   */
  give(driver: Driver, input: CommandInput | NewsInput): Promise<CommandResult | undefined> {
    const { runId, commandId } = input.row;
    const key = `${runId}\0${commandId}`;
    const known = this.#given.get(key);
    if (known) return known;
    const result = this.#deliver(driver, input);
    this.#given.set(key, result);
    if (this.#given.size > REMEMBERED_MAX) this.#given.delete(this.#given.keys().next().value as string);
    // What was not taken may be given again, perhaps to whoever drives the run then.
    result.catch(() => this.#given.delete(key));
    return result;
  }

  async #deliver(driver: Driver, input: CommandInput | NewsInput): Promise<CommandResult | undefined> {
    await recallGate(this.#store, driver.held, input.row);
    return driver.deliver(input);
  }
}

/** An answer to a gate that is closed is told by whom and when; a driver that has not closed it itself reads that first. */
export async function recallGate(store: Store, held: HeldRun, { verb, body }: CommandRow): Promise<void> {
  const gate = verb === "answer" ? (body as { readonly gate?: unknown } | null)?.gate : undefined;
  if (typeof gate !== "string" || held.gates.has(gate) || held.closedGates.get(gate)) return;
  const closed = await readClosedGate(store, held.runId, gate);
  // One that closed meanwhile was noted by the turn that closed it.
  if (closed && !held.closedGates.get(gate)) held.closedGates.note(gate, closed);
}
