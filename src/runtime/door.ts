/** The library's door, without the house: whoever parses, lints or folds does not wait for what drives runs. */
import type { Runtime, RuntimeOptions } from "./api.ts";

/**
 * Opens a runtime over a store. Stop it, or its leases are only free when they run out. The first one loads what
 * runtimes are made of.
 */
export async function createRuntime(options: RuntimeOptions = {}): Promise<Runtime> {
  const { createRuntime: open } = await import("./create-runtime.ts");
  return open(options);
}
