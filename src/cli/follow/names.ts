import type { JsonValue } from "../../graph/index.ts";
import { MAIN_BRANCH, parseStageAddress } from "../../journal/address.ts";
import { type ContextValue, isBlobReference } from "../../journal/catalogue.ts";
import { printable, shorten } from "../text/printable.ts";

/** `build#1` on the main path, `build@2#1` on a later visit, the whole address in other branches. */
export function shortStage(address: string, attempt?: number): string {
  const { branch, node, visit } = parseStageAddress(address);
  const place = branch === MAIN_BRANCH ? `${node}${visit > 1 ? `@${visit}` : ""}` : address;
  return attempt === undefined ? place : `${place}#${attempt}`;
}

/** Columns of an item's name. */
const ITEM_COLUMNS_MAX = 32;
/** Fields by which things are called, where an item is an object. */
const NAME_FIELDS = ["id", "name", "title", "path", "file", "key"];

/** What an iteration is about, in a few letters; undefined where that would say nothing. */
export function nameItem(item: ContextValue | undefined): string | undefined {
  if (item === undefined || item === null || isBlobReference(item)) return undefined;
  const name = isFields(item) ? fieldOf(item) : item;
  const text = typeof name === "string" ? name : JSON.stringify(name);
  return shorten(printable(text.slice(0, 10 * ITEM_COLUMNS_MAX)), ITEM_COLUMNS_MAX) || undefined;
}

function isFields(item: ContextValue): item is { readonly [field: string]: JsonValue } {
  return typeof item === "object" && item !== null && !Array.isArray(item);
}

function fieldOf(item: { readonly [field: string]: JsonValue }): JsonValue {
  const field = NAME_FIELDS.find((name) => typeof item[name] === "string" || typeof item[name] === "number");
  return field === undefined ? item : (item[field] ?? null);
}
