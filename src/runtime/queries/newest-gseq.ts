import type { Store } from "../../persistence/store.ts";

/** The number of the newest entry of all runs; 0 before the first. */
export async function newestGseq(store: Store): Promise<number> {
  const [newest] = await store.read("journal", { descending: true, limit: 1 });
  return newest?.gseq ?? 0;
}
