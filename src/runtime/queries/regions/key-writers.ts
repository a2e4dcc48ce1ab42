/** Who wrote a key, told by the journal: followed entry by entry, over merges and loops into the branches it came from. */
import { formatBranch, readBranchAddress, readStageAddress } from "../../../journal/address.ts";
import type { ContextValue, EntryData } from "../../../journal/catalogue.ts";
import { type ContextChange, contextChanges, MERGE_ENGINE_KEYS } from "../../../journal/context-changes.ts";
import type { JournalEntry } from "../../../journal/entry.ts";
import { readFold } from "../../../journal/fold/json.ts";
import { instant } from "../runs.ts";

/** Where a fan-in says whom it chose. */
const WINNER_KEY = "parallel.winner";

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
  "parallel.started",
  "container.entered",
  "iteration.started",
  "iteration.succeeded",
  "iteration.failed",
  "iteration.cancelled",
] as const;

/** What is known of a key in a scope. */
interface Known {
  readonly writer: KeyWriter;
  readonly value: ContextValue | undefined;
}

/** A fan-out whose branches have been joined: who they are by their id, and what they wrote. */
interface Joined {
  readonly paths: ReadonlyMap<string, string>;
  readonly known: ReadonlyMap<string, ReadonlyMap<string, Known>>;
}

/** The newest writer of a key in each scope that lives, and in those that are kept. */
export class KeyWriters {
  /** The key, and the names it may have had in branches it was merged from. */
  readonly #keys: ReadonlySet<string>;
  readonly #kept: ReadonlySet<string>;
  /** By scope, then key. */
  readonly #known = new Map<string, Map<string, Known>>();
  /** Scopes that have writers, by the activation that began their branches. */
  readonly #below = new Map<string, Set<string>>();
  readonly #loops = new Set<string>();
  /** Branches of live fan-outs, by activation and then by their id in the results. */
  readonly #fanOuts = new Map<string, ReadonlyMap<string, string>>();
  /** The newest joined fan-out of each scope, which its fan-in chooses from. */
  readonly #joined = new Map<string, Joined>();

  /** `kept`: scopes that are remembered when their branch has ended. */
  constructor(key: string, kept: Iterable<string>) {
    this.#keys = new Set(namesOf(key));
    this.#kept = new Set(kept);
  }

  writer(scope: string, key: string): KeyWriter | undefined {
    return this.#known.get(scope)?.get(key)?.writer;
  }

  add(entry: JournalEntry): void {
    if (entry.type === "run.forked") this.#fork(entry as JournalEntry<"run.forked">);
    if (entry.type === "container.entered") this.#enter(entry as JournalEntry<"container.entered">);
    if (entry.type === "parallel.started") this.#fanOut(entry as JournalEntry<"parallel.started">);
    for (const change of contextChanges(entry)) {
      const { scope, key, value } = change;
      if (!this.#keys.has(key)) continue;
      const from = this.#mergedFrom(entry, key) ?? this.#chosenFrom(entry, change);
      const removed = value === undefined ? { removed: true as const } : {};
      this.#set({ writer: { ...originOf(entry, scope, key), ...from, ...removed }, value });
    }
    if (entry.type === "iteration.succeeded") this.#copyUp(entry as JournalEntry<"iteration.succeeded">);
    this.#forget(entry);
  }

  /** A fork begins with what its base had; what it was made with stands above that. */
  #fork(entry: JournalEntry<"run.forked">): void {
    const base = readFold(entry.data.base);
    for (const [scope, own] of base?.context ?? []) {
      for (const key of this.#keys) {
        if (!own.has(key) || this.writer(scope, key)) continue;
        this.#set({ writer: originOf(entry, scope, key), value: own.get(key) });
      }
    }
    for (const { activation, kind } of base?.containers.values() ?? []) {
      if (kind === "loop") this.#loops.add(activation);
    }
    for (const { activation, branches } of base?.parallels.values() ?? []) {
      this.#fanOuts.set(activation, idsOf([...branches].map(([path, { head }]) => ({ path, head }))));
    }
  }

  #fanOut({ data }: JournalEntry<"parallel.started">): void {
    this.#fanOuts.set(data.activation, idsOf(data.branches));
  }

  #enter({ data }: JournalEntry<"container.entered">): void {
    if (data.kind === "loop") this.#loops.add(data.activation);
  }

  /** What a parallel stage says of a key that it merged. */
  #mergedFrom(entry: JournalEntry, key: string): Pick<KeyWriter, "rule" | "branches"> | undefined {
    const { provenance } = entry.data as Partial<EntryData<"stage.succeeded">>;
    const merged = provenance && Object.hasOwn(provenance, key) ? provenance[key] : undefined;
    if (!merged) return undefined;
    return { rule: merged.rule, branches: merged.branches.map((path) => this.#source(path, sourceKey(path, key))) };
  }

  /** A fan-in takes on what the winner wrote. Another value than the winner's is its own. */
  #chosenFrom(entry: JournalEntry, change: ContextChange): Pick<KeyWriter, "rule" | "branches"> {
    const { outcome } = entry.data as Partial<EntryData<"stage.succeeded">>;
    const winner = outcome?.contextUpdates?.[WINNER_KEY];
    const joined = this.#joined.get(change.scope);
    if (typeof winner !== "string" || !joined) return {};
    const known = joined.known.get(joined.paths.get(winner) ?? "")?.get(change.key);
    if (!known || JSON.stringify(known.value) !== JSON.stringify(change.value)) return {};
    return { rule: `prefer:${winner}`, branches: [known.writer] };
  }

  #copyUp({ data, ...entry }: JournalEntry<"iteration.succeeded">): void {
    const { activation } = data;
    const outer = readStageAddress(activation)?.branch;
    if (outer === undefined || !this.#loops.has(activation)) return;
    const path = formatBranch(data);
    for (const [key, { writer, value }] of this.#known.get(path) ?? []) {
      if (MERGE_ENGINE_KEYS.has(key)) continue;
      const from = { rule: "loop", branches: [writer], ...(writer.removed ? { removed: writer.removed } : {}) };
      this.#set({ writer: { ...originOf({ ...entry, data, stage: activation }, outer, key), ...from }, value });
    }
  }

  #source(path: string, key: string): KeySource {
    return this.writer(path, key) ?? { path };
  }

  #set(known: Known): void {
    const { path, key } = known.writer;
    const ofScope = this.#known.get(path);
    if (ofScope) {
      ofScope.set(key, known);
      return;
    }
    this.#known.set(path, new Map([[key, known]]));
    const activation = readBranchAddress(path)?.activation;
    if (activation === undefined) return;
    const siblings = this.#below.get(activation);
    if (siblings) siblings.add(path);
    else this.#below.set(activation, new Set([path]));
  }

  /** Scopes end with their iteration, or with the stage that began their branches. */
  #forget(entry: JournalEntry): void {
    if (ITERATION_ENDS.has(entry.type)) this.#close(formatBranch((entry as JournalEntry<"iteration.cancelled">).data));
    if (!STAGE_ENDS.has(entry.type) || entry.stage === undefined) return;
    this.#loops.delete(entry.stage);
    this.#join(entry.stage);
    for (const scope of this.#below.get(entry.stage) ?? []) this.#close(scope);
    this.#below.delete(entry.stage);
  }

  #join(activation: string): void {
    const paths = this.#fanOuts.get(activation);
    const scope = readStageAddress(activation)?.branch;
    if (!paths || scope === undefined) return;
    this.#fanOuts.delete(activation);
    const known = [...(this.#below.get(activation) ?? [])].map(
      (path) => [path, this.#known.get(path) ?? new Map()] as const,
    );
    this.#joined.set(scope, { paths, known: new Map(known) });
  }

  #close(scope: string): void {
    this.#joined.delete(scope);
    if (this.#kept.has(scope)) return;
    this.#known.delete(scope);
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

/** Branches by their id in the results: the head, with the index where several share it. */
function idsOf(branches: readonly { readonly path: string; readonly head: string }[]): ReadonlyMap<string, string> {
  const heads = Map.groupBy(branches, ({ head }) => head);
  return new Map(
    branches.map(({ path, head }) => {
      const isShared = (heads.get(head)?.length ?? 0) > 1;
      return [isShared ? `${head}.${readBranchAddress(path)?.index}` : head, path];
    }),
  );
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
