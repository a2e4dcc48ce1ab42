/** Whether the turns' checkpoints hang together: read forwards, they must lead to every list of who lives. */
import { messageOf } from "../../errors.ts";
import type { Connection } from "./connection.ts";
import { decodeCheckpoint, type TurnCheckpoint } from "./turn-checkpoint.ts";

const READ_AT_ONCE = 500;
const FORWARDS = `
  SELECT seq, turn, checkpoint FROM journal
  WHERE run = ? AND seq > ? AND checkpoint IS NOT NULL ORDER BY seq LIMIT ${READ_AT_ONCE}`;

interface Row {
  readonly seq: number;
  readonly turn: number;
  readonly checkpoint: string;
}

/** One sentence a problem. */
export function checkCheckpoints(connection: Connection): string[] {
  return connection
    .all<{ run: number; run_id: string }>("SELECT run, run_id FROM runs ORDER BY run")
    .flatMap(({ run, run_id: runId }) => checkRun(connection, run).map((problem) => `run ${runId}: ${problem}`));
}

function checkRun(connection: Connection, run: number): string[] {
  const problems: string[] = [];
  const live = new Map<string, number>();
  for (let after = 0; ; ) {
    const rows = connection.all<Row>(FORWARDS, run, after);
    for (const row of rows) problems.push(...checkRow(row, live));
    if (rows.length < READ_AT_ONCE) return problems;
    after = rows.at(-1)?.seq ?? after;
  }
}

/** Takes the row into `live`: name to seq of the newest version. */
function checkRow({ seq, turn, checkpoint: text }: Row, live: Map<string, number>): string[] {
  const misplaced = seq === turn ? [] : [`the checkpoint of seq ${seq} is not at the end of a turn`];
  let checkpoint: TurnCheckpoint;
  try {
    checkpoint = decodeCheckpoint(text, `the checkpoint of seq ${seq}`);
  } catch (error) {
    return [...misplaced, messageOf(error)];
  }
  for (const [actor] of checkpoint.written) live.set(actor, seq);
  for (const actor of checkpoint.ended) live.delete(actor);
  return [...misplaced, ...checkList(seq, checkpoint, live)];
}

function checkList(seq: number, { others, written }: TurnCheckpoint, live: Map<string, number>): string[] {
  if (others === undefined) return [];
  const listed = new Map([...others, ...written.map(([actor]) => [actor, seq] as const)]);
  const problems = [...new Set([...listed.keys(), ...live.keys()])].sort().flatMap((actor) => {
    const [expected, found] = [live.get(actor), listed.get(actor)];
    if (expected === found) return [];
    return [
      `at seq ${seq} the newest checkpoint of ${actor} is of ${seqOf(expected)}, but listed as of ${seqOf(found)}`,
    ];
  });
  // What is listed counts from here on: one loss is told once.
  live.clear();
  for (const [actor, newest] of listed) live.set(actor, newest);
  return problems;
}

function seqOf(seq: number | undefined): string {
  return seq === undefined ? "none" : `seq ${seq}`;
}
