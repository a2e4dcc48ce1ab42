import type { Command } from "commander";
import { SafepointError } from "../../errors.ts";
import { isFinalStatus, RUN_STATUSES } from "../../journal/status.ts";
import type { RunStatus, Store } from "../../persistence/store.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { tailChain } from "../../runtime/queries/tail-chain.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { EXIT, exitCodeOfStatus } from "../exit-codes.ts";
import { withStore } from "../open-store.ts";
import { readDuration, readWord } from "../option-values.ts";
import { printView } from "../print-view.ts";

interface Options {
  readonly for?: string;
  readonly timeout?: string;
}

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run, whoever drives it")
    .option("--for <status>", "until it has this status (default: until it has ended)")
    .option("--timeout <duration>", "at most so long, as 30s or 5m")
    .action(act(wait));
}

async function wait(cli: Cli, runId: string, options: Options): Promise<number> {
  const wanted = options.for === undefined ? undefined : readWord("--for", options.for, RUN_STATUSES);
  const timeoutMs = options.timeout === undefined ? undefined : readDuration("--timeout", options.timeout);
  const stop = new AbortController();
  let code: number | undefined;
  const leave = (exit: number) => () => {
    code = exit;
    stop.abort();
  };
  const timer = timeoutMs === undefined ? undefined : setTimeout(leave(EXIT.tryAgain), timeoutMs);
  const giveBack = [
    cli.io.onSignal("SIGINT", leave(EXIT.interrupted)),
    cli.io.onSignal("SIGTERM", leave(EXIT.terminated)),
  ];
  try {
    return await withStore(cli, {}, async (store) => {
      const reached = await awaitStatus(store, { runId, wanted, signal: stop.signal });
      if (reached) return await report(cli, store, { reached, wanted });
      if (code === EXIT.tryAgain) throw tooLate(runId, { wanted, timeout: options.timeout });
      return code ?? EXIT.internal;
    });
  } finally {
    clearTimeout(timer);
    for (const give of giveBack) give();
  }
}

interface Reached {
  readonly runId: string;
  readonly status: RunStatus;
}

/** Undefined when the signal came first. Each entry wakes it; the run's row says how the run stands. */
async function awaitStatus(
  store: Store,
  want: { readonly runId: string; readonly wanted: RunStatus | undefined; readonly signal: AbortSignal },
): Promise<Reached | undefined> {
  const { status, seq } = await findRun(store, want.runId);
  let reached: Reached = { runId: want.runId, status };
  if (status === want.wanted) return reached;
  for await (const page of tailChain(store, { runId: want.runId, after: seq, signal: want.signal })) {
    const { runId } = page[0]!;
    // A status that was passed through counts too: the entry of its kind is the proof.
    if (want.wanted && page.some((entry) => entry.type === `run.${want.wanted}`)) return { runId, status: want.wanted };
    reached = { runId, status: (await findRun(store, runId)).status };
    if (reached.status === want.wanted) return reached;
  }
  return want.signal.aborted ? undefined : { ...reached, status: (await findRun(store, reached.runId)).status };
}

async function report(
  cli: Cli,
  store: Store,
  { reached, wanted }: { readonly reached: Reached; readonly wanted: RunStatus | undefined },
): Promise<number> {
  await printView(cli, store, reached);
  if (wanted !== undefined && reached.status !== wanted && isFinalStatus(reached.status)) {
    throw new SafepointError(
      "run_finished",
      `run "${reached.runId}" ended as ${reached.status} and was not ${wanted}`,
      {
        details: { runId: reached.runId, status: reached.status, wanted },
      },
    );
  }
  return wanted === undefined ? exitCodeOfStatus(reached.status) : EXIT.done;
}

function tooLate(
  runId: string,
  waited: { wanted: RunStatus | undefined; timeout: string | undefined },
): SafepointError {
  const what = waited.wanted === undefined ? "ended" : `come to ${waited.wanted}`;
  return new SafepointError("timed_out", `run "${runId}" had not ${what} after ${waited.timeout}`, {
    details: { runId, ...waited, hint: "it goes on; wait again, or look with `safepoint show`" },
  });
}
