import type { JournalEntry } from "../../journal/entry.ts";
import type { RunView } from "../../journal/run-view.ts";
import { isFinalStatus } from "../../journal/status.ts";
import type { Run, Runtime } from "../../runtime/api.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { tailChain } from "../../runtime/queries/tail-chain.ts";
import type { Cli } from "../cli.ts";
import { commandLine } from "../command-line.ts";
import { driverLost, watchDriver } from "../control/watch-driver.ts";
import type { DriverSetup } from "../driver-options.ts";
import { EXIT, exitCodeOfStatus } from "../exit-codes.ts";
import { isStoreOfThisProcess } from "../open-store.ts";
import { printView } from "../print-view.ts";
import { addEntry } from "./add-entry.ts";
import type { Display } from "./display.ts";
import { createDisplay } from "./display.ts";
import { answerOpenGates, type OpenGates } from "./open-gates.ts";
import type { RunProgress } from "./progress.ts";
import { createProgress, waitsForPerson } from "./progress.ts";
import { handleSignals } from "./signals.ts";

export interface Following {
  readonly runtime: Runtime;
  readonly run: Run;
  /** What it is driven with. `waitGates` false: leave once nothing but a person's answer is missing. */
  readonly setup: DriverSetup;
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
  const run = () => state.run;
  const signals = handleSignals(cli, {
    display,
    leave,
    run,
    pausing: () => (state.pausedByUs = true),
    goOn: () => resumeLine(cli, state.run.id, following),
  });
  const gates = answerOpenGates(cli, {
    ...following.setup,
    runtime: following.runtime,
    display,
    run,
    progress: () => state.progress,
    interrupt: signals.press,
    leaveForPerson: () => leave(EXIT.runPaused),
  });
  const state: FollowState = { following, display, leave, gates, run: following.run, pausedByUs: false };
  following.run.finished().catch((fault: unknown) => leave(EXIT.internal, fault));
  // A store that was out of order for longer than a lease lasts, for one: nobody else would say so here.
  const unwatch = watchDriver(cli, {
    store: following.runtime.store,
    runId: () => state.run.id,
    lost: () => leave(EXIT.tryAgain, driverLost(cli, state.run.id, following.setup.words)),
    // A store that cannot be read now may well be at the next look; who follows the journal says what stays wrong.
    failed: () => {},
  });
  let runId = following.run.id;
  try {
    for await (const page of tailChain(following.runtime.store, { runId, signal: stop.signal })) {
      runId = page[0]?.runId ?? runId;
      await takePage(state, page);
    }
    return await finish(cli, following, { leaving, runId, display, gates });
  } finally {
    unwatch();
    gates.end();
    display.end();
    // Not before the runtime has stopped: a signal that kills us meanwhile would leave its processes behind.
    signals.end();
  }
}

/** The command that takes a paused run and lets it go on, with the options that this one drives it with. */
function resumeLine(cli: Cli, runId: string, { setup }: Following): string {
  return commandLine(cli, ["resume", runId, "--continue", ...setup.words]);
}

async function finish(
  cli: Cli,
  following: Following,
  end: { readonly leaving: Leaving; readonly runId: string; readonly display: Display; readonly gates: OpenGates },
): Promise<number> {
  const { runtime } = following;
  const { code, fault } = end.leaving;
  if (fault !== undefined && !(await hasEnded(runtime, end.runId))) throw fault;
  end.gates.end();
  end.display.end();
  await runtime.stop();
  if (code === EXIT.terminated || code === EXIT.hungUp) return code;
  const view = await printView(cli, runtime.store, { runId: end.runId });
  if (!cli.globals.json && !isStoreOfThisProcess(cli)) await noteGoingOn(cli, view, following);
  if (code !== null && fault === undefined) return code;
  return exitCodeOfStatus(view.status);
}

/** Of a run that is left while it lives: what to type next. */
async function noteGoingOn(cli: Cli, { runId, status, waitingOn }: RunView, following: Following): Promise<void> {
  if (status === "paused") return cli.note(`go on with: ${resumeLine(cli, runId, following)}`);
  if (isFinalStatus(status) || !waitingOn.some(({ kind }) => kind === "gate")) return;
  const { words } = following.setup;
  const resume = commandLine(cli, ["resume", runId, ...words]);
  await cli.note(`waits for answers: ${commandLine(cli, ["questions", runId])}, then ${resume}`);
}

/** A fault that came when the run had ended is no reason to hide how it ended. */
async function hasEnded(runtime: Runtime, runId: string): Promise<boolean> {
  const { status } = await findRun(runtime.store, runId);
  return isFinalStatus(status);
}

interface FollowState {
  readonly following: Following;
  readonly display: Display;
  readonly leave: (code: number, fault?: unknown) => void;
  readonly gates: OpenGates;
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
  const { progress } = state;
  // Turn by turn: in between, the state of a run is no state it ever was in.
  for (const turn of Map.groupBy(page, (entry) => entry.turn).values()) {
    for (const entry of turn) addEntry(progress, entry);
    state.display.show(progress, turn);
  }
  for (const entry of page) await state.gates.take(entry);
  if (progress.status === "paused" && (state.pausedByUs || state.following.leaveWhenPaused)) {
    state.leave(EXIT.runPaused);
  }
  if (!state.following.setup.waitGates && waitsForPerson(progress)) state.leave(EXIT.runPaused);
}
