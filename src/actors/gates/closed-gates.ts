/** Gates that were open and are not any more: so that a second answer is told who gave the first, when, and what. */
import type { JsonValue } from "../../graph/index.ts";
import type { EntryData } from "../../journal/catalogue.ts";
import type { GateRow, Store } from "../../persistence/store.ts";

export interface ClosedGate {
  readonly status: GateRow["status"];
  readonly by?: string;
  readonly answer?: JsonValue;
  readonly choice?: string;
  readonly atMs: number;
}

/** Closed gates a driver remembers; older ones are read from the journal when somebody answers them again. */
const REMEMBERED_MAX = 256;

/** By gate id, the newest last. Facts that are committed: forgetting one costs a reading, nothing else. */
export class ClosedGates {
  readonly #gates = new Map<string, ClosedGate>();

  note(gate: string, closed: ClosedGate): void {
    this.#gates.delete(gate);
    this.#gates.set(gate, closed);
    if (this.#gates.size > REMEMBERED_MAX) this.#gates.delete(this.#gates.keys().next().value as string);
  }

  get(gate: string): ClosedGate | undefined {
    return this.#gates.get(gate);
  }
}

/** What became of a gate that is not open; undefined where there never was one. */
export async function readClosedGate(store: Store, runId: string, gate: string): Promise<ClosedGate | undefined> {
  const [row] = await store.read("gates", { runId, gate });
  if (!row || row.status === "open") return undefined;
  const types = ["gate.answered", "gate.timed_out", "gate.withdrawn"];
  const entries = await store.read("journal", { runId, stage: row.stage, types });
  const entry = entries.findLast(({ data }) => (data as EntryData<"gate.withdrawn">).gate === gate);
  if (!entry) return { status: row.status, atMs: 0 };
  const { by, answer, choice } = entry.data as Partial<EntryData<"gate.answered">>;
  return {
    status: row.status,
    ...(by === undefined ? {} : { by }),
    ...(answer === undefined ? {} : { answer }),
    ...(choice === undefined ? {} : { choice }),
    atMs: entry.at,
  };
}

/** Why a gate that is closed takes no answer. */
export function refuseClosed(
  gate: string,
  closed: ClosedGate,
): { code: "gate_answered" | "gate_not_found"; hint: string } {
  const at = new Date(closed.atMs).toISOString();
  if (closed.status === "withdrawn") {
    return { code: "gate_not_found", hint: `gate ${gate} was withdrawn at ${at}: its stage was cancelled` };
  }
  if (closed.status === "timed_out") {
    const took = closed.choice ? ` and took its default choice ${closed.choice}` : "";
    return { code: "gate_answered", hint: `gate ${gate} passed its deadline at ${at}${took}` };
  }
  const answer = JSON.stringify(closed.answer ?? closed.choice ?? null);
  return { code: "gate_answered", hint: `gate ${gate} was answered ${answer} by ${closed.by ?? "somebody"} at ${at}` };
}
