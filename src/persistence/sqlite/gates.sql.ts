/** Gates: questions that wait for a person, and what became of them. */
import { assert } from "../../errors.ts";
import { decodeJson } from "../json-text.ts";
import type { PreparedTurn } from "../prepare-turn.ts";
import type { GateRow, Topics } from "../store.ts";
import type { Connection } from "./connection.ts";

const OPEN = `
  INSERT INTO gates (run, gate, stage, status, question, answer, opened_seq) VALUES (?, ?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET stage = excluded.stage, status = excluded.status, question = excluded.question,
    answer = excluded.answer`;
const CHANGE = "UPDATE gates SET stage = ?3, status = ?4, answer = coalesce(?5, answer) WHERE run = ?1 AND gate = ?2";
const SELECT = `
  SELECT run_id, gate, stage, gates.status, question, answer, opened_seq FROM gates JOIN runs USING (run)`;

interface StoredGate {
  readonly run_id: string;
  readonly gate: string;
  readonly stage: string;
  readonly status: GateRow["status"];
  readonly question: string;
  readonly answer: string | null;
  readonly opened_seq: number;
}

/** A write with a question opens (or opens anew); without one it changes a gate that is there. */
export function writeGates(connection: Connection, run: number, { gates, lastSeq }: PreparedTurn): void {
  for (const { write, question, answer } of gates) {
    const { gate, stage, status } = write;
    if (question !== undefined) {
      connection.run(OPEN, run, gate, stage, status, question, answer ?? null, lastSeq);
    } else {
      const changed = connection.run(CHANGE, run, gate, stage, status, answer ?? null);
      assert(changed === 1, "a gate is opened with its question before it changes", { gate });
    }
  }
}

export function selectGates(connection: Connection, query: Topics["gates"]["query"]): Topics["gates"]["row"][] {
  const where: string[] = ["1"];
  const values: string[] = [];
  if (query.runId !== undefined) {
    where.push("gates.run = (SELECT run FROM runs WHERE run_id = ?)");
    values.push(query.runId);
  }
  if (query.gate !== undefined) {
    where.push("gate = ?");
    values.push(query.gate);
  }
  if (query.open !== undefined) where.push(query.open ? "gates.status = 'open'" : "gates.status <> 'open'");
  return connection
    .all<StoredGate>(`${SELECT} WHERE ${where.join(" AND ")} ORDER BY run_id, gate`, ...values)
    .map(toGateRow);
}

function toGateRow(row: StoredGate): Topics["gates"]["row"] {
  const what = `gate ${row.gate} of run ${row.run_id}`;
  return {
    runId: row.run_id,
    gate: row.gate,
    stage: row.stage,
    status: row.status,
    question: decodeJson(row.question, what),
    ...(row.answer === null ? {} : { answer: decodeJson(row.answer, what) }),
    openedSeq: row.opened_seq,
  };
}
