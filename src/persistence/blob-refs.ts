/** Which blobs a run names, and where. */
import type { JournalEntry } from "../journal/entry.ts";
import type { ArtifactRow, RunImage } from "./store.ts";

/** Hash → the first place that names it. */
export function collectBlobRefs(
  image: RunImage,
  entries: readonly JournalEntry[],
  artifacts: readonly ArtifactRow[],
): ReadonlyMap<string, string> {
  const refs = new Map<string, string>();
  const add = (hash: string, where: string) => {
    if (!refs.has(hash)) refs.set(hash, where);
  };
  for (const { scope, key, value } of image.context) {
    if (value !== undefined && "blob" in value) add(value.blob, `context ${scope} ${key}`);
  }
  for (const { artifact, hash } of artifacts) add(hash, `artifact ${artifact}`);
  for (const entry of entries) {
    const where = `seq ${entry.seq} (${entry.type})`;
    for (const hash of listsOf(entry)) add(hash, where);
    findRefs(entry.data, (hash) => add(hash, where));
  }
  return refs;
}

/** The lists that foreach activations go through: those entered, and those a fork goes on with. */
function listsOf({ type, data }: JournalEntry): readonly string[] {
  const { base, items } = data as EnteredData & {
    readonly base?: { readonly containers?: Record<string, EnteredData> };
  };
  if (type === "container.entered") return items ? [items.hash] : [];
  if (type !== "run.forked") return [];
  return Object.values(base?.containers ?? {}).flatMap((container) => container.items?.hash ?? []);
}

interface EnteredData {
  readonly items?: { readonly hash: string };
}

/** Finds `{ $blob, bytes }`, the form in which entries refer to a value too large for them. */
function findRefs(value: unknown, found: (hash: string) => void): void {
  if (typeof value !== "object" || value === null) return;
  const { $blob, bytes } = value as { readonly $blob?: unknown; readonly bytes?: unknown };
  if (typeof $blob === "string" && typeof bytes === "number") found($blob);
  else for (const member of Object.values(value)) findRefs(member, found);
}
