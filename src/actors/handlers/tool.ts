/** The `tool` type: a shell command. Source: 04 §6. */
import { TerminalError } from "../../errors.ts";
import { toShellVariables } from "../../graph/expand-shell.ts";
import type { JsonValue, Outcome } from "../../graph/index.ts";
import { TOOL_OUTPUT_CHARS_MAX } from "../../limits.ts";
import type { HandlerDefinition, HandlerInput } from "../handler.ts";
import { truncateMiddle } from "../processes/kept-output.ts";
import { shellCommand } from "../processes/process-group.ts";
import { type CommandEnd, keepStreams, outcomeOfEnd, runExecutionCommand, variablesOf } from "./execution-command.ts";
import { readOutcome, readStatus } from "./outcome-reading.ts";

/** Runs `tool_command`; variables reach it as environment variables only, so no value becomes part of the command. */
export const tool: HandlerDefinition = {
  handler: runTool,
  check: (node) =>
    commandOf(node.attributes) === undefined ? [`tool "${node.id}" has no tool_command: say what it runs`] : [],
};

async function runTool(input: HandlerInput): Promise<Outcome> {
  const text = commandOf(input.attributes);
  if (text === undefined) throw new TerminalError(`tool "${input.node.id}" has no tool_command`);
  const { command, env } = toShellVariables(text, variablesOf(input));
  return await runExecutionCommand(input, { ...shellCommand(command), env }, async (end) => {
    await keepStreams(input, end);
    return outcomeOf(end, input);
  });
}

function commandOf(attributes: HandlerInput["attributes"]): string | undefined {
  const text = String(attributes["tool_command"] ?? "");
  return text.trim() === "" ? undefined : text;
}

function outcomeOf(end: CommandEnd, input: HandlerInput): Outcome {
  const stdout = end.stdout.text();
  const said = saidByLastLine(stdout, input);
  if (typeof said === "string") return { status: "fail", failureReason: said, contextUpdates: engineKeys(end, stdout) };
  const outcome = outcomeOfEnd(end, said);
  return { ...outcome, contextUpdates: { ...outcome.contextUpdates, ...engineKeys(end, stdout) } };
}

/** `tool.output` is what `$(…)` would give: stdout without the newlines at its end; of a silent tool, its stderr. */
function engineKeys(end: CommandEnd, stdout: string): Record<string, JsonValue> {
  const output = (stdout.trim() === "" ? end.stderr.text() : stdout).replace(/\n+$/, "");
  return { "tool.output": truncateMiddle(output, TOOL_OUTPUT_CHARS_MAX), "tool.exit_code": end.exitCode };
}

/**
 * What a tool says of its own outcome: a JSON object on the last line of stdout that has `outcome` or `status`. An
 * `outcome` that is none is a mistake, and comes back as a sentence; a `status` that is none is somebody else's JSON.
 */
function saidByLastLine(stdout: string, input: HandlerInput): Outcome | string | undefined {
  const line = stdout
    .trimEnd()
    .slice(stdout.trimEnd().lastIndexOf("\n") + 1)
    .trim();
  const said = line.startsWith("{") && line.endsWith("}") ? parseObject(line) : undefined;
  if (!said || !("outcome" in said || "status" in said)) return undefined;
  if (!("outcome" in said) && readStatus(said["status"]) === undefined) return undefined;
  const { outcome: status = said["status"], status: _, ...parts } = said;
  const reading = readOutcome({ ...parts, status });
  if (!reading.ok) return `the last line of the tool's output is no outcome: ${reading.problem}`;
  if (reading.ignored.length > 0)
    input.log.warn("the tool's last line has parts that mean nothing", { ignored: reading.ignored });
  return reading.outcome;
}

function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === "object" && value !== null ? (value as Record<string, unknown>) : undefined;
  } catch {
    return undefined;
  }
}
