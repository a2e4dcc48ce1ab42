import { isSafepointError, messageOf } from "../../errors.ts";
import type { EntryData } from "../../journal/catalogue.ts";
import type { JournalEntry } from "../../journal/entry.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { Run, Runtime } from "../../runtime/api.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { tailChain } from "../../runtime/queries/tail-chain.ts";
import type { Cli } from "../cli.ts";
import { EXIT, exitCodeOfStatus } from "../exit-codes.ts";
import { printView } from "../print-view.ts";
import { addEntry } from "./add-entry.ts";
import type { Display } from "./display.ts";
import { createDisplay } from "./display.ts";
import type { GateAnswers } from "./gate-answers.ts";
import type { RunProgress } from "./progress.ts";
import { createProgress, waitsForPerson } from "./progress.ts";
import { handleSignals } from "./signals.ts";

export interface Following {
  readonly runtime: Runtime;
  readonly run: Run;
  readonly answers: GateAnswers;
  /** False: leave once nothing but a person's answer is missing. */
  readonly waitGates: boolean;
  /** Entries up to here were there before and get no line. */
  readonly shownSeq?: number;
  /** Leave once the run is paused, also when somebody else paused it. */
  readonly leaveWhenPaused?: boolean;
}

/** What ended the following: the run itself (null), or a reason with its exit code. */
interface Leaving {
  code: number | null;
  fault?: unknown;
}

/**
 * Shows a run that this process drives until it ends or there is a reason to leave, stops the runtime, prints the view
 * on stdout, answers with the exit code. Follows restarts to the run that takes over.
 */
export async function followRun(cli: Cli, following: Following): Promise<number> {
  const display = createDisplay(cli, following.shownSeq);
  const stop = new AbortController();
  const leaving: Leaving = { code: null };
  const leave = (code: number, fault?: unknown) => {
    leaving.code ??= code;
    leaving.fault ??= fault;
    stop.abort();
  };
  const state: FollowState = { cli, following, display, leave, run: following.run, pausedByUs: false };
  const signals = handleSignals(cli, {
    display,
    leave,
    run: () => state.run,
    pausing: () => (state.pausedByUs = true),
  });
  following.run.finished().catch((fault: unknown) => leave(EXIT.internal, fault));
  let runId = following.run.id;
  try {
    for await (const page of tailChain(following.runtime.store, { runId, signal: stop.signal })) {
      runId = page[0]?.runId ?? runId;
      await takePage(state, page);
    }
    return await finish(cli, following, { leaving, runId, display });
  } finally {
    display.end();
    // Not before the runtime has stopped: a signal that kills us meanwhile would leave its processes behind.
    signals.end();
  }
}

async function finish(
  cli: Cli,
  { runtime }: Following,
  end: { readonly leaving: Leaving; readonly runId: string; readonly display: Display },
): Promise<number> {
  const { code, fault } = end.leaving;
  if (fault !== undefined && !(await hasEnded(runtime, end.runId))) throw fault;
  end.display.end();
  await runtime.stop();
  if (code === EXIT.terminated || code === EXIT.hungUp) return code;
  const view = await printView(cli, runtime.store, { runId: end.runId });
  if (code !== null && fault === undefined) return code;
  return exitCodeOfStatus(view.status);
}

/** A fault that came when the run had ended is no reason to hide how it ended. */
async function hasEnded(runtime: Runtime, runId: string): Promise<boolean> {
  const { status } = await findRun(runtime.store, runId);
  return isFinalStatus(status);
}

interface FollowState {
  readonly cli: Cli;
  readonly following: Following;
  readonly display: Display;
  readonly leave: (code: number, fault?: unknown) => void;
  /** The run as it stands in the chain of restarts. */
  run: Run;
  progress?: RunProgress;
  pausedByUs: boolean;
}

async function takePage(state: FollowState, page: readonly JournalEntry[]): Promise<void> {
  const [first] = page;
  if (!first) return;
  if (state.progress?.runId !== first.runId) {
    state.progress = createProgress(first.runId);
    if (state.run.id !== first.runId) state.run = await state.following.runtime.get(first.runId);
  }
  for (const entry of page) addEntry(state.progress, entry);
  state.display.show(state.progress, page);
  for (const entry of page) if (entry.type === "gate.opened") await answerGate(state, entry);
  if (state.progress.status === "paused" && (state.pausedByUs || state.following.leaveWhenPaused)) {
    state.leave(EXIT.runPaused);
  }
  if (!state.following.waitGates && waitsForPerson(state.progress)) state.leave(EXIT.runPaused);
}

/** Gates of the past that are closed by now are passed over. */
async function answerGate(state: FollowState, entry: JournalEntry): Promise<void> {
  const question = entry.data as EntryData<"gate.opened">;
  const { store } = state.following.runtime;
  const [row] = await store.read("gates", { runId: entry.runId, gate: question.gate });
  if (row?.status !== "open") return;
  const answer = state.following.answers({ gate: question.gate, stage: entry.stage ?? row.stage, question });
  if (answer === undefined) return;
  try {
    const result = await state.run.answer(question.gate, answer, { reason: "prepared answer" });
    if (result.accepted === false) state.display.note(`answer to ${question.gate} refused: ${result.code}`);
  } catch (thrown) {
    const code = isSafepointError(thrown) ? `${thrown.code}: ` : "";
    state.display.note(`answer to ${question.gate} refused: ${code}${messageOf(thrown)}`);
  }
}
