import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import { messageOf, SafepointError } from "../../../errors.ts";
import type { Outcome } from "../../../graph/index.ts";
import { STATUS_FILE_BYTES_MAX } from "../../../limits.ts";
import { shellCommand } from "../../processes/process-group.ts";
import type { CodergenBackend, CodergenReply, CodergenRequest } from "../backend.ts";
import { type CommandEnd, outcomeOfEnd, runExecutionCommand } from "../execution-command.ts";
import { readOutcome } from "../outcome-reading.ts";
import { AGENT_PRESETS, type AgentPresetName } from "./agent-presets.ts";

export type CommandBackendOptions = (
  | { readonly preset: AgentPresetName /** Further arguments of the agent. */; readonly args?: readonly string[] }
  | { /** For `sh -c`. */ readonly command: string }
) & {
  readonly env?: Readonly<Record<string, string>>;
  /** The command keeps the conversation of `SAFEPOINT_THREAD_ID` from one stage to the next. Default false. */
  readonly sessions?: boolean;
};

/**
 * Any agent with a command line: prompt on stdin, response on stdout, in its own process group. Model, provider and
 * effort reach it as environment variables, and as arguments where a preset knows how. A `status.json` that it leaves
 * in `SAFEPOINT_STAGE_DIR` is the outcome; without, exit 0 is a success.
 *
 * Throws `configuration` for a preset that does not exist.
 */
export function commandBackend(options: CommandBackendOptions): CodergenBackend {
  if ("preset" in options && !Object.hasOwn(AGENT_PRESETS, options.preset)) {
    const known = Object.keys(AGENT_PRESETS).join(", ");
    throw new SafepointError("configuration", `no agent preset "${String(options.preset)}"; there are ${known}`);
  }
  return {
    name: "preset" in options ? options.preset : "command",
    sessions: options.sessions ?? false,
    run: (request) => runAgent(options, request),
  };
}

async function runAgent(options: CommandBackendOptions, request: CodergenRequest): Promise<CodergenReply> {
  const { preamble, prompt, input } = request;
  let response = "";
  const command = {
    ...commandOf(options, request),
    stdin: preamble === "" ? prompt : `${preamble}\n\n---\n\n${prompt}`,
    env: { ...options.env, ...environmentOf(request) },
  };
  const outcome = await runExecutionCommand(input, command, async (end, dir) => {
    response = end.stdout.text();
    await input.artifacts.write("stderr", end.stderr.text(), { mediaType: "text/plain; charset=utf-8" });
    return outcomeOf(end, await readStatusFile(join(dir, "status.json")));
  });
  return { response, outcome };
}

function commandOf(options: CommandBackendOptions, request: CodergenRequest): ReturnType<typeof shellCommand> {
  if ("command" in options) return shellCommand(options.command);
  const preset = AGENT_PRESETS[options.preset];
  const { model, effort } = request;
  const choice = { ...(model !== undefined && { model }), ...(effort !== undefined && { effort }) };
  return { file: preset.file, args: preset.args(choice, options.args ?? []) };
}

function environmentOf({ model, provider, effort, thread, fidelity }: CodergenRequest): Record<string, string> {
  const given = {
    SAFEPOINT_MODEL: model,
    SAFEPOINT_PROVIDER: provider,
    SAFEPOINT_EFFORT: effort,
    SAFEPOINT_THREAD_ID: thread,
    SAFEPOINT_FIDELITY: fidelity,
  };
  return Object.fromEntries(Object.entries(given).filter((entry): entry is [string, string] => entry[1] !== undefined));
}

function outcomeOf(end: CommandEnd, left: Outcome | string | undefined): Outcome {
  if (typeof left === "string") return { status: "fail", failureReason: left };
  return outcomeOfEnd(end, left);
}

/** Undefined: none was left. A text: what is wrong with it. */
async function readStatusFile(path: string): Promise<Outcome | string | undefined> {
  const about = "the status.json that the agent left";
  const found = await stat(path).catch(() => undefined);
  if (!found) return undefined;
  if (!found.isFile()) return `${about} is not a file`;
  if (found.size > STATUS_FILE_BYTES_MAX) return `${about} has ${found.size} bytes, more than ${STATUS_FILE_BYTES_MAX}`;
  try {
    const value: unknown = JSON.parse(await readFile(path, "utf8"));
    if (typeof value !== "object" || value === null || Array.isArray(value)) return `${about} is not an object`;
    const reading = readOutcome(value);
    return reading.ok ? reading.outcome : `${about} is no outcome: ${reading.problem}`;
  } catch (error) {
    return `${about} cannot be read: ${messageOf(error)}`;
  }
}
