/** A scenario: what each stage of a pipeline comes to, and where that has to lead. And how one is run. */
import { filter, firstValueFrom, Subject, takeUntil } from "rxjs";
import { createRuntime, type HandlerInput, type JournalEntry, type Outcome, simulateBackend } from "../../src/index.ts";
import { ManualClock } from "./manual-clock.ts";

/** By node: what attempt a of visit v comes to is number v + a - 1; the last repeats; a node that is not here succeeds. */
export type Script = Readonly<Record<string, readonly (string | Outcome)[]>>;

export interface Scenario {
  readonly name: string;
  readonly script?: Script;
  /** Where the run starts over: one script for each run of the chain, the last for all that follow. */
  readonly scripts?: readonly Script[];
  /** By gate: the answers in turn; the last repeats. A gate without one is left alone until its deadline. */
  readonly answers?: Readonly<Record<string, readonly string[]>>;
  /** The nodes visited, in order; ` / ` where the run starts over; a fan-out with its branches as `fan[a b|c]`. */
  readonly path: string;
  /** `completed`, or the code of the failure. */
  readonly ends: string;
}

export interface Ran {
  readonly path: string;
  readonly ends: string;
  /** Of all runs of the chain, in the order they were stored. */
  readonly entries: readonly JournalEntry[];
}

const RUN_ID = "corpus";

/** Runs a pipeline from the corpus to its end; a tool is what its script says, and never a process. */
export async function runScenario(
  source: string,
  scenario: Pick<Scenario, "script" | "scripts" | "answers">,
): Promise<Ran> {
  const clock = new ManualClock();
  const scripts = scenario.scripts ?? [scenario.script ?? {}];
  const backends = scripts.map((script) => simulateBackend({ script }));
  const ofChain = <T>(each: readonly T[], runId: string) => each[Math.min(linkOf(runId), each.length - 1)] as T;
  await using runtime = await createRuntime({
    clock,
    actor: "tester",
    codergen: {
      name: "simulate",
      sessions: true,
      run: (request) => ofChain(backends, request.input.runId).run(request),
    },
    handlers: { tool: (input) => scriptedOutcome(ofChain(scripts, input.runId), input) },
  });
  const entries: JournalEntry[] = [];
  const over = new Subject<void>();
  const all = runtime.events({ after: 0 }).pipe(takeUntil(over));
  const react = async (entry: JournalEntry): Promise<void> => {
    entries.push(entry);
    if (isOf(entry, "stage.retry_scheduled")) clock.advance(entry.data.delayMs);
    if (!isOf(entry, "gate.opened")) return;
    const { node, visit } = placeOf(entry);
    const answers = scenario.answers?.[node] ?? [];
    const answer = answers[Math.min(visit, answers.length) - 1];
    if (answer === undefined && entry.data.deadlineMs === undefined)
      throw new Error(`the scenario has no answer for visit ${visit} of gate ${node}, which waits without a deadline`);
    if (answer === undefined) clock.advance(entry.data.deadlineMs ?? 0);
    else await (await runtime.get(entry.runId)).answer(entry.data.gate, answer);
  };
  const broken = Promise.withResolvers<never>();
  all.subscribe((entry) => void react(entry).catch(broken.reject));
  const run = await runtime.start(source, { runId: RUN_ID });
  const view = await Promise.race([run.finished(), broken.promise]);
  // The last entries may be on their way to the subscriber.
  await firstValueFrom(
    runtime.events({ after: 0 }).pipe(filter(({ runId, seq }) => runId === view.runId && seq === view.seq)),
  );
  over.next();
  return { path: pathOf(entries), ends: view.failure?.code ?? view.status, entries };
}

/** Number of the run in its chain, from 0. */
function linkOf(runId: string): number {
  return Number(/~r(\d+)$/.exec(runId)?.[1] ?? 0);
}

function scriptedOutcome(script: Script, { node, visit, attempt }: HandlerInput): Outcome {
  const steps = script[node.id] ?? ["success"];
  const step = steps[Math.min(visit + attempt - 2, steps.length - 1)] ?? "success";
  const outcome = typeof step === "string" ? { status: step } : step;
  return outcome.status === "fail" ? { failureReason: "scripted", ...outcome } : outcome;
}

/** The ways of all runs of the chain. */
function pathOf(entries: readonly JournalEntry[]): string {
  const runs = Map.groupBy(entries, ({ runId }) => runId);
  return [...runs.values()].map((each) => wayOf(each, "main")).join(" / ");
}

/**
 * Every visit of a branch once: a stage of the engine's own is entered, any other is there with its first execution.
 * A fan-out is followed by the ways of its branches.
 */
function wayOf(entries: readonly JournalEntry[], path: string): string {
  const visits = entries.filter(
    ({ type, execution }) => type === "stage.entered" || (type === "stage.started" && execution?.endsWith("#1.1")),
  );
  const branches = entries.filter((entry) => isOf(entry, "branch.started"));
  const own = visits.filter((entry) => placeOf(entry).branch === path);
  const withBranches = own.map((entry) => {
    const begun = branches.filter(({ data }) => data.activation === entry.stage).map(({ branch = "" }) => branch);
    const ways = [...new Set(begun)].map((each) => wayOf(entries, each));
    return `${placeOf(entry).node}${ways.length === 0 ? "" : `[${ways.join("|")}]`}`;
  });
  return withBranches.join(" ");
}

/** Branch, node and visit of an entry's stage. */
export function placeOf({ stage = "" }: JournalEntry): {
  readonly branch: string;
  readonly node: string;
  readonly visit: number;
} {
  const [, branch = "", node = "", visit] = /^(.+)\/([^/]+)@(\d+)$/.exec(stage) ?? [];
  return { branch, node, visit: Number(visit) };
}

export function isOf<Type extends JournalEntry["type"]>(entry: JournalEntry, type: Type): entry is JournalEntry<Type> {
  return entry.type === type;
}
