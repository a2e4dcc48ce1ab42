/** What tools and agents run by command have in common: their environment, their files, and what their end means. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readVariables } from "../../graph/expand.ts";
import type { Outcome } from "../../graph/index.ts";
import { isSuccessStatus } from "../../graph/index.ts";
import { ABORT_GRACE_MS, TOOL_ARTIFACT_BYTES_MAX } from "../../limits.ts";
import type { HandlerInput } from "../handler.ts";
import { cut, KeptOutput } from "../processes/kept-output.ts";
import { type GroupCommand, type GroupEnd, runGroup } from "../processes/process-group.ts";

export interface CommandEnd extends GroupEnd {
  readonly stdout: KeptOutput;
  readonly stderr: KeptOutput;
}

/** Lines of stderr that a failure reason quotes, and how long they may be together. */
const QUOTED_LINES_MAX = 5;
const QUOTED_CHARS_MAX = 1_000;

/** The pipeline's variables as this stage sees them. */
export function variablesOf(input: HandlerInput): ReturnType<typeof readVariables> {
  const goal = input.graph.attributes["goal"];
  const read = (key: string) => input.context.get(key);
  return readVariables({ read, inputs: input.inputs, goal: goal === undefined ? undefined : String(goal) });
}

/**
 * Runs a command for an execution, with what it needs to know of itself in its environment, and a directory of its own
 * that holds the context as a file and is gone afterwards. Its output goes to the run and is kept, within bounds.
 */
export async function runExecutionCommand(
  input: HandlerInput,
  command: Pick<GroupCommand, "file" | "args" | "stdin"> & { readonly env?: Readonly<Record<string, string>> },
  use: (end: CommandEnd, dir: string) => Promise<Outcome>,
): Promise<Outcome> {
  const dir = await mkdtemp(join(tmpdir(), "safepoint-"));
  try {
    const contextFile = join(dir, "context.json");
    await writeFile(contextFile, JSON.stringify(input.context.toObject()), { mode: 0o600 });
    const stdout = new KeptOutput(TOOL_ARTIFACT_BYTES_MAX);
    const stderr = new KeptOutput(TOOL_ARTIFACT_BYTES_MAX);
    const { file, args, stdin } = command;
    const end = await runGroup({
      file,
      args,
      ...(stdin !== undefined && { stdin }),
      cwd: input.host.cwd,
      env: { ...process.env, ...command.env, ...environmentOf(input, { dir, contextFile }) },
      signal: input.signal,
      graceMs: ABORT_GRACE_MS,
      host: input.host,
      log: input.log,
      onOutput: (stream, bytes) => (stream === "stdout" ? stdout : stderr).add(bytes),
    });
    return await use({ ...end, stdout, stderr }, dir);
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

/** `SAFEPOINT_RUN_ID` and `SAFEPOINT_EXECUTION` are also the marks by which recovery knows our processes. */
function environmentOf(input: HandlerInput, files: { dir: string; contextFile: string }): Record<string, string> {
  return {
    SAFEPOINT_RUN_ID: input.runId,
    SAFEPOINT_STAGE: input.stage,
    SAFEPOINT_NODE: input.node.id,
    SAFEPOINT_ATTEMPT: String(input.attempt),
    SAFEPOINT_IDEMPOTENCY_KEY: input.idempotencyKey,
    SAFEPOINT_EXECUTION: input.execution,
    SAFEPOINT_CONTEXT_FILE: files.contextFile,
    SAFEPOINT_STAGE_DIR: files.dir,
  };
}

/**
 * What a command's end means, given what it said of itself. Exit 0: what it said, else success. Anything else is no
 * success whatever it said; a `fail`, `retry` or `skipped` of its own stands.
 */
export function outcomeOfEnd(end: CommandEnd, said: Outcome | undefined): Outcome {
  // Also when it was told to stop: a command that heeds TERM may still have done its work, and then says so.
  if (end.exitCode === 0) return said ?? { status: "success" };
  const status = said && !isSuccessStatus(said.status) ? said.status : "fail";
  return { ...said, status, failureReason: said?.failureReason ?? describeEnd(end) };
}

function describeEnd({ exitCode, signal, aborted, stderr }: CommandEnd): string {
  const how = exitCode === null ? `ended by ${signal ?? "a signal"}` : `exit code ${exitCode}`;
  const lines = stderr.text().trimEnd().split("\n").slice(-QUOTED_LINES_MAX).join("\n").trim();
  const told = aborted ? " after it was told to stop" : "";
  const quoted = lines.length > QUOTED_CHARS_MAX ? `…${lines.slice(-QUOTED_CHARS_MAX)}` : lines;
  return lines === "" ? `${how}${told}` : `${how}${told}: ${cut(quoted, QUOTED_CHARS_MAX + 1)}`;
}

/** Keeps both streams as artifacts of the stage; complete unless they were cut, by us or by their length. */
export async function keepStreams(input: HandlerInput, end: CommandEnd): Promise<void> {
  for (const name of ["stdout", "stderr"] as const) {
    const complete = !end[name].truncated && !(end.aborted && end.exitCode === null);
    await input.artifacts.write(name, end[name].text(), { mediaType: "text/plain; charset=utf-8", complete });
  }
}
