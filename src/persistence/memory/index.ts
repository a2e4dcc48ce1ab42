/** The door `safepoint/memory`. */
import type { Store } from "../store.ts";
import { MemoryStore } from "./memory-store.ts";

/** A store that ends with the process: for tests, trials and runs that need no record. */
export function memoryStore(): Store {
  return new MemoryStore();
}
