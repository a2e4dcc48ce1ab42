/** The JSON form of a folded state: Maps become objects with their keys sorted, so equal states are equal text. */
import { z } from "zod";
import { SafepointError } from "../../errors.ts";
import type { JsonValue } from "../../graph/outcome.ts";
import { CATALOGUE, type ContextValue, outcomeSchema, valueSchema } from "../catalogue.ts";
import { BRANCH_ORIGINS, CONTAINER_KINDS, RUN_STATUSES } from "../status.ts";
import type { BranchFold, ChildFold, ContainerFold, FoldState, NextHop } from "./state.ts";

/** Raised when the form changes so that an older reader would misread it. */
export const FOLD_VERSION = 1;

/** What JSON that was written before it was known does not have. */
type Later<T, K extends keyof T> = Omit<T, K> & { readonly [Key in K]?: T[Key] };
type PlainHop = Later<NextHop, "since">;
type PlainBranch = Later<Omit<Plain<BranchFold>, "next">, "since"> & { readonly next?: PlainHop };

/** The state as JSON has it: keys that are gone stand beside those that have a value. */
type PlainState = Later<Omit<Plain<FoldState>, "context" | "branches" | "children" | "containers">, "input"> & {
  readonly branches: Record<string, PlainBranch>;
  readonly children: Record<string, Later<Plain<ChildFold>, "cycle">>;
  readonly containers: Record<string, Later<Plain<ContainerFold>, "cut">>;
  readonly context: Record<string, Record<string, ContextValue>>;
  /** By scope, in order of the text. */
  readonly removed?: Record<string, string[]>;
};

/** A state with its Maps as objects. */
type Plain<T> =
  T extends ReadonlyMap<string, infer V>
    ? Record<string, Plain<V>>
    : T extends JsonValue
      ? T
      : T extends object
        ? { [K in keyof T]: Plain<T[K]> }
        : T;

const text = z.string();
const count = z.number().int().nonnegative();
/** Of the run itself from 0; what a fork has from the run it came from lies before its first entry, below 0. */
const seq = z.number().int();
const ms = z.number();
const json = valueSchema as z.ZodType<JsonValue>;
const tally = <K extends string>(words: readonly K[]) =>
  z.strictObject(Object.fromEntries(words.map((word) => [word, count])) as Record<K, typeof count>);
const ended = ["succeeded", "failed", "cancelled", "superseded"] as const;
const executionEnd = z.enum(["succeeded", "failed", "retried", "interrupted", "cancelled", "abandoned", "lost"]);

const explained = { actor: text.exactOptional(), reason: text.exactOptional(), boundary: text.exactOptional() };
const routing = {
  status: text,
  preferredLabel: text.exactOptional(),
  suggestedNextIds: z.array(text).exactOptional(),
  notes: text.exactOptional(),
  failureReason: text.exactOptional(),
};

const origin = z.strictObject({
  pipeline: z.strictObject({ name: text, hash: text }),
  inputs: z.record(text, json),
  labels: z.record(text, text),
  parent: z.strictObject({ runId: text, seq: count, stage: text }).exactOptional(),
  rootRunId: text.exactOptional(),
  restarts: count.exactOptional(),
  maxRestarts: count.exactOptional(),
  children: z.record(text, z.strictObject({ name: text, hash: text })).exactOptional(),
  forkedFrom: z.strictObject({ runId: text, seq: count }).exactOptional(),
});

const control = z.strictObject({
  sources: z.strictObject({ own: z.boolean(), inherited: z.boolean() }),
  mode: z.enum(["drain", "interrupt"]).exactOptional(),
  deadlineMs: ms.exactOptional(),
  graceMs: ms.exactOptional(),
  force: z.boolean().exactOptional(),
  atPause: z.record(text, z.strictObject({ ended: executionEnd.exactOptional() })),
  abandoned: z.record(text, text),
  cancellingScopes: z.array(text),
  lineage: z.array(
    z.strictObject({
      seq: count,
      turn: count,
      atMs: ms,
      from: z.enum(RUN_STATUSES),
      to: z.enum(RUN_STATUSES),
      verb: text,
      ...explained,
    }),
  ),
  lastCommand: z.strictObject({ seq: count, turn: count, verb: text, ...explained }).exactOptional(),
});

const branch = z.strictObject({
  path: text,
  origin: z.enum(BRANCH_ORIGINS),
  branchRunId: text,
  bornSeq: seq,
  since: seq.exactOptional(),
  head: text.exactOptional(),
  stage: text.exactOptional(),
  outcome: z.strictObject({ ...routing, stage: text, seq }).exactOptional(),
  next: z
    .strictObject({ node: text, rule: text, seq, since: seq.exactOptional(), edge: count.exactOptional() })
    .exactOptional(),
});

const child = z.strictObject({
  child: text,
  stage: text.exactOptional(),
  pipeline: text,
  paused: z.boolean(),
  isHeld: z.literal(true).exactOptional(),
  startedSeq: seq,
  cycle: count,
  steered: text.exactOptional(),
  dismissal: CATALOGUE["child.observed"].shape.dismissal.unwrap().exactOptional(),
});

const stage = z.strictObject({
  address: text,
  branch: text,
  node: text,
  visit: count,
  status: z.enum(["entered", "running", "backing_off", "waiting", "held", "interrupted"]),
  kind: text.exactOptional(),
  bornSeq: seq,
  startedAtMs: ms,
  attempt: count,
  start: count,
  edge: count.exactOptional(),
  execution: z
    .strictObject({
      id: text,
      sinceMs: ms,
      timeoutMs: ms.exactOptional(),
      abort: z.enum(["pause", "timeout"]).exactOptional(),
    })
    .exactOptional(),
  crashes: count,
  interrupted: z.strictObject({ cause: text, policy: z.enum(["retry", "ask", "fail"]), seq }).exactOptional(),
  backoff: z.strictObject({ timer: text, dueMs: ms, nextAttempt: count }).exactOptional(),
  timers: z.array(text).exactOptional(),
  gate: text.exactOptional(),
  answer: json.exactOptional(),
  settled: z.strictObject({ choice: text, outcome: outcomeSchema }).exactOptional(),
  child: text.exactOptional(),
  finished: z.strictObject({ run: child, end: CATALOGUE["child.finished"] }).exactOptional(),
  since: seq.exactOptional(),
});

const timer = z.strictObject({ timer: text, actor: text, kind: text, clock: z.enum(["run", "wall"]), dueMs: ms });
const gate = z.strictObject({
  stage: text.exactOptional(),
  openedSeq: count,
  openedAtMs: ms,
  question: CATALOGUE["gate.opened"],
});

const iterationEnd = z.strictObject({
  index: count,
  seq,
  status: text,
  reason: text.exactOptional(),
  isActedOn: z.literal(true).exactOptional(),
});
const container = z.strictObject({
  activation: text,
  kind: z.enum(CONTAINER_KINDS),
  maxParallel: count,
  total: count.exactOptional(),
  items: z.strictObject({ hash: text, bytes: count }).exactOptional(),
  onItemFailure: z.enum(["stop", "continue"]).exactOptional(),
  aborted: text.exactOptional(),
  next: count,
  inFlight: z.array(count),
  succeeded: count,
  failed: count,
  cancelled: count,
  cut: count.exactOptional(),
  newest: iterationEnd.exactOptional(),
  unsuccessful: iterationEnd.exactOptional(),
  lately: z
    .strictObject({
      turn: count,
      cancelled: count,
      newest: iterationEnd.exactOptional(),
      unsuccessful: iterationEnd.exactOptional(),
    })
    .exactOptional(),
  decided: z.strictObject({ index: count, go: z.boolean() }).exactOptional(),
  exited: text.exactOptional(),
});

const parallel = z.strictObject({
  activation: text,
  join: text.exactOptional(),
  joinRule: text,
  policy: text,
  errorPolicy: text,
  need: count,
  ratio: z.number().exactOptional(),
  maxParallel: count,
  total: count,
  branches: z.record(
    text,
    z.strictObject({
      index: count,
      head: text,
      status: z.enum(["queued", "running", ...ended]),
      outcome: text.exactOptional(),
      endedSeq: seq.exactOptional(),
      notes: text.exactOptional(),
      reason: text.exactOptional(),
      cut: z.literal(true).exactOptional(),
    }),
  ),
  tally: tally(["queued", "running", ...ended]),
  decided: z.strictObject({ seq, decision: text, winners: z.array(text) }).exactOptional(),
  aborted: text.exactOptional(),
});

const visit = z.strictObject({
  visits: count,
  last: z.strictObject({ status: text, succeeded: z.boolean() }).exactOptional(),
});

const state: z.ZodType<PlainState> = z.strictObject({
  runId: text,
  seq: count,
  turn: count,
  input: z.strictObject({ seq: count, execution: text.exactOptional() }).exactOptional(),
  atMs: ms,
  status: z.enum(RUN_STATUSES),
  statusReason: text.exactOptional(),
  origin: origin.exactOptional(),
  createdAtMs: ms.exactOptional(),
  startedAtMs: ms.exactOptional(),
  finishedAtMs: ms.exactOptional(),
  resumeEpoch: count,
  result: z.strictObject({ status: text, exit: text }).exactOptional(),
  failure: z.strictObject({ code: text, message: text, stage: text.exactOptional() }).exactOptional(),
  restartedAs: text.exactOptional(),
  clock: z.strictObject({ runTimeMs: ms, sinceMs: ms.exactOptional() }),
  control,
  branches: z.record(text, branch),
  stages: z.record(text, stage),
  timers: z.record(text, timer),
  gates: z.record(text, gate),
  children: z.record(text, child.extend({ cycle: count.exactOptional() })),
  containers: z.record(text, container),
  parallels: z.record(text, parallel),
  visits: z.record(text, z.record(text, visit)),
  redirects: z.record(text, count),
  context: z.record(text, z.record(text, valueSchema)),
  removed: z.record(text, z.array(text)).exactOptional(),
  counts: z.strictObject({
    stages: tally(["begun", "succeeded", "partial", "failed", "skipped", "cancelled"]),
    branches: tally(["begun", ...ended]),
    executions: count,
    retries: count,
    interruptions: count,
    discarded: count,
    artifacts: count,
  }),
});

/** A state as JSON, with the version of the form. */
export function foldToJson(fold: FoldState): JsonValue {
  const removed = removedKeys(fold);
  return {
    fold: FOLD_VERSION,
    ...(toPlain(fold) as Record<string, JsonValue>),
    ...(Object.keys(removed).length === 0 ? {} : { removed }),
  };
}

/**
 * The state that {@link foldToJson} was given.
 *
 * *Throws* `input_invalid` when the version is another or the JSON is no such state.
 */
export function foldFromJson(value: JsonValue): FoldState {
  const read = readFold(value);
  if (read) return read;
  throw new SafepointError("input_invalid", `expected a folded state of version ${FOLD_VERSION}, found other JSON`);
}

/** The state, or undefined where the JSON is none. */
export function readFold(value: JsonValue): FoldState | undefined {
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const { fold, ...plain } = value as { readonly [key: string]: JsonValue };
  if (fold !== FOLD_VERSION || !state.safeParse(plain).success) return undefined;
  return revive(plain as unknown as PlainState);
}

function removedKeys({ context }: FoldState): Record<string, string[]> {
  const removed = [...context].map(([scope, own]): [string, string[]] => {
    const gone = [...own].filter(([, value]) => value === undefined);
    return [scope, gone.map(([key]) => key).sort()];
  });
  return Object.fromEntries(removed.filter(([, keys]) => keys.length > 0).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function toPlain(value: unknown): JsonValue {
  if (value instanceof Map) {
    const present = [...(value as Map<string, unknown>)].filter(([, item]) => item !== undefined);
    const keys = present.map(([key]) => key).sort();
    return Object.fromEntries(keys.map((key) => [key, toPlain(value.get(key))]));
  }
  if (Array.isArray(value)) return value.map(toPlain);
  if (typeof value !== "object" || value === null) return value as JsonValue;
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  return Object.fromEntries(entries.map(([key, item]) => [key, toPlain(item)]));
}

function revive({ removed = {}, ...plain }: PlainState): FoldState {
  const parallels = mapValues(plain.parallels, (each) => ({ ...each, branches: toMap(each.branches) }));
  return {
    ...plain,
    control: {
      ...plain.control,
      atPause: toMap(plain.control.atPause),
      abandoned: toMap(plain.control.abandoned),
    },
    input: plain.input ?? { seq: plain.seq },
    branches: mapValues(plain.branches, reviveBranch),
    stages: toMap(plain.stages),
    timers: toMap(plain.timers),
    gates: toMap(plain.gates),
    children: mapValues(plain.children, (each) => ({ cycle: 0, ...each })),
    containers: mapValues(plain.containers, (each) => ({ cut: 0, ...each })),
    parallels,
    visits: mapValues(plain.visits, toMap),
    redirects: toMap(plain.redirects),
    context: new Map(Object.entries(plain.context).map(([scope, own]) => [scope, scopeOf(own, removed[scope] ?? [])])),
  };
}

function reviveBranch({ next, ...branch }: PlainBranch): BranchFold {
  const { bornSeq: since } = branch;
  return { since, ...branch, ...(next === undefined ? {} : { next: { since, ...next } }) };
}

function scopeOf(own: Record<string, ContextValue>, gone: readonly string[]): Map<string, ContextValue | undefined> {
  const keys = new Map<string, ContextValue | undefined>(Object.entries(own));
  for (const key of gone) keys.set(key, undefined);
  return keys;
}

function toMap<V>(values: Record<string, V>): Map<string, V> {
  return new Map(Object.entries(values));
}

function mapValues<V, W>(values: Record<string, V>, change: (value: V) => W): Map<string, W> {
  return new Map(Object.entries(values).map(([key, value]) => [key, change(value)]));
}
