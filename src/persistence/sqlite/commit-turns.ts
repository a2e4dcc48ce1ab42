/** Turns into rows: one transaction for all, in which a turn that cannot be written does not harm the others. */
import { isSafepointError } from "../../errors.ts";
import { countEntries, followerExists, type PreparedTurn, prepareTurn, refusalOf } from "../prepare-turn.ts";
import type { TurnResult, TurnWrite } from "../store.ts";
import { writeArtifacts } from "./artifacts.sql.ts";
import { insertBlob } from "./blobs.sql.ts";
import { writeActors } from "./checkpoints.sql.ts";
import { consumeCommands, insertMail } from "./commands.sql.ts";
import type { Connection } from "./connection.ts";
import { writeContext } from "./context.sql.ts";
import { writeGates } from "./gates.sql.ts";
import { insertEntries, nextGseq, rememberGseq } from "./journal.sql.ts";
import { placeEntries } from "./places.sql.ts";
import { advanceRun, insertRun, selectFence } from "./runs.sql.ts";
import { writeHandlerSnapshots } from "./sides.sql.ts";
import { toStoreError } from "./sqlite-errors.ts";
import { writeTimers } from "./timers.sql.ts";

/**
 * A stale fence is found by the turn's first statement, before it wrote anything. A turn that breaks a rule later on is
 * found by an exception: everything is rolled back and written again without it. That is rare, and spares every other
 * turn a savepoint (measured: README.md).
 */
export function commitTurns(
  connection: Connection,
  turns: readonly TurnWrite[],
  location: string,
): readonly TurnResult[] {
  const results: TurnResult[] = [];
  const prepared = turns.map((turn, index) => prepareOrRefuse(turn, results, index));
  while (prepared.some((turn) => turn !== undefined)) {
    let current = 0;
    try {
      connection.transaction(() => {
        let gseq = nextGseq(connection);
        for (current = 0; current < prepared.length; current++) {
          const turn = prepared[current];
          if (turn === undefined) continue;
          const result = writeTurn(connection, turn, gseq);
          results[current] = result;
          if (result.ok) gseq += countEntries(turn.turn);
        }
        placeEntries(connection, gseq - 1);
        rememberGseq(connection, gseq);
        // COMMIT's own failures are nobody's in particular.
        current = prepared.length;
      });
      break;
    } catch (error) {
      const coded = toStoreError(error, location);
      // A broken constraint or assertion, or a value that cannot be bound; the medium's failures have other codes.
      if (coded.code !== "internal" || current >= prepared.length) throw error;
      prepared[current] = undefined;
      results[current] = refusalOf(coded);
    }
  }
  return results;
}

function prepareOrRefuse(turn: TurnWrite, results: TurnResult[], index: number): PreparedTurn | undefined {
  try {
    return prepareTurn(turn);
  } catch (error) {
    if (!isSafepointError(error)) throw error;
    results[index] = refusalOf(error);
    return undefined;
  }
}

function writeTurn(connection: Connection, prepared: PreparedTurn, firstGseq: number): TurnResult {
  const { turn, create } = prepared;
  const run = create === undefined ? advanceRun(connection, turn) : insertRun(connection, { ...prepared, create });
  if (run === undefined) return explainStale(connection, turn);
  insertEntries(connection, run, { prepared, firstGseq, checkpoint: writeActors(connection, run, prepared) });
  writeContext(connection, run, prepared);
  if (turn.timers !== undefined) writeTimers(connection, run, turn.timers);
  writeGates(connection, run, prepared);
  consumeCommands(connection, run, prepared);
  writeArtifacts(connection, run, prepared);
  writeHandlerSnapshots(connection, run, prepared);
  for (const { hash, bytes } of turn.blobs ?? []) insertBlob(connection, hash, bytes);
  writeCreates(connection, prepared, firstGseq + prepared.entries.length);
  for (const { row, body } of prepared.mail) insertMail(connection, row, body);
  return { ok: true, firstGseq };
}

/** The runs that a turn begins. Throws where one cannot be: then nothing of the turn is written. */
function writeCreates(connection: Connection, { creates }: PreparedTurn, firstGseq: number): void {
  let gseq = firstGseq;
  for (const created of creates) {
    const result = writeTurn(connection, created, gseq);
    if (!result.ok) throw followerExists(created.turn.runId);
    gseq += countEntries(created.turn);
  }
}

function explainStale(connection: Connection, { runId, token, baseSeq, create }: TurnWrite): TurnResult {
  const found = selectFence(connection, runId);
  if (found === undefined) return { ok: false, code: "run_not_found", message: `there is no run ${runId}` };
  if (create !== undefined) return { ok: false, code: "run_exists", message: `there is a run ${runId} already` };
  const lease = found.leased === 1 ? "" : ", and its lease was given back";
  return {
    ok: false,
    code: "lease_lost",
    message: `run ${runId} is at seq ${found.seq} under token ${found.token}${lease}; this turn expected seq ${baseSeq} under token ${token}`,
  };
}
