/** The list a foreach goes through: from its attribute, or from the context key that it names. Pure. Source: 03 §6. */
import type { JsonValue } from "../../graph/index.ts";

export type ItemsReading =
  | { readonly ok: true; readonly items: readonly JsonValue[] }
  | { readonly ok: false; readonly problem: string };

const CONTEXT_PREFIX = "context.";

/**
 * A JSON list stands for itself (a file's content has taken the place of its `@path` before). Anything else names a
 * context key, also as `${key}` or `{{ key }}`; its value is a list, or a text that holds one as JSON.
 */
export function readItems(source: string | undefined, read: (key: string) => JsonValue | undefined): ItemsReading {
  const text = (source ?? "").trim();
  if (text === "") return { ok: false, problem: "expected a context key, a JSON list or @file, found nothing" };
  if (text.startsWith("[") || text.startsWith("{")) {
    const key = /^\{\{(.*)\}\}$/s.exec(text)?.[1];
    if (key === undefined) return readText(text, "the attribute");
    return readKey(key.trim(), read);
  }
  return readKey((/^\$\{(.*)\}$/s.exec(text)?.[1] ?? text).trim(), read);
}

function readKey(name: string, read: (key: string) => JsonValue | undefined): ItemsReading {
  const value = read(name) ?? (name.startsWith(CONTEXT_PREFIX) ? read(name.slice(CONTEXT_PREFIX.length)) : undefined);
  if (value === undefined) {
    return {
      ok: false,
      problem: `expected a list in the context key ${name}, found no such key; set it before this stage`,
    };
  }
  if (Array.isArray(value)) return { ok: true, items: value };
  if (typeof value === "string") return readText(value, `the context key ${name}`);
  return { ok: false, problem: `expected a list in the context key ${name}, found ${nameOf(value)}` };
}

function readText(text: string, where: string): ItemsReading {
  try {
    const value = JSON.parse(text) as JsonValue;
    if (Array.isArray(value)) return { ok: true, items: value };
    return { ok: false, problem: `expected a JSON list in ${where}, found ${nameOf(value)}` };
  } catch {
    return {
      ok: false,
      problem: `expected a JSON list in ${where}, found the text ${JSON.stringify(text.slice(0, 60))}`,
    };
  }
}

function nameOf(value: JsonValue): string {
  return value === null ? "null" : typeof value === "object" ? "an object" : `the ${typeof value} ${String(value)}`;
}
