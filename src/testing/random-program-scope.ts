/** The context of a program as its oracle keeps it: a scope a branch, over the one around it. */
import type { JsonValue } from "../graph/outcome.ts";

/** What the engine writes is no key that a branch changed. Source: docs/reference/parallel.md. */
const ENGINE_KEYS: ReadonlySet<string> = new Set([
  ...["outcome", "last_stage", "preferred_label", "parallel.results", "parallel.winner"],
  ...["work.item", "work.index", "work.count", "continue.message", "steer.message"],
]);

export class OracleScope {
  readonly #parent: OracleScope | undefined;
  /** Undefined: gone, and hides what the scope around it has. */
  readonly #own = new Map<string, JsonValue | undefined>();

  constructor(parent?: OracleScope) {
    this.#parent = parent;
  }

  read(key: string): JsonValue | undefined {
    return this.#own.has(key) ? this.#own.get(key) : this.#parent?.read(key);
  }

  set(key: string, value: JsonValue | undefined): void {
    this.#own.set(key, value);
  }

  /** Everything that is seen here. */
  flat(): Record<string, JsonValue> {
    const all: Record<string, JsonValue> = this.#parent?.flat() ?? {};
    for (const [key, value] of this.#own) {
      if (value === undefined) delete all[key];
      else all[key] = value;
    }
    return all;
  }

  /** The keys that were changed here, without those of the engine. */
  changed(): Record<string, JsonValue> {
    const entries = [...this.#own].filter(([key, value]) => value !== undefined && !ENGINE_KEYS.has(key));
    return Object.fromEntries(entries) as Record<string, JsonValue>;
  }

  /** What a finished iteration of a loop leaves in the scope around it. */
  copyUp(): void {
    for (const [key, value] of this.#own) if (!ENGINE_KEYS.has(key)) this.#parent?.set(key, value);
  }
}
