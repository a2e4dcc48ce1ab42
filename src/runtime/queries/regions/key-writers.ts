/** Who wrote a key, told by the journal: followed entry by entry, over merges and loops into the branches it came from. */
import { formatBranch, readBranchAddress, readStageAddress } from "../../../journal/address.ts";
import type { EntryData } from "../../../journal/catalogue.ts";
import { contextChanges, MERGE_ENGINE_KEYS } from "../../../journal/context-changes.ts";
import type { JournalEntry } from "../../../journal/entry.ts";
import { readFold } from "../../../journal/fold/json.ts";
import { instant } from "../runs.ts";

/** An entry that wrote a key to a scope. */
export interface KeyWriter {
  /** Path of the branch whose scope it is. */
  readonly path: string;
  /** As it is named there: a merge may give it another name. */
  readonly key: string;
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly stage?: string;
  readonly attempt?: number;
  readonly execution?: string;
  /** Who gave the command that brought it. */
  readonly actor?: string;
  /** It took the key away. */
  readonly removed?: true;
  /** By which rule it was taken from branches: of a merge, or `loop` for what an iteration hands to its loop. */
  readonly rule?: string;
  /** The branches it was taken from, by index, and who wrote it there. */
  readonly branches?: readonly KeySource[];
}

/** Who wrote a key in a branch that it was taken from. Only the path where the journal does not say. */
export type KeySource = Pick<KeyWriter, "path"> & Partial<KeyWriter>;

/** Types of the entries that {@link KeyWriters} learns from. */
export const WRITER_TYPES = [
  "run.created",
  "run.forked",
  "run.continued",
  "run.steered",
  "stage.succeeded",
  "stage.failed",
  "stage.skipped",
  "stage.cancelled",
  "child.observed",
  "container.entered",
  "iteration.started",
  "iteration.succeeded",
  "iteration.failed",
  "iteration.cancelled",
] as const;

/** The newest writer of a key in each scope that lives, and in those that are kept. */
export class KeyWriters {
  /** The key, and the names it may have had in branches it was merged from. */
  readonly #keys: ReadonlySet<string>;
  readonly #kept: ReadonlySet<string>;
  /** By scope, then key. */
  readonly #writers = new Map<string, Map<string, KeyWriter>>();
  /** Scopes that have writers, by the activation that began their branches. */
  readonly #below = new Map<string, Set<string>>();
  readonly #loops = new Set<string>();

  /** `kept`: scopes that are remembered when their branch has ended. */
  constructor(key: string, kept: Iterable<string>) {
    this.#keys = new Set(namesOf(key));
    this.#kept = new Set(kept);
  }

  writer(scope: string, key: string): KeyWriter | undefined {
    return this.#writers.get(scope)?.get(key);
  }

  add(entry: JournalEntry): void {
    if (entry.type === "run.forked") this.#fork(entry as JournalEntry<"run.forked">);
    if (entry.type === "container.entered") this.#enter(entry as JournalEntry<"container.entered">);
    for (const { scope, key, value } of contextChanges(entry)) {
      if (!this.#keys.has(key)) continue;
      const merged = this.#mergedFrom(entry, key);
      this.#set({ ...originOf(entry, scope, key), ...merged, ...(value === undefined ? { removed: true } : {}) });
    }
    if (entry.type === "iteration.succeeded") this.#copyUp(entry as JournalEntry<"iteration.succeeded">);
    this.#forget(entry);
  }

  /** A fork begins with what its base had; what it was made with stands above that. */
  #fork(entry: JournalEntry<"run.forked">): void {
    const base = readFold(entry.data.base);
    for (const [scope, own] of base?.context ?? []) {
      for (const key of this.#keys) {
        if (own.has(key) && !this.writer(scope, key)) this.#set(originOf(entry, scope, key));
      }
    }
    for (const { activation, kind } of base?.containers.values() ?? [])
      if (kind === "loop") this.#loops.add(activation);
  }

  #enter({ data }: JournalEntry<"container.entered">): void {
    if (data.kind === "loop") this.#loops.add(data.activation);
  }

  #mergedFrom(entry: JournalEntry, key: string): Pick<KeyWriter, "rule" | "branches"> {
    const { provenance } = entry.data as Partial<EntryData<"stage.succeeded">>;
    const merged = provenance && Object.hasOwn(provenance, key) ? provenance[key] : undefined;
    if (!merged) return {};
    return { rule: merged.rule, branches: merged.branches.map((path) => this.#source(path, sourceKey(path, key))) };
  }

  #copyUp({ data, ...entry }: JournalEntry<"iteration.succeeded">): void {
    const { activation } = data;
    const outer = readStageAddress(activation)?.branch;
    if (outer === undefined || !this.#loops.has(activation)) return;
    const path = formatBranch(data);
    for (const [key, { removed }] of this.#writers.get(path) ?? []) {
      if (MERGE_ENGINE_KEYS.has(key)) continue;
      const from = { rule: "loop", branches: [this.#source(path, key)], ...(removed ? { removed } : {}) };
      this.#set({ ...originOf({ ...entry, data, stage: activation }, outer, key), ...from });
    }
  }

  #source(path: string, key: string): KeySource {
    return this.writer(path, key) ?? { path };
  }

  #set(writer: KeyWriter): void {
    const ofScope = this.#writers.get(writer.path);
    if (ofScope) {
      ofScope.set(writer.key, writer);
      return;
    }
    this.#writers.set(writer.path, new Map([[writer.key, writer]]));
    const activation = readBranchAddress(writer.path)?.activation;
    if (activation === undefined) return;
    const siblings = this.#below.get(activation);
    if (siblings) siblings.add(writer.path);
    else this.#below.set(activation, new Set([writer.path]));
  }

  /** Scopes end with their iteration, or with the stage that began their branches. */
  #forget(entry: JournalEntry): void {
    if (ITERATION_ENDS.has(entry.type)) this.#close(formatBranch((entry as JournalEntry<"iteration.cancelled">).data));
    if (!STAGE_ENDS.has(entry.type) || entry.stage === undefined) return;
    this.#loops.delete(entry.stage);
    for (const scope of this.#below.get(entry.stage) ?? []) this.#close(scope);
    this.#below.delete(entry.stage);
  }

  #close(scope: string): void {
    if (this.#kept.has(scope)) return;
    this.#writers.delete(scope);
    this.#below.get(readBranchAddress(scope)?.activation ?? "")?.delete(scope);
  }
}

const ITERATION_ENDS = new Set(["iteration.succeeded", "iteration.failed", "iteration.cancelled"]);
const STAGE_ENDS = new Set(["stage.succeeded", "stage.failed", "stage.skipped", "stage.cancelled"]);

function originOf(entry: JournalEntry, path: string, key: string): KeyWriter {
  const { seq, type, stage, attempt, execution, cause } = entry;
  return {
    path,
    key,
    seq,
    at: instant(entry.at),
    type,
    ...(stage === undefined ? {} : { stage }),
    ...(attempt === undefined ? {} : { attempt }),
    ...(execution === undefined ? {} : { execution }),
    ...(cause === undefined ? {} : { actor: cause.actor }),
  };
}

/** The key in a branch that a merge put under its own name, `parallel.<node>.<index>.<key>`, or left as it is. */
function sourceKey(path: string, key: string): string {
  const branch = readBranchAddress(path);
  const node = branch && readStageAddress(branch.activation)?.node;
  const prefix = `parallel.${node}.${branch?.index}.`;
  return key.startsWith(prefix) ? key.slice(prefix.length) : key;
}

/** The key, and what it may have been called before it was merged, once or several times over. */
function namesOf(key: string): string[] {
  if (!key.startsWith("parallel.")) return [key];
  return [key, ...[...key.matchAll(/\.[0-9]+\./g)].map((match) => key.slice(match.index + match[0].length))];
}
