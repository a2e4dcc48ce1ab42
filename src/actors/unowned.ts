/**
 * Commands for a run that nobody drives: whoever gives one takes the lease, settles what was open, applies it, stores it,
 * gives the lease back and starts nothing. Source: 03 §9.
 */
import { InvariantError, SafepointError } from "../errors.ts";
import type { Graph, JsonValue } from "../graph/index.ts";
import { isFinalStatus } from "../journal/status.ts";
import type { CommandRow, Owner, RunImage, RunRow, RunStatus, Store } from "../persistence/store.ts";
import { isNews, takenNews } from "./children/news.ts";
import type { Clock } from "./clock.ts";
import { recallGate } from "./command-desk.ts";
import { answerCommand, type CommandResult } from "./commands.ts";
import { type Hold, holdFor } from "./holds.ts";
import { computeTurn, type TurnSettings } from "./inputs.ts";
import { holdRun } from "./load.ts";
import { isProcessAlive } from "./processes/identity.ts";
import { endRecordedGroups } from "./processes/recover.ts";

export interface UnownedDeps {
  readonly store: Store;
  readonly clock: Clock;
  readonly owner: Owner;
  readonly leaseMs: number;
  readonly graphOf: (run: RunRow) => Promise<Graph>;
  readonly settingsOf: (graph: Graph) => TurnSettings;
}

/** A run's lease, and the hold on it in this process. */
export interface Claimed {
  readonly token: number;
  readonly hold: Hold;
}

/** Takes a lease; undefined when somebody live holds it. Rejects `run_not_found`. */
export async function claimRun(
  deps: Pick<UnownedDeps, "store" | "clock" | "owner" | "leaseMs">,
  row: RunRow,
  options: { readonly isBrief: boolean },
): Promise<Claimed | undefined> {
  const { store, owner, clock, leaseMs } = deps;
  const hold = await holdFor(store, row.runId, options);
  if (!hold) return undefined;
  try {
    const isDead = row.owner !== undefined && isProcessAlive(row.owner) === "gone";
    const dead = isDead ? { deadToken: row.token } : {};
    const claim = await store.claim({ runId: row.runId, owner, nowMs: clock.now(), leaseMs, ...dead });
    if (claim.ok) return { token: claim.token, hold };
    if (claim.code === "run_not_found") throw new SafepointError("run_not_found", `there is no run ${row.runId}`);
  } catch (failure) {
    hold.free();
    throw failure;
  }
  hold.free();
  return undefined;
}

/**
 * Whether another process has the run, as far as its row tells: asking for the lease would be in vain. What this process
 * has is known better by {@link claimRun}.
 */
export function isDrivenElsewhere({ owner, leaseUntilMs }: RunRow, here: Owner, nowMs: number): boolean {
  if (!owner || (leaseUntilMs ?? 0) <= nowMs) return false;
  const isHere = owner.pid === here.pid && owner.processStart === here.processStart && owner.host === here.host;
  return !isHere && isProcessAlive(owner) !== "gone";
}

/** Runs looked at in one sweep, of each kind. */
const SWEPT_RUNS_MAX = 1_000;
const LIVE_STATUSES: readonly RunStatus[] = ["queued", "running", "pausing", "paused", "cancelling"];

/**
 * Live runs that can be taken up, oldest first: the lease is free or over, or its owner is a process of this host that is
 * gone. A service that was killed goes on at its next start, and not a lease later.
 */
export async function readUnowned({ store, clock }: Pick<UnownedDeps, "store" | "clock">): Promise<readonly RunRow[]> {
  const free = await store.read("runs", { unownedAtMs: clock.now(), limit: SWEPT_RUNS_MAX });
  const live = await store.read("runs", { status: LIVE_STATUSES, limit: SWEPT_RUNS_MAX });
  const alive = new Map<string, boolean>();
  const isOrphan = ({ owner }: RunRow): boolean => {
    if (!owner) return false;
    const name = JSON.stringify(owner);
    const isAlive = alive.get(name) ?? isProcessAlive(owner) !== "gone";
    alive.set(name, isAlive);
    return !isAlive;
  };
  const found = new Map([...free, ...live.filter(isOrphan)].map((row) => [row.runId, row]));
  // Rows come newest first, which also orders those of one instant.
  return [...found.values()].reverse().sort((a, b) => a.createdAtMs - b.createdAtMs);
}

/**
 * Applies a command, after what waits in the inbox, and all that it leads to in runs of the family that nobody drives
 * either. Undefined when somebody drives the run after all, or when it has ended: then there is another way.
 */
export async function commandUnowned(
  deps: UnownedDeps,
  run: RunRow,
  command: CommandRow,
): Promise<CommandResult | undefined> {
  const done = await withLease(deps, run, async (image, token) => {
    const [known] = await deps.store.read("commands", { runId: run.runId, commandId: command.commandId });
    if (known?.result !== undefined) return { result: known.result as unknown as CommandResult, mailed: [] };
    const waiting = image.commands.filter(({ commandId }) => commandId !== command.commandId);
    return applyRows(deps, { image, token, rows: [...waiting, command] });
  });
  await deliverMail(deps, done?.mailed ?? []);
  return done?.result;
}

/** What a run said to its children, and they to it: as far as nobody drives those, it is taken here. */
async function deliverMail(deps: UnownedDeps, mailed: readonly string[]): Promise<void> {
  const waiting = [...new Set(mailed)];
  for (let runId = waiting.shift(); runId !== undefined; runId = waiting.shift()) {
    const [run] = await deps.store.read("run", { runId });
    if (!run || isFinalStatus(run.status) || isDrivenElsewhere(run, deps.owner, deps.clock.now())) continue;
    const done = await withLease(deps, run, (image, token) => applyRows(deps, { image, token, rows: image.commands }));
    for (const next of done?.mailed ?? []) if (!waiting.includes(next)) waiting.push(next);
  }
}

/** Works on a live run under its lease. Undefined where somebody has it, or it has ended. */
async function withLease<T>(
  deps: UnownedDeps,
  run: RunRow,
  work: (image: RunImage, token: number) => Promise<T>,
): Promise<T | undefined> {
  const { store } = deps;
  const claimed = await claimRun(deps, run, { isBrief: true });
  if (!claimed) return undefined;
  const { token, hold } = claimed;
  try {
    const image = await store.load(run.runId);
    if (!image || image.run.token !== token || isFinalStatus(image.run.status)) return undefined;
    return await work(image, token);
  } finally {
    await store.release([{ runId: run.runId, token }]).finally(() => hold.free());
  }
}

interface Applied {
  /** Of the last command; undefined where one before it ended the run, and for news. */
  readonly result?: CommandResult;
  /** Runs that were left something in their inboxes. */
  readonly mailed: readonly string[];
}

/** Each in a turn of its own, in order. */
async function applyRows(
  deps: UnownedDeps,
  { image, token, rows }: { image: RunImage; token: number; rows: readonly CommandRow[] },
): Promise<Applied> {
  const { store, clock } = deps;
  const { runId } = image.run;
  const recovered = await endRecordedGroups(image.processes, clock);
  for (const { execution, pid } of recovered.ended) {
    await store.writeSide({ kind: "process_ended", runId, token, execution, pid });
  }
  const graph = await deps.graphOf(image.run);
  const held = await holdRun(store, image, graph);
  const foreign = new Set([...recovered.foreign, ...recovered.unresolved.map(({ execution }) => execution)]);
  const mailed: string[] = [];
  let result: CommandResult | undefined;
  for (const row of rows) {
    if (isFinalStatus(held.row.status)) return { mailed };
    await recallGate(store, held, row);
    const draft = computeTurn(
      held,
      { kind: "unowned", row, foreign },
      { ...deps.settingsOf(graph), atMs: clock.now() },
    );
    if (draft.starts.length > 0 || draft.childStarts.length > 0)
      throw new InvariantError("a command for an unowned run started something");
    result = withNeeds(answerCommand(draft));
    const stored = isNews(row)
      ? takenNews(row)
      : { commandId: row.commandId, result: result as unknown as JsonValue, row };
    const write = { ...draft.toWrite(), commands: [stored] };
    const [answer] = await store.commit([write]);
    if (!answer?.ok)
      throw new SafepointError("lease_lost", `the lease of ${runId} was taken while a command was applied`);
    draft.apply();
    for (const { runId: to } of write.mail ?? []) mailed.push(to);
  }
  return { mailed, ...(result === undefined ? {} : { result }) };
}

/** What goes on only once somebody drives the run. */
function withNeeds(result: CommandResult | undefined): CommandResult | undefined {
  if (result === undefined) return undefined;
  const goesOn = result.verb === "continue" || result.verb === "answer" || result.verb === "retry";
  return result.accepted && goesOn ? { ...result, needs: "resume" } : result;
}
