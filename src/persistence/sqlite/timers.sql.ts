/** Timers that are set. One that fired or was cleared is a journal entry, not a row. */
import type { TimerRow, TimerWrite } from "../store.ts";
import type { Connection } from "./connection.ts";

const SET = `
  INSERT INTO timers (run, timer, actor, kind, clock, due_ms) VALUES (?, ?, ?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET actor = excluded.actor, kind = excluded.kind, clock = excluded.clock, due_ms = excluded.due_ms`;
const CLEAR = "DELETE FROM timers WHERE run = ? AND timer = ?";
const SELECT = "SELECT timer, actor, kind, clock, due_ms AS dueMs FROM timers WHERE run = ? ORDER BY timer";

export function writeTimers(connection: Connection, run: number, writes: readonly TimerWrite[]): void {
  for (const write of writes) {
    if ("cleared" in write) connection.run(CLEAR, run, write.timer);
    else connection.run(SET, run, write.timer, write.actor, write.kind, write.clock, write.dueMs);
  }
}

export function selectTimers(connection: Connection, run: number): TimerRow[] {
  return connection.all<TimerRow>(SELECT, run).map((row) => ({ ...row }));
}
