import type { Command } from "commander";
import { isSafepointError, SafepointError } from "../../errors.ts";
import type { RunRow, Store } from "../../persistence/store.ts";
import type { Run, Runtime } from "../../runtime/api.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { instant } from "../../runtime/queries/runs.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import type { DriverOptions } from "../driver-options.ts";
import { addDriverOptions, readDriverSetup } from "../driver-options.ts";
import { withRuntime } from "../with-runtime.ts";

interface Options extends DriverOptions {
  readonly continue?: boolean;
}

export function define(command: Command, act: Act): void {
  command.argument("<run>", "id of a live run that nobody drives").option("--continue", "let a paused run go on");
  addDriverOptions(command).action(act(resume));
}

async function resume(cli: Cli, runId: string, options: Options): Promise<number> {
  const setup = await readDriverSetup(cli, options);
  return withRuntime(cli, { setup }, async (runtime) => {
    const row = await findRun(runtime.store, runId);
    if (row.status === "paused" && !options.continue) throw pausedError(runId);
    // Loaded before anything starts: from then on signals must be in our hands.
    const { followRun } = await import("../follow/follow-run.ts");
    const run = await take(runtime, runId);
    if (options.continue) await goOn(runtime, run);
    return followRun(cli, {
      runtime,
      run,
      setup,
      shownSeq: row.seq,
      leaveWhenPaused: row.status === "pausing" && !options.continue,
    });
  });
}

function pausedError(runId: string): SafepointError {
  return new SafepointError("run_paused", `run "${runId}" is paused and stays so`, {
    details: { runId, hint: `\`safepoint resume ${runId} --continue\` takes it and goes on` },
  });
}

async function take(runtime: Runtime, runId: string): Promise<Run> {
  try {
    return await runtime.resume(runId);
  } catch (thrown) {
    if (isSafepointError(thrown) && thrown.code === "run_owned") throw await ownedError(runtime.store, runId);
    throw thrown;
  }
}

/** As the run stands once it is taken: it may have been paused, or continued, since its row was read. */
async function goOn({ store }: Runtime, run: Run): Promise<void> {
  const { status } = await findRun(store, run.id);
  if (status !== "paused" && status !== "pausing") return;
  const result = await run.continue({ reason: "resume --continue" });
  if (result.accepted !== false) return;
  throw new SafepointError(
    result.code ?? "internal",
    `run "${run.id}" was taken but did not continue: ${result.hint}`,
    {
      details: { ...result },
    },
  );
}

/** Names the owner: whoever reads this has to know whom to ask, and until when. */
async function ownedError(store: Store, runId: string): Promise<SafepointError> {
  const { owner, leaseUntilMs }: RunRow = await findRun(store, runId);
  const who = owner ? `process ${owner.pid} on ${owner.host}` : "another process";
  const until = leaseUntilMs === undefined ? undefined : instant(leaseUntilMs);
  return new SafepointError("run_owned", `run "${runId}" is driven by ${who}${until ? `, lease until ${until}` : ""}`, {
    details: { runId, owner: owner ?? null, leaseUntil: until ?? null },
  });
}
