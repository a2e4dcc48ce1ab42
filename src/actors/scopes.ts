/**
 * The pipeline's context in memory: a scope a branch, with a parent to fall through to, and the engine's counters as
 * scopes whose names start with `@`. Committed values here; what a turn changes lies over them until its commit.
 */
import type { JsonValue } from "../graph/index.ts";
import type { ContextWrite, ScopeWrite, StoredValue } from "../persistence/store.ts";
import type { ContextView } from "./handler.ts";

interface Scope {
  readonly parent: string | undefined;
  /** A key without a value is gone, and hides its parent's. */
  readonly values: Map<string, JsonValue | undefined>;
}

export class Scopes {
  readonly #scopes = new Map<string, Scope>();

  /** Makes a scope known; the same again is no change. */
  open(name: string, parent?: string): Map<string, JsonValue | undefined> {
    let scope = this.#scopes.get(name);
    if (!scope) {
      scope = { parent, values: new Map() };
      this.#scopes.set(name, scope);
    }
    return scope.values;
  }

  close(name: string): void {
    this.#scopes.delete(name);
  }

  has(name: string): boolean {
    return this.#scopes.has(name);
  }

  parentOf(name: string): string | undefined {
    return this.#scopes.get(name)?.parent;
  }

  /** The value seen in a scope; falls through to its parents. */
  read(name: string, key: string): JsonValue | undefined {
    for (let at: string | undefined = name; at !== undefined; ) {
      const scope = this.#scopes.get(at);
      if (!scope) return undefined;
      if (scope.values.has(key)) return scope.values.get(key);
      at = scope.parent;
    }
    return undefined;
  }

  /** A scope's own keys; those that are gone have no value. */
  own(name: string): ReadonlyMap<string, JsonValue | undefined> {
    return this.#scopes.get(name)?.values ?? NO_VALUES;
  }

  /** Everything seen in a scope, as one flat object. */
  flatten(name: string): Record<string, JsonValue> {
    const scope = this.#scopes.get(name);
    if (!scope) return {};
    const seen = scope.parent === undefined ? {} : this.flatten(scope.parent);
    for (const [key, value] of scope.values) {
      if (value === undefined) delete seen[key];
      else seen[key] = value;
    }
    return seen;
  }

  view(name: string): ContextView {
    return {
      get: (key) => this.read(name, key),
      has: (key) => this.read(name, key) !== undefined,
      keys: () => Object.keys(this.flatten(name)),
      toObject: () => structuredClone(this.flatten(name)),
    };
  }
}

const NO_VALUES: ReadonlyMap<string, never> = new Map<string, never>();

interface Change {
  readonly value: JsonValue | undefined;
  readonly stored: StoredValue | undefined;
}

/** What a turn changes, over the committed scopes. Dropped with the turn when its commit fails. */
export class ScopeChanges {
  readonly #base: Scopes;
  readonly #changes = new Map<string, Map<string, Change>>();
  /** Scopes that begin in this turn, and what they fall through to. */
  readonly #forks = new Map<string, string>();
  readonly #ended = new Set<string>();

  constructor(base: Scopes) {
    this.#base = base;
  }

  /** Begins a scope that sees all of another's. */
  fork(name: string, parent: string): void {
    if (!this.#base.has(name)) this.#forks.set(name, parent);
  }

  /** Ends a scope, if there is one. */
  end(name: string): void {
    if (this.#base.has(name) || this.#forks.has(name) || this.#changes.has(name)) this.#ended.add(name);
  }

  #parentOf(name: string): string | undefined {
    return this.#forks.get(name) ?? this.#base.parentOf(name);
  }

  read(scope: string, key: string): JsonValue | undefined {
    for (let at: string | undefined = scope; at !== undefined; at = this.#parentOf(at)) {
      const change = this.#changes.get(at)?.get(key);
      if (change) return change.value;
      const own = this.#base.own(at);
      if (own.has(key)) return own.get(key);
    }
    return undefined;
  }

  /** A scope's own value of a key. */
  readOwn(scope: string, key: string): JsonValue | undefined {
    const change = this.#changes.get(scope)?.get(key);
    return change ? change.value : this.#base.own(scope).get(key);
  }

  /** A scope's own keys with the changes; those that are gone have no value. */
  own(scope: string): ReadonlyMap<string, JsonValue | undefined> {
    const changes = this.#changes.get(scope);
    if (!changes) return this.#base.own(scope);
    const merged = new Map(this.#base.own(scope));
    for (const [key, { value }] of changes) merged.set(key, value);
    return merged;
  }

  /** Every key seen in a scope. O(context). */
  keysSeen(scope: string): string[] {
    const parent = this.#parentOf(scope);
    const seen = new Set(parent === undefined ? [] : this.keysSeen(parent));
    for (const [key, value] of this.own(scope)) {
      if (value === undefined) seen.delete(key);
      else seen.add(key);
    }
    return [...seen];
  }

  /** Sets a key, or removes it. A primitive that is already so is left alone. */
  set(scope: string, key: string, value: JsonValue | undefined): void {
    this.setStored(scope, key, { value });
  }

  /** The same, for a value whose stored form is already known. */
  setStored(
    scope: string,
    key: string,
    form: { value: JsonValue | undefined; stored?: StoredValue | undefined },
  ): void {
    const { value, stored } = form;
    if (value === undefined ? this.read(scope, key) === undefined : this.#isSo(scope, key, value)) return;
    let changes = this.#changes.get(scope);
    if (!changes) {
      changes = new Map();
      this.#changes.set(scope, changes);
    }
    changes.set(key, { value, stored: value === undefined ? undefined : (stored ?? { json: JSON.stringify(value) }) });
  }

  /** In the scope itself: what a parent says may change under it. */
  #isSo(scope: string, key: string, value: JsonValue): boolean {
    return typeof value !== "object" && this.readOwn(scope, key) === value;
  }

  writes(): ContextWrite[] {
    const writes: ContextWrite[] = [];
    for (const [scope, changes] of this.#changes) {
      if (this.#isFleeting(scope)) continue;
      for (const [key, { stored }] of changes) writes.push({ scope, key, ...(stored ? { value: stored } : {}) });
    }
    return writes;
  }

  scopeWrites(): ScopeWrite[] {
    const writes: ScopeWrite[] = [];
    for (const [scope, parent] of this.#forks) if (!this.#isFleeting(scope)) writes.push({ scope, parent });
    for (const scope of this.#ended) if (!this.#isFleeting(scope)) writes.push({ scope, ended: true });
    return writes;
  }

  /** A scope that begins and ends in one turn is never seen from outside. */
  #isFleeting(scope: string): boolean {
    return this.#ended.has(scope) && !this.#base.has(scope);
  }

  /** After the commit. */
  apply(): void {
    for (const [scope, parent] of this.#forks) this.#base.open(scope, parent);
    for (const [scope, changes] of this.#changes) {
      const values = this.#base.open(scope);
      const isRoot = this.#base.parentOf(scope) === undefined;
      for (const [key, { value }] of changes) {
        if (value === undefined && isRoot) values.delete(key);
        else values.set(key, value);
      }
    }
    for (const scope of this.#ended) this.#base.close(scope);
  }
}
