/** Commands to runs, and whether they make sense now: a button that does nothing says why. Source: 03 §2. */
import type { ControlResult, RunStatus } from "./answers.ts";
import { command, post, runPath } from "./client.ts";

export type Verb = "pause" | "continue" | "cancel";

/** Why a run in this status would refuse it, or it would change nothing; undefined: go on. */
export function reasonAgainst(verb: Verb, status: RunStatus | undefined): string | undefined {
  if (status === undefined) return "The run is not known yet.";
  if (status === "completed" || status === "failed") return `The run has ended: it is ${status}.`;
  if (status === "cancelled") return "The run is cancelled, for good. A fork of it can go on.";
  if (verb === "cancel") return status === "cancelling" ? "It is being cancelled already." : undefined;
  if (status === "cancelling") return "The run is being cancelled.";
  if (verb === "continue") return status === "paused" || status === "pausing" ? undefined : "It is not paused.";
  return status === "paused" || status === "pausing" ? `It is ${status} already.` : undefined;
}

export interface CommandOptions {
  readonly reason?: string;
  readonly mode?: "drain" | "interrupt";
  readonly message?: string;
  readonly force?: boolean;
  readonly branch?: string;
}

export function giveCommand(runId: string, verb: Verb | "steer", options: CommandOptions = {}): Promise<ControlResult> {
  const said = Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined && value !== ""));
  return command(runPath(runId, `/${verb}`), said);
}

/** Why a run would not be told anything. */
export function reasonAgainstSteer(status: RunStatus | undefined): string | undefined {
  if (status === "cancelling") return "The run is being cancelled.";
  return status === "queued" ? undefined : reasonAgainst("cancel", status);
}

export interface ForkOptions {
  /** A seq. Absent: the newest turn, or before the stage that failed. */
  readonly at?: number;
  readonly runId?: string;
}

/** The id of the new run. *Throws* Problem. */
export async function forkRun(runId: string, options: ForkOptions): Promise<string> {
  return (await post<{ runId: string }>(runPath(runId, "/fork"), options)).runId;
}

/** Takes a run that nobody drives. */
export function takeRun(runId: string): Promise<unknown> {
  return post(runPath(runId, "/resume"), {});
}

const DONE: Readonly<Record<string, string>> = { pause: "Pausing", continue: "Continued", cancel: "Cancelling" };

/** What a command came to, as a sentence and its tone. */
export function resultInWords(result: ControlResult): {
  readonly text: string;
  readonly tone: "good" | "bad" | "plain";
} {
  const { verb, accepted, changed, after, hint, code, needs, runId } = result;
  if (accepted === false) return { text: `${runId}: ${hint || code || "refused"}`, tone: "bad" };
  if (accepted === null) return { text: `${runId}: in force, and not taken by its driver yet`, tone: "plain" };
  if (!changed) return { text: `${runId}: no change, it is ${after ?? "as it was"}`, tone: "plain" };
  const next = needs === "resume" ? " Nobody drives it: take it to go on." : "";
  return {
    text: `${runId}: ${after === "paused" ? "paused" : (DONE[verb] ?? verb).toLowerCase()}.${next}`,
    tone: "good",
  };
}
