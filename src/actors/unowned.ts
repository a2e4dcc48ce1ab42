/**
 * Commands for a run that nobody drives: whoever gives one takes the lease, settles what was open, applies it, stores it,
 * gives the lease back and starts nothing. Source: 03 §9.
 */
import { InvariantError, SafepointError } from "../errors.ts";
import type { Graph, JsonValue } from "../graph/index.ts";
import type { CommandRow, Owner, RunRow, RunStatus, Store } from "../persistence/store.ts";
import type { Clock } from "./clock.ts";
import { answerCommand, type CommandResult } from "./commands.ts";
import { isTerminal } from "./held-run.ts";
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

/** Takes a lease; undefined when somebody live holds it. Rejects `run_not_found`. */
export async function claimRun(
  deps: Omit<UnownedDeps, "graphOf" | "settingsOf">,
  row: RunRow,
): Promise<number | undefined> {
  const { store, owner, clock, leaseMs } = deps;
  const isDead = row.owner !== undefined && isProcessAlive(row.owner) === "gone";
  const dead = isDead ? { deadToken: row.token } : {};
  const claim = await store.claim({ runId: row.runId, owner, nowMs: clock.now(), leaseMs, ...dead });
  if (claim.ok) return claim.token;
  if (claim.code === "run_not_found") throw new SafepointError("run_not_found", `there is no run ${row.runId}`);
  return undefined;
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

/** Undefined when somebody drives the run after all: then the inbox is the way. */
export async function commandUnowned(
  deps: UnownedDeps,
  run: RunRow,
  command: CommandRow,
): Promise<CommandResult | undefined> {
  const { store } = deps;
  const token = await claimRun(deps, run);
  if (token === undefined) return undefined;
  try {
    const image = await store.load(run.runId);
    if (!image || image.run.token !== token) return undefined;
    if (isTerminal(image.run.status)) return undefined;
    const recovered = await endRecordedGroups(image.processes, deps.clock);
    for (const { execution, pid } of recovered.ended) {
      await store.writeSide({ kind: "process_ended", runId: run.runId, token, execution, pid });
    }
    const graph = await deps.graphOf(image.run);
    const held = await holdRun(store, image, graph);
    const foreign = new Set([...recovered.foreign, ...recovered.unresolved.map(({ execution }) => execution)]);
    const atMs = deps.clock.now();
    const draft = computeTurn(held, { kind: "unowned", row: command, foreign }, { ...deps.settingsOf(graph), atMs });
    if (draft.starts.length > 0) throw new InvariantError("a command for an unowned run started an execution");
    const result = answerCommand(draft) as CommandResult;
    const stored = { commandId: command.commandId, result: result as unknown as JsonValue, row: command };
    const [answer] = await store.commit([{ ...draft.toWrite(), commands: [stored] }]);
    if (!answer?.ok)
      throw new SafepointError("lease_lost", `the lease of ${run.runId} was taken while a command was applied`);
    return withNeeds(result);
  } finally {
    await store.release([{ runId: run.runId, token }]);
  }
}

/** What goes on only once somebody drives the run. */
function withNeeds(result: CommandResult): CommandResult {
  const goesOn = result.verb === "continue" || result.verb === "answer" || result.verb === "retry";
  return result.accepted && goesOn ? { ...result, needs: "resume" } : result;
}
