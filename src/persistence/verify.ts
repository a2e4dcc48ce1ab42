/**
 * Whether what is stored of a run hangs together: the journal without a gap, its entries readable, its turns whole; heads
 * that fit it; blobs that hold what their names say. That the journal *folds* to the heads is for the caller to check,
 * through `extra`. Source: 03 §9 "verify".
 */
import { isSafepointError, messageOf } from "../errors.ts";
import type { JournalEntry } from "../journal/entry.ts";
import { isFinalStatus } from "../journal/status.ts";
import { hashOf } from "./blob-hash.ts";
import { collectBlobRefs } from "./blob-refs.ts";
import { readRunJournal } from "./read-run-journal.ts";
import type { RunImage, Store } from "./store.ts";

export interface Problem {
  readonly runId?: string;
  readonly seq?: number;
  /** One word for programs. */
  readonly what:
    | "missing"
    | "journal"
    | "entry"
    | "checkpoint"
    | "context"
    | "leftover"
    | "blob"
    | "structure"
    | "fold";
  /** One sentence for people. */
  readonly message: string;
}

/** Further checks, of things this room does not know: is given the run as it stands and its whole journal. */
export type ExtraCheck = (
  image: RunImage,
  entries: readonly JournalEntry[],
) => readonly Problem[] | Promise<readonly Problem[]>;

/** Problems of one run; none when it is sound. `extra` is asked only about runs whose journal can be read whole. */
export async function verifyRun(store: Store, runId: string, extra?: ExtraCheck): Promise<readonly Problem[]> {
  const image = await store.load(runId);
  if (image === undefined) return [{ runId, what: "missing", message: `there is no run ${runId}` }];
  const { entries, unreadable } = await readRunJournal(store, runId, image.run.seq);
  const journal =
    unreadable.length > 0 ? unreadable : [...checkJournal(image, entries), ...checkVersions(image, entries)];
  const found = [...journal, ...checkHeads(image), ...(await checkBlobs(store, image, entries))];
  if (extra === undefined || unreadable.length > 0) return found;
  return [...found, ...(await extra(image, entries))];
}

/** Problems of the medium and of every run in it. */
export async function verifyAll(store: Store, extra?: ExtraCheck): Promise<readonly Problem[]> {
  const problems: Problem[] = (await store.check()).map((message) => ({ what: "structure", message }));
  let cursor: string | undefined;
  for (;;) {
    const page = await store.read("runs", { limit: 100, ...(cursor === undefined ? {} : { cursor }) });
    for (const { runId } of page) problems.push(...(await verifyGuarded(store, runId, extra)));
    cursor = page.at(-1)?.cursor;
    if (cursor === undefined) return problems;
  }
}

/** One run that cannot even be loaded does not keep the others from being looked at. */
async function verifyGuarded(store: Store, runId: string, extra?: ExtraCheck): Promise<readonly Problem[]> {
  try {
    return await verifyRun(store, runId, extra);
  } catch (error) {
    if (!isSafepointError(error) || error.code !== "store_corrupt") throw error;
    return [{ runId, what: "structure", message: messageOf(error) }];
  }
}

/** Numbers without a gap, turns without a hole: every entry names the last seq of its turn, and the last is the run's. */
function checkJournal({ run }: RunImage, entries: readonly JournalEntry[]): Problem[] {
  const problems: Problem[] = [];
  const report = (seq: number, message: string) => problems.push({ runId: run.runId, seq, what: "journal", message });
  let turn = 0;
  let previous: JournalEntry | undefined;
  for (const entry of entries) {
    const expected = (previous?.seq ?? 0) + 1;
    if (entry.seq !== expected) report(entry.seq, `expected seq ${expected}, found ${entry.seq}`);
    if (previous !== undefined && entry.gseq <= previous.gseq) {
      report(entry.seq, `gseq ${entry.gseq} does not follow ${previous.gseq}`);
    }
    if (entry.seq > turn) turn = entry.turn;
    else if (entry.turn !== turn) report(entry.seq, `expected the turn that ends at ${turn}, found ${entry.turn}`);
    previous = entry;
  }
  const last = previous?.seq ?? 0;
  if (last !== run.seq) report(last, `the journal ends at seq ${last}, but the run is at ${run.seq}`);
  else if (turn !== run.seq) report(last, `the last turn should end at ${turn}, but the journal ends at ${last}`);
  return problems;
}

/** The turn is the unit of history: what it wrote carries the seq of its last entry, and no other. */
function checkVersions({ run, actors, context }: RunImage, entries: readonly JournalEntry[]): Problem[] {
  const ends = new Set(entries.map((entry) => entry.turn));
  const versions = [
    ...actors.map(({ actor, seq }) => ({ what: "checkpoint" as const, name: `checkpoint of ${actor}`, seq })),
    ...context.map(({ scope, key, seq }) => ({ what: "context" as const, name: `key ${key} in ${scope}`, seq })),
  ];
  return versions
    .filter(({ seq }) => !ends.has(seq))
    .map(({ what, name, seq }) => ({
      runId: run.runId,
      what,
      message: `${name} is of seq ${seq}, where no turn ends`,
    }));
}

function checkHeads(image: RunImage): Problem[] {
  const { run, actors, context, scopes, timers, gates, processes } = image;
  const problems: Problem[] = [];
  const report = (what: Problem["what"], message: string) => problems.push({ runId: run.runId, what, message });
  for (const { actor, snapshot } of actors) {
    if (!isJson(snapshot)) report("checkpoint", `checkpoint of ${actor} is not JSON`);
  }
  const known = new Set(scopes.map((scope) => scope.scope));
  for (const { scope, parentSeq = 0 } of scopes) {
    if (parentSeq > run.seq) report("context", `scope ${scope} was forked at seq ${parentSeq}, beyond the journal`);
  }
  for (const { scope, key, value } of context) {
    if (!known.has(scope)) report("context", `key ${key} is in scope ${scope}, which does not live`);
    if (value !== undefined && "json" in value && !isJson(value.json))
      report("context", `key ${key} in ${scope} is not JSON`);
  }
  if (!isFinalStatus(run.status)) return problems;
  const leftovers = { actors: actors.length, timers: timers.length, gates: gates.length, processes: processes.length };
  for (const [name, count] of Object.entries(leftovers)) {
    if (count > 0) report("leftover", `the run has ended (${run.status}), but has ${count} live ${name}`);
  }
  return problems;
}

async function checkBlobs(store: Store, image: RunImage, entries: readonly JournalEntry[]): Promise<Problem[]> {
  const { runId } = image.run;
  const problems: Problem[] = [];
  const wanted = collectBlobRefs(image, entries, await store.read("artifacts", { runId }));
  for (const [hash, where] of wanted) {
    const report = (message: string) => problems.push({ runId, what: "blob", message: `${where}: ${message}` });
    try {
      const bytes = await store.getBlob(hash);
      if (bytes === undefined) report(`blob ${hash} is missing`);
      else if (hashOf(bytes) !== hash) report(`blob ${hash} holds other bytes`);
    } catch (error) {
      if (!isSafepointError(error) || error.code !== "store_corrupt") throw error;
      report(messageOf(error));
    }
  }
  return problems;
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
