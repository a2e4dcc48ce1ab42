/** Steps of actors as they are listed: the newest, each with the state before it where that was seen. Pure. */
import { INSPECTIONS_LISTED_MAX } from "../../limits.ts";
import { shortBranch, shortStage } from "../model/address.ts";

/** A state of a chart as XState writes it: a name, or a name per region. */
export type StateValue = string | { readonly [region: string]: StateValue };

/** As the server sends it. */
export interface Step {
  readonly actor: string;
  /** Null: this is how the actor was found. */
  readonly event: { readonly type: string; readonly [field: string]: unknown } | null;
  readonly snapshot: {
    readonly status: "active" | "done";
    readonly value: StateValue;
    readonly context: Readonly<Record<string, unknown>>;
  };
  readonly seq: number;
  readonly at: string;
  /** Steps that were lost immediately before this one. */
  readonly dropped?: number;
}

export interface StepRow {
  /** Counts from 1, also what is listed no more. */
  readonly n: number;
  readonly step: Step;
  readonly before: StateValue | undefined;
  /** Why the step is not next to the one above. */
  readonly gap: string | undefined;
}

export class StepLog {
  #rows: StepRow[] = [];
  /** Of live actors. */
  readonly #values = new Map<string, StateValue>();
  #count = 0;
  #gap: string | undefined;

  /** All that there were, also what is listed no more. */
  get count(): number {
    return this.#count;
  }

  /** Oldest first. A list of its own: it does not change. */
  rows(): readonly StepRow[] {
    return this.#rows.slice(-INSPECTIONS_LISTED_MAX);
  }

  push(step: Step): void {
    const { actor, event, snapshot, dropped = 0 } = step;
    if (dropped > 0) this.lose(`${dropped} ${dropped === 1 ? "step was" : "steps were"} lost here`);
    this.#count += 1;
    const before = event === null ? undefined : this.#values.get(actor);
    this.#rows.push({ n: this.#count, step, before, gap: this.#gap });
    this.#gap = undefined;
    if (snapshot.status === "done") this.#values.delete(actor);
    else this.#values.set(actor, snapshot.value);
    // By halves, so that a step costs next to nothing.
    if (this.#rows.length >= INSPECTIONS_LISTED_MAX * 2) this.#rows = this.#rows.slice(-INSPECTIONS_LISTED_MAX);
  }

  /** What is not seen may have changed everything: no state is known any more. */
  lose(gap: string): void {
    this.#values.clear();
    if (this.#count > 0) this.#gap = gap;
  }

  /** The states stay known: what comes next is a step from them. */
  clear(): void {
    this.#rows = [];
    this.#count = 0;
    this.#gap = undefined;
  }
}

/** Paths of the innermost active states: `control.running`. */
export function pathsOf(value: StateValue): string[] {
  if (typeof value === "string") return [value];
  return Object.entries(value).flatMap(([region, child]) => {
    const below = pathsOf(child);
    return below.length === 0 ? [region] : below.map((path) => `${region}.${path}`);
  });
}

/** What a step did to the state, region by region: `execution: executing → succeeded`. */
export function changeOf({ before, step }: Pick<StepRow, "before" | "step">): string {
  const after = step.snapshot.value;
  if (before === undefined) return `→ ${pathsOf(after).join(" · ")}`;
  const [from, to] = [regionsOf(before), regionsOf(after)];
  const changes = [...new Set([...from.keys(), ...to.keys()])].flatMap((region) => {
    const [was, is] = [from.get(region) ?? "", to.get(region) ?? ""];
    return was === is ? [] : [`${region === "" ? "" : `${region}: `}${was} → ${is}`];
  });
  return changes.length === 0 ? `stays ${pathsOf(after).join(" · ")}` : changes.join(" · ");
}

function regionsOf(value: StateValue): ReadonlyMap<string, string> {
  if (typeof value === "string") return new Map([["", value]]);
  return new Map(Object.entries(value).map(([region, child]) => [region, pathsOf(child).join(" · ")]));
}

/** What happened, in the chart's words. */
export function eventOf({ event }: Step): string {
  if (event === null) return "found";
  return event.type === "xstate.init" ? "begins" : event.type;
}

/** `run`, `branch main`, `stage fan[0] build`. */
export function actorName(actor: string): string {
  const colon = actor.indexOf(":");
  if (colon < 0) return actor;
  const [chart, address] = [actor.slice(0, colon), actor.slice(colon + 1)];
  return `${chart} ${chart === "stage" ? shortStage(address) : shortBranch(address)}`;
}
