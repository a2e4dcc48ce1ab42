import { SafepointError } from "../../errors.ts";
import type { JsonValue } from "../../graph/index.ts";
import type { Store, StoredValue } from "../../persistence/store.ts";

const utf8 = new TextDecoder("utf-8", { fatal: true });

/** A stored value as JSON, fetched from its blob where it is kept in one. *Throws* `store_corrupt`. */
export async function resolveValue(store: Store, value: StoredValue): Promise<JsonValue> {
  if ("json" in value) return JSON.parse(value.json) as JsonValue;
  return JSON.parse(utf8.decode(await blobBytes(store, value.blob))) as JsonValue;
}

/** The bytes of a blob that something refers to. *Throws* `store_corrupt` when they are gone. */
export async function blobBytes(store: Store, hash: string): Promise<Uint8Array> {
  const bytes = await store.getBlob(hash);
  if (!bytes) {
    throw new SafepointError("store_corrupt", `blob ${hash} is referred to but not in ${store.location}`, {
      details: { blob: hash, store: store.location },
    });
  }
  return bytes;
}
