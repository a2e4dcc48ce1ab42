/** What a turn leaves to be sent to somebody outside: stored with it, taken out once it has arrived. */
import type { JsonValue } from "../graph/outcome.ts";

export interface OutboxRow {
  readonly runId: string;
  /** Unique in its run. */
  readonly id: string;
  readonly kind: string;
  readonly body: JsonValue;
  /** Of the turn that left it. */
  readonly seq: number;
}
