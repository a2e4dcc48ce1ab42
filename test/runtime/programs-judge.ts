/** Holds what a run of a random program left in its journal, its context and the world against the oracle. */
import type { JsonValue } from "../../src/index.ts";
import type { EntryData, EntryType } from "../../src/journal/catalogue.ts";
import type { JournalEntry } from "../../src/journal/entry.ts";
import type { RunImage } from "../../src/persistence/store.ts";
import { contextOf } from "../../src/runtime/queries/context.ts";
import type { HandlerCall, RunWorld } from "../../src/testing/index.ts";
import { canonical } from "../../src/testing/random-program-join.ts";
import { predict } from "../../src/testing/random-program-oracle.ts";
import type { Prediction } from "../../src/testing/random-program-prediction.ts";
import { type Program, stepsOf } from "../../src/testing/random-program-tree.ts";
import { asPredicted, type BranchNews, branchNews, factsOf, type StageEnd, stageEnds } from "./programs-facts.ts";

/** One sentence a problem. */
export async function judgeProgram(program: Program, world: RunWorld): Promise<readonly string[]> {
  const { runId } = world.watch;
  const entries = await world.store.read("journal", { runId });
  const news = branchNews(entries);
  const ends = stageEnds(entries);
  const facts = factsOf(entries, news);
  const prediction = predict(program, facts);
  const calls = world.handlers.calls;
  const always = [
    ...notAgain(entries, news),
    ...inOrder(news, ends),
    ...bounded(program, news),
    ...eachOnce(entries, calls),
    ...decidesNothing(entries),
    ...leftovers(await world.store.load(runId)),
    ...asPredictedEnds(prediction, ends),
  ];
  const isCut = facts.cancelled.size > 0 && prediction.status === "undecided";
  if (world.status === "cancelled" || isCut) return always;
  const context = await contextOf(world.store, runId);
  return [
    ...always,
    ...sameEnd(prediction, entries, world.status),
    ...sameContext(prediction, { context, entries }),
    ...allDone(prediction, ends, news),
    ...effects(prediction, entries, calls),
  ];
}

function sameEnd(prediction: Prediction, entries: readonly JournalEntry[], status: string): string[] {
  if (prediction.status === "undecided") return [`the run ended ${status}, and yet ${prediction.code}`];
  if (prediction.status !== status) return [`the run ended ${status}, not ${prediction.status} ${prediction.code}`];
  const failure = entries.findLast(({ type }) => type === "run.failed");
  const { code } = (failure?.data ?? { code: "" }) as EntryData<"run.failed">;
  return code === prediction.code ? [] : [`the run failed with ${code}, not with ${prediction.code}`];
}

function sameContext(
  prediction: Prediction,
  found: { readonly context: Readonly<Record<string, JsonValue>>; readonly entries: readonly JournalEntry[] },
): string[] {
  const created = found.entries[0]?.data as EntryData<"run.created">;
  const keys = new Set([...Object.keys(found.context), ...Object.keys(prediction.context)]);
  return [...keys].flatMap((key) => {
    if (Object.hasOwn(created.context, key)) return [];
    const value = found.context[key];
    const is = canonical(value === undefined ? undefined : asPredicted(value));
    const was = canonical(prediction.context[key]);
    return is === was ? [] : [`context key ${key} came out as ${is}, not as ${was}`];
  });
}

/** Stages that ended, ended as predicted; one that was not to be is a problem, unless its branch has lost. */
function asPredictedEnds(prediction: Prediction, ends: readonly StageEnd[]): string[] {
  const problems: string[] = [];
  const seen = new Set<string>();
  for (const { stage, status, attempt } of ends) {
    if (seen.has(stage)) problems.push(`${stage} ended twice`);
    seen.add(stage);
    const expected = prediction.stages.get(stage);
    if (!expected) {
      const isKnown = prediction.status !== "undecided" && !isBelow(stage, prediction.losers);
      if (isKnown) problems.push(`${stage} ended ${status}, and was not to be`);
      continue;
    }
    if (status !== expected.status) problems.push(`${stage} ended ${status}, not ${expected.status}`);
    if (attempt !== expected.attempts.length)
      problems.push(`${stage} took ${attempt} attempts, not ${expected.attempts.length}`);
  }
  return problems;
}

function allDone(prediction: Prediction, ends: readonly StageEnd[], news: readonly BranchNews[]): string[] {
  const ended = new Set(ends.map(({ stage }) => stage));
  const missing = [...prediction.stages.keys()].filter((stage) => !ended.has(stage));
  const over = news.filter(({ what }) => what === "ended").map(({ path }) => path);
  const open = [...prediction.branches].filter((path) => !over.includes(path));
  const surplus = over.filter((path) => !prediction.branches.has(path) && !isBelow(path, prediction.losers));
  return [
    ...missing.map((stage) => `${stage} was to end, and did not`),
    ...open.map((path) => `branch ${path} was to end, and did not`),
    ...surplus.map((path) => `branch ${path} ended and counted, and was not to`),
  ];
}

function isBelow(address: string, paths: readonly string[]): boolean {
  return paths.some((path) => address === path || address.startsWith(`${path}/`));
}

/** A branch or iteration that has ended does nothing more, and none begins twice. */
function notAgain(entries: readonly JournalEntry[], news: readonly BranchNews[]): string[] {
  const problems: string[] = [];
  const over = new Map<string, number>();
  const begun = new Set<string>();
  for (const { path, what, seq } of news) {
    if (what !== "started") {
      if (over.has(path)) problems.push(`branch ${path} ended twice`);
      over.set(path, seq);
    } else if (begun.has(path)) problems.push(`branch ${path} was started twice`);
    else begun.add(path);
  }
  for (const { type, seq, branch = "" } of entries) {
    if (type !== "stage.started" && type !== "stage.entered") continue;
    const ended = over.get(branch);
    if (ended !== undefined && ended < seq)
      problems.push(`${type} at ${seq} in ${branch}, which had ended at ${ended}`);
  }
  return problems;
}

/**
 * Ends are taken in the order in which branches came to them, whenever that is: by the turn of their last stage. Only
 * where that stage was executed: what ended a gate or a region may have been held back itself.
 */
function inOrder(news: readonly BranchNews[], ends: readonly StageEnd[]): string[] {
  const cameAt = new Map<string, number>();
  for (const { branch, turn, attempt } of ends) {
    if (attempt > 0) cameAt.set(branch, turn);
    else cameAt.delete(branch);
  }
  const problems: string[] = [];
  const newest = new Map<string, BranchNews>();
  for (const one of news) {
    if (one.what !== "ended") continue;
    const before = newest.get(one.activation);
    newest.set(one.activation, one);
    if (!before) continue;
    const [first, second] = [cameAt.get(before.path), cameAt.get(one.path)];
    if (first === undefined || second === undefined || first <= second) continue;
    problems.push(`the end of ${before.path} was taken before that of ${one.path}, which came first`);
  }
  return problems;
}

/** Branches begin in the order they are declared, never more at once than allowed. */
function bounded(program: Program, news: readonly BranchNews[]): string[] {
  const problems: string[] = [];
  const allowed = new Map<string, number>();
  for (const step of stepsOf(program.main)) if ("maxParallel" in step) allowed.set(step.name, step.maxParallel);
  const inFlight = new Map<string, Set<number>>();
  const next = new Map<string, number>();
  for (const { activation, index, what, path } of news) {
    const open = inFlight.get(activation) ?? new Set();
    inFlight.set(activation, open);
    if (what !== "started") {
      open.delete(index);
      continue;
    }
    open.add(index);
    const node = activation.slice(activation.lastIndexOf("/") + 1, activation.lastIndexOf("@"));
    if (open.size > (allowed.get(node) ?? 1)) problems.push(`${path} made ${open.size} branches at once`);
    if (index !== (next.get(activation) ?? 0)) problems.push(`${path} was started out of its turn`);
    next.set(activation, index + 1);
  }
  return problems;
}

/** What is kept for branches goes with them. */
function leftovers(image: RunImage | undefined): string[] {
  const scopes = new Set(image?.context.map(({ scope }) => scope).filter((scope) => scope.includes("main/")));
  return [...scopes].map((scope) => `the scope ${scope} is left, and its branch is not`);
}

const DECISIONS: ReadonlySet<string> = new Set<EntryType>([
  ...(["stage.started", "stage.entered", "branch.started", "iteration.started", "parallel.started"] as const),
  ...(["container.entered", "container.exited", "iteration.decided", "join.decided", "goal_gate.redirected"] as const),
  ...(["branch.succeeded", "branch.failed", "iteration.succeeded", "iteration.failed"] as const),
  ...(["run.completed", "run.failed"] as const),
]);

/** Between a pause and its end nothing begins and nothing is decided, but what a person cancels. */
function decidesNothing(entries: readonly JournalEntry[]): string[] {
  const problems: string[] = [];
  let pausedAt: number | undefined;
  for (const { type, seq, stage, branch, cause } of entries) {
    if (type === "run.pausing" || type === "run.paused") pausedAt ??= seq;
    if (type === "run.continued" || type === "run.cancelling") pausedAt = undefined;
    if (pausedAt === undefined || !DECISIONS.has(type) || cause !== undefined) continue;
    problems.push(`${type} of ${stage ?? branch} at ${seq}, paused since ${pausedAt}`);
  }
  return problems;
}

/** Every execution is stored before its handler is called, and is called once. */
function eachOnce(entries: readonly JournalEntry[], calls: readonly HandlerCall[]): string[] {
  const started = new Set(entries.filter(({ type }) => type === "stage.started").map(({ execution }) => execution));
  const called = new Set<string>();
  return calls.flatMap(({ execution }) => {
    const isTwice = called.has(execution);
    called.add(execution);
    if (isTwice) return [`the handler of ${execution} was called twice`];
    return started.has(execution) ? [] : [`the handler of ${execution} was called, and the journal does not know it`];
  });
}

/** Of every attempt that counts, exactly one execution was not interrupted, and that one was called. */
function effects(prediction: Prediction, entries: readonly JournalEntry[], calls: readonly HandlerCall[]): string[] {
  const interrupted = new Set(
    entries.filter(({ type }) => type === "stage.interrupted").map(({ execution }) => execution),
  );
  const counts = new Map<string, number>();
  for (const { execution, stage, attempt } of calls) {
    const key = `${stage}#${attempt}`;
    if (!interrupted.has(execution)) counts.set(key, (counts.get(key) ?? 0) + 1);
  }
  const problems: string[] = [];
  for (const [stage, { attempts, isOurs }] of prediction.stages) {
    if (isOurs) continue;
    for (let attempt = 1; attempt <= attempts.length; attempt += 1) {
      const count = counts.get(`${stage}#${attempt}`) ?? 0;
      if (count !== 1) problems.push(`attempt ${attempt} of ${stage} had its effect ${count} times`);
    }
  }
  return problems;
}
