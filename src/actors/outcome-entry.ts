/** An outcome as entries carry it: large values stored as blobs now, and referred to. Source: 03 §3. */
import type { JsonValue, Outcome } from "../graph/index.ts";
import { type ContextValue, type EntryOutcome, isBlobReference } from "../journal/catalogue.ts";
import { INLINE_VALUE_BYTES_MAX } from "../limits.ts";
import type { Store } from "../persistence/store.ts";

export interface EntryForm {
  readonly outcome: EntryOutcome;
  /** Values behind the references, by hash. */
  readonly blobs: ReadonlyMap<string, JsonValue>;
}

const NO_BLOBS: ReadonlyMap<string, JsonValue> = new Map();
/** A UTF-16 unit is at most six bytes of JSON. */
const SURELY_SMALL_CHARS = INLINE_VALUE_BYTES_MAX / 6;

export async function toEntryForm(store: Pick<Store, "putBlob">, outcome: Outcome): Promise<EntryForm> {
  const { contextUpdates, ...rest } = outcome;
  if (!contextUpdates) return { outcome: rest as EntryOutcome, blobs: NO_BLOBS };
  const blobs = new Map<string, JsonValue>();
  const updates: [string, ContextValue][] = [];
  for (const [key, value] of Object.entries(contextUpdates)) {
    const bytes = isSurelySmall(value) ? undefined : Buffer.from(JSON.stringify(value));
    if (bytes === undefined || (bytes.byteLength <= INLINE_VALUE_BYTES_MAX && !isBlobReference(value))) {
      updates.push([key, value]);
      continue;
    }
    const $blob = await store.putBlob(bytes);
    blobs.set($blob, value);
    updates.push([key, { $blob, bytes: bytes.byteLength }]);
  }
  return { outcome: { ...rest, contextUpdates: Object.fromEntries(updates) } as EntryOutcome, blobs };
}

/** Without writing it out. A value that looks like a reference is not: it must become a blob, or it would be read as one. */
export function isSurelySmall(value: JsonValue): boolean {
  if (typeof value === "string") return value.length <= SURELY_SMALL_CHARS;
  return typeof value !== "object" || value === null;
}
