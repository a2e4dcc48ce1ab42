/** What a stage comes to. `success | partial_success | fail | retry | skipped`, or any other word `[a-z][a-z0-9_-]*`. Source: 03 §3. */
export interface Outcome {
  readonly status: string;
  readonly contextUpdates?: Readonly<Record<string, JsonValue>>;
  readonly preferredLabel?: string;
  readonly suggestedNextIds?: readonly string[];
  readonly notes?: string;
  readonly failureReason?: string;
}

export type JsonValue = string | number | boolean | null | readonly JsonValue[] | { readonly [key: string]: JsonValue };

/** What routing needs to know of the stage that ended: no context updates, so it stays small in snapshots and entries. */
export type RoutingOutcome = Omit<Outcome, "contextUpdates">;

const STATUS = /^[a-z][a-z0-9_-]*$/;

export function isStatusWord(word: string): boolean {
  return word.length <= 64 && STATUS.test(word);
}

/** Whether a branch or iteration that ends with this status has failed. One that was skipped has not. */
export function isFailureStatus(status: string): boolean {
  return status === "fail" || status === "retry";
}

/** Whether a status counts as a success for retries and goal gates: everything but `fail`, `retry` and `skipped`. */
export function isSuccessStatus(status: string): boolean {
  return status !== "fail" && status !== "retry" && status !== "skipped";
}
