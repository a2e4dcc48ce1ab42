/** Scopes and the versions of their keys. */
import type { PreparedTurn } from "../prepare-turn.ts";
import type { ContextRow, ScopeRow, StoredValue, Topics } from "../store.ts";
import { compareText, inTextOrder } from "../text-order.ts";
import { type Life, newestAt } from "./versions.ts";

interface ScopeLife extends Life {
  readonly scope: string;
  parent: string | undefined;
  parentSeq: number | undefined;
}

interface Version {
  readonly seq: number;
  readonly value: StoredValue | undefined;
}

export class MemoryContext {
  readonly #live = new Map<string, ScopeLife>();
  readonly #lives: ScopeLife[] = [];
  readonly #values = new Map<string, Map<string, Version[]>>();

  /** Begins scopes, writes values, ends scopes: in this order, so that a turn may do all three to one scope. */
  write({ scopesBegun, context, scopesEnded, lastSeq }: PreparedTurn): void {
    for (const { scope, parent, parentSeq } of scopesBegun) {
      const life = this.#begin(scope, lastSeq);
      life.parent = parent;
      life.parentSeq = parentSeq;
    }
    for (const { scope, key, value } of context) {
      this.#begin(scope, lastSeq);
      this.#versionsOf(scope, key).push({ seq: lastSeq, value });
    }
    for (const scope of scopesEnded) this.#end(scope, lastSeq);
  }

  #begin(scope: string, born: number): ScopeLife {
    const known = this.#live.get(scope);
    if (known !== undefined) return known;
    const life: ScopeLife = { scope, parent: undefined, parentSeq: undefined, born, until: Number.POSITIVE_INFINITY };
    this.#live.set(scope, life);
    this.#lives.push(life);
    return life;
  }

  #end(scope: string, seq: number): void {
    const life = this.#live.get(scope);
    if (life === undefined) return;
    life.until = seq;
    this.#live.delete(scope);
  }

  #versionsOf(scope: string, key: string): Version[] {
    const keys = this.#values.get(scope) ?? new Map<string, Version[]>();
    this.#values.set(scope, keys);
    const versions = keys.get(key) ?? [];
    keys.set(key, versions);
    return versions;
  }

  liveContext(): ContextRow[] {
    return inTextOrder(this.#live).flatMap(([scope]) => this.read({ scope }));
  }

  read({ scope, key, atSeq = Number.MAX_SAFE_INTEGER }: Omit<Topics["context"]["query"], "runId">): ContextRow[] {
    const keys = this.#values.get(scope) ?? new Map<string, Version[]>();
    const wanted: [string, Version[]][] = key === undefined ? inTextOrder(keys) : [[key, keys.get(key) ?? []]];
    const hasParent = this.#parentAt(scope, atSeq) !== undefined;
    return wanted.flatMap(([name, versions]) => {
      const version = newestAt(versions, atSeq);
      if (version === undefined || (version.value === undefined && !hasParent)) return [];
      const { seq, value } = version;
      return [value === undefined ? { scope, key: name, seq } : { scope, key: name, seq, value: { ...value } }];
    });
  }

  #parentAt(scope: string, at: number): string | undefined {
    return this.#lives.findLast((life) => life.scope === scope && life.born <= at)?.parent;
  }

  liveScopes(): ScopeRow[] {
    return inTextOrder(this.#live).map(([, life]) => toScopeRow(life));
  }

  allScopes(): Topics["scopes"]["row"][] {
    return [...this.#lives]
      .sort((a, b) => compareText(a.scope, b.scope) || a.born - b.born || a.until - b.until)
      .map((life) => ({
        ...toScopeRow(life),
        bornSeq: life.born,
        ...(Number.isFinite(life.until) ? { endedSeq: life.until } : {}),
      }));
  }
}

function toScopeRow({ scope, parent, parentSeq }: ScopeLife): ScopeRow {
  return { scope, ...(parent === undefined ? {} : { parent }), ...(parentSeq === undefined ? {} : { parentSeq }) };
}
