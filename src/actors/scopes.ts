/**
 * The pipeline's context in memory: a scope a branch, with a parent to fall through to, and the engine's counters as
 * scopes whose names start with `@`. Committed values here; what a turn changes lies over them until its commit.
 */
import type { JsonValue } from "../graph/index.ts";
import type { ContextWrite, StoredValue } from "../persistence/store.ts";
import type { ContextView } from "./handler.ts";

interface Scope {
  readonly parent: string | undefined;
  readonly values: Map<string, JsonValue>;
}

export class Scopes {
  readonly #scopes = new Map<string, Scope>();

  /** Makes a scope known; the same again is no change. */
  open(name: string, parent?: string): Map<string, JsonValue> {
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

  /** A scope's own values. */
  own(name: string): ReadonlyMap<string, JsonValue> {
    return this.#scopes.get(name)?.values ?? new Map();
  }

  /** Everything seen in a scope, as one flat object. */
  flatten(name: string): Record<string, JsonValue> {
    const scope = this.#scopes.get(name);
    if (!scope) return {};
    const below = scope.parent === undefined ? {} : this.flatten(scope.parent);
    return Object.assign(below, Object.fromEntries(scope.values));
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

/** What a turn changes, over the committed scopes. Dropped with the turn when its commit fails. */
export class ScopeChanges {
  readonly #base: Scopes;
  readonly #changes = new Map<string, Map<string, { value: JsonValue | undefined; stored: StoredValue | undefined }>>();

  constructor(base: Scopes) {
    this.#base = base;
  }

  read(scope: string, key: string): JsonValue | undefined {
    const change = this.#changes.get(scope)?.get(key);
    return change ? change.value : this.#base.read(scope, key);
  }

  /** A scope's own values with the changes, for counters. */
  own(scope: string): ReadonlyMap<string, JsonValue> {
    const changes = this.#changes.get(scope);
    if (!changes) return this.#base.own(scope);
    const merged = new Map(this.#base.own(scope));
    for (const [key, { value }] of changes) {
      if (value === undefined) merged.delete(key);
      else merged.set(key, value);
    }
    return merged;
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
    if ((value === undefined || typeof value !== "object") && this.read(scope, key) === value) return;
    let changes = this.#changes.get(scope);
    if (!changes) {
      changes = new Map();
      this.#changes.set(scope, changes);
    }
    changes.set(key, { value, stored: value === undefined ? undefined : (stored ?? { json: JSON.stringify(value) }) });
  }

  writes(): ContextWrite[] {
    const writes: ContextWrite[] = [];
    for (const [scope, changes] of this.#changes) {
      for (const [key, { stored }] of changes) writes.push({ scope, key, ...(stored ? { value: stored } : {}) });
    }
    return writes;
  }

  /** After the commit. */
  apply(): void {
    for (const [scope, changes] of this.#changes) {
      const values = this.#base.open(scope);
      for (const [key, { value }] of changes) {
        if (value === undefined) values.delete(key);
        else values.set(key, value);
      }
    }
  }
}
