/**
 * Commands for runs that have ended. Their charts are gone, so the answers are here: the last two columns of the table,
 * each with its audit entry under a lease taken for that alone. Source: 03 §2.
 */
import type { ErrorCode } from "../errors.ts";
import type { JsonValue } from "../graph/index.ts";
import type { EntryData } from "../journal/catalogue.ts";
import type { NewEntry } from "../journal/entry.ts";
import { isFinalStatus } from "../journal/status.ts";
import type { CommandRow, RunRow, Store } from "../persistence/store.ts";
import type { CommandResult } from "./commands.ts";
import { claimRun, type UnownedDeps } from "./unowned.ts";

type EndedDeps = Pick<UnownedDeps, "store" | "clock" | "owner" | "leaseMs">;

/**
 * Answers commands and stores the results, in order. A command that was answered before keeps its result. Undefined when
 * the run is held by somebody at the moment, as by a driver that is about to give it back.
 */
export async function answerEnded(
  deps: EndedDeps,
  run: RunRow,
  commands: readonly CommandRow[],
): Promise<readonly CommandResult[] | undefined> {
  const { store, clock } = deps;
  const claimed = await claimRun(deps, run, { isBrief: true });
  if (!claimed) return undefined;
  const { token, hold } = claimed;
  try {
    const [row] = await store.read("run", { runId: run.runId });
    if (!row || row.token !== token || !isFinalStatus(row.status)) return undefined;
    const successor = await successorOf(store, row);
    const known = await Promise.all(commands.map((command) => resultOf(store, command)));
    const replies = commands.map((command, index) => known[index] ?? replyOf(command, row, successor));
    const fresh = commands.flatMap((command, index) => {
      const result = replies[index];
      return known[index] || !result ? [] : [{ command, result }];
    });
    if (fresh.length === 0) return replies;
    const [answer] = await store.commit([
      {
        runId: run.runId,
        token,
        baseSeq: row.seq,
        atMs: clock.now(),
        entries: fresh.map(({ command, result }) => auditOf(command, result)),
        commands: fresh.map(({ command, result }) => {
          return { commandId: command.commandId, result: result as unknown as JsonValue, row: command };
        }),
      },
    ]);
    return answer?.ok ? replies : undefined;
  } finally {
    await store.release([{ runId: run.runId, token }]).finally(() => hold.free());
  }
}

async function resultOf(store: Store, { runId, commandId }: CommandRow): Promise<CommandResult | undefined> {
  const [stored] = await store.read("commands", { runId, commandId });
  return stored?.result as unknown as CommandResult | undefined;
}

/** The run that took the place of one that was started over; of all others undefined. */
export async function successorOf(
  store: Store,
  { runId, statusReason }: Pick<RunRow, "runId" | "statusReason">,
): Promise<string | undefined> {
  if (statusReason !== "restarted") return undefined;
  const [entry] = await store.read("journal", { runId, types: ["run.restarted"], limit: 1 });
  return entry && (entry.data as EntryData<"run.restarted">).newRunId;
}

function replyOf({ runId, commandId, verb }: CommandRow, { status }: RunRow, successor?: string): CommandResult {
  const refusal = refusalOf(verb, { runId, status, successor });
  return {
    runId,
    commandId,
    verb,
    accepted: refusal === undefined,
    changed: false,
    before: status,
    after: status,
    ...refusal,
    draining: [],
    held: [],
  };
}

/** Undefined where nothing is refused: what was asked for is so already. */
function refusalOf(
  verb: string,
  { runId, status, successor }: Pick<RunRow, "runId" | "status"> & { readonly successor: string | undefined },
): { code: ErrorCode; hint: string } | undefined {
  if (successor !== undefined) return { code: "run_restarted", hint: `the run was started over as ${successor}` };
  if (status !== "cancelled") return { code: "run_finished", hint: `the run is ${status}; start a new one` };
  if (verb === "cancel") return undefined;
  if (verb === "continue" || verb === "resume") {
    const hint = `a cancelled run does not go on; \`fork ${runId}\` makes a new one that goes on from before the cancel`;
    return { code: "run_cancelled_new_run_required", hint };
  }
  return { code: "run_cancelled", hint: `the run is cancelled; \`fork ${runId}\` makes a new one from it` };
}

function auditOf({ commandId, actor, verb, reason }: CommandRow, result: CommandResult): NewEntry {
  const state = result.before as EntryData<"control.rejected">["state"];
  const cause = { commandId, actor };
  const why = reason === undefined ? {} : { reason };
  if (result.accepted) {
    return { type: "control.accepted", data: { verb, before: state, after: state, changed: false, ...why }, cause };
  }
  const { code = "usage", hint } = result;
  return { type: "control.rejected", data: { verb, state, code, ...(hint ? { hint } : {}), ...why }, cause };
}
