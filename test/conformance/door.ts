/** What a run can be asked, whichever way one comes: the port that scenarios are written against. */
import type { ErrorCode } from "../../src/errors.ts";
import type { JsonValue } from "../../src/graph/index.ts";
import type { RunStatus } from "../../src/persistence/store.ts";
import type {
  CancelOptions,
  CommandOptions,
  ContinueOptions,
  PauseOptions,
  RunSelector,
} from "../../src/runtime/api.ts";

export type Doc = Readonly<Record<string, unknown>>;

export interface RunDoc extends Doc {
  readonly runId: string;
}

/** What a command for many runs came to: the command line says it as it happens, the others newest run first. */
export function byRunId<R extends { readonly runId: string }>(results: readonly R[]): R[] {
  return results.toSorted((a, b) => (a.runId < b.runId ? -1 : 1));
}

/** What was answered: a document, or the code of a refusal with what came with it. */
export interface Said {
  readonly code: "ok" | ErrorCode;
  /** Of a command its result, also where it is refused. Of another refusal its details. */
  readonly value: Doc;
}

export interface StartAs {
  readonly runId: string;
  readonly inputs?: Readonly<Record<string, JsonValue>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface Page {
  readonly limit?: number;
  readonly cursor?: string;
}

export interface Point {
  readonly at?: number;
}

export interface ForkAs {
  readonly runId: string;
  readonly at?: number | string;
  readonly context?: Readonly<Record<string, JsonValue>>;
  readonly labels?: Readonly<Record<string, string>>;
}

export interface EventsQuery {
  readonly after?: number;
  readonly branch?: string;
  readonly stage?: string;
  readonly types?: readonly string[];
}

/** Options of commands that every door has. */
export type Order<O extends CommandOptions> = Omit<O, "actor">;

export interface AnswerAs extends Order<CommandOptions> {
  readonly gate: string;
  readonly answer: string | readonly string[];
}

/** Where a scenario is played: its files, and the store that every way to its runs leads to. */
export interface Place {
  readonly dir: string;
  /** Of the store, a file of SQLite. */
  readonly path: string;
}

export interface Door {
  readonly name: string;
  start(source: string, as: StartAs): Promise<Said>;
  /** Waits for the end of a run that this door started or resumed: `{ status }`. */
  finished(runId: string): Promise<Said>;
  /** Waits until a run has come to a status: the view. */
  settled(runId: string, status: RunStatus): Promise<Said>;
  view(runId: string, point?: Point): Promise<Said>;
  events(runId: string, query?: EventsQuery): Promise<Said>;
  /** Follows the journal, from after a seq to the end of the run: `{ events }`. */
  follow(runId: string, after: number): Promise<Said>;
  pause(runId: string, options?: Order<PauseOptions>): Promise<Said>;
  continue(runId: string, options?: Order<ContinueOptions>): Promise<Said>;
  cancel(runId: string, options?: Order<CancelOptions>): Promise<Said>;
  steer(runId: string, message: string, options?: Order<CommandOptions>): Promise<Said>;
  answer(runId: string, given: AnswerAs): Promise<Said>;
  questions(runId?: string): Promise<Said>;
  /** The new run waits to be resumed. */
  fork(runId: string, as: ForkAs): Promise<Said>;
  resume(runId: string): Promise<Said>;
  /** With `dryRun` only which runs are meant: `{ results: [{ runId, status }] }`. */
  control(verb: "pause" | "continue" | "cancel", selector: RunSelector, options?: { dryRun?: boolean }): Promise<Said>;
  list(query?: Page & { status?: readonly string[]; labels?: Readonly<Record<string, string>> }): Promise<Said>;
  branches(runId: string, query?: Page & Point & { status?: readonly string[]; branch?: string }): Promise<Said>;
  joins(runId: string, query?: Page & Point): Promise<Said>;
  context(runId: string, query?: Point & { branch?: string }): Promise<Said>;
  provenance(runId: string, key: string, query?: Point & { branch?: string }): Promise<Said>;
  artifacts(runId: string): Promise<Said>;
  /** `{ text }` */
  artifact(runId: string, id: string): Promise<Said>;
  checkpoint(runId: string): Promise<Said>;
  lineage(runId: string): Promise<Said>;
  actors(runId: string, query?: Point): Promise<Said>;
  /** As the command line and the server print it: `{ text }`. Undefined: this door does not draw. */
  graph(runId: string, format: string): Promise<Said | undefined>;
  validate(source: string): Promise<Said>;
  /** Whatever it left running is stopped. */
  close(): Promise<void>;
}
