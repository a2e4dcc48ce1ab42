import type { ErrorCode } from "../errors.ts";
import { isSafepointError, messageOf, SafepointError } from "../errors.ts";
import type { Io } from "./io.ts";

/** What a person may do about a code, where the message cannot know it. */
const HINTS: Partial<Record<ErrorCode, string>> = {
  usage: "`safepoint --help` lists the commands, `safepoint <command> --help` their options",
  run_not_found: "`safepoint runs` lists the runs of this store; --store names another one",
  store_not_found: "--store or $SAFEPOINT_STORE names the store; `safepoint run` creates it",
  run_owned: "its owner drives it; `safepoint wait` follows it from here",
  run_finished: "it has ended; `safepoint show` says how",
  run_paused: "`safepoint resume --continue` takes it and goes on",
  store_busy: "another process held the store for long; try again",
  store_full: "nothing was lost; make room and try again",
  store_schema_newer: "a newer Safepoint wrote this store; use that one",
  handler_missing: "--handlers names a module with the handlers of your own types",
};

/**
 * Says on stderr what went wrong (with `json` as one document, otherwise a line and a hint) and answers with the exit
 * code. Anything that is not a SafepointError is a fault of ours and says so.
 */
export async function reportError(thrown: unknown, to: { readonly io: Io; readonly json: boolean }): Promise<number> {
  const error = asSafepointError(thrown);
  const { io, json } = to;
  if (json) {
    const body = { error: { code: error.code, message: error.message, details: error.details } };
    await io.stderr.write(`${JSON.stringify(body)}\n`);
    return error.exitCode;
  }
  await io.stderr.write(`safepoint: ${error.message}\n`);
  const hint = hintOf(error);
  if (hint !== undefined) await io.stderr.write(`hint: ${hint}\n`);
  if (io.env["SAFEPOINT_DEBUG"]) await io.stderr.write(`${stackOf(thrown)}\n`);
  return error.exitCode;
}

function asSafepointError(thrown: unknown): SafepointError {
  if (isSafepointError(thrown)) return thrown;
  return new SafepointError("internal", `unexpected fault: ${messageOf(thrown)}`, { cause: thrown });
}

function hintOf(error: SafepointError): string | undefined {
  const { hint, nearest, runId, newRunId } = error.details;
  if (typeof hint === "string") return hint;
  if (Array.isArray(nearest)) return `did you mean ${nearest.join(" or ")}?`;
  if (error.code === "run_cancelled_new_run_required") {
    return `a cancelled run stays cancelled; \`safepoint fork ${runId ?? "<run>"}\` makes a new one that goes on from it`;
  }
  if (error.code === "run_restarted" && typeof newRunId === "string") {
    return `\`safepoint show ${newRunId}\` says how it goes on, \`safepoint resume ${newRunId}\` takes it if nobody drives it`;
  }
  if (error.code === "internal") return "this is a fault in Safepoint; SAFEPOINT_DEBUG=1 prints where it happened";
  return HINTS[error.code];
}

function stackOf(thrown: unknown): string {
  if (!(thrown instanceof Error)) return String(thrown);
  const cause = thrown.cause === undefined ? "" : `\ncaused by ${stackOf(thrown.cause)}`;
  return `${thrown.stack ?? thrown.message}${cause}`;
}
