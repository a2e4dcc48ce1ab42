import type { Command } from "commander";
import type { Handler } from "../actors/handler.ts";
import type { CodergenBackend } from "../actors/handlers/backend.ts";
import { SafepointError } from "../errors.ts";
import type { Cli } from "./cli.ts";
import type { GateAnswers } from "./follow/gate-answers.ts";
import { readAnswers } from "./follow/gate-answers.ts";
import { loadHandlers } from "./load-handlers.ts";
import { readWord } from "./option-values.ts";
import { isRecord, readJsonFile } from "./read-json-file.ts";

/** What does the work of nodes. */
export interface HandlerOptions {
  readonly backend: string;
  readonly agent?: string;
  readonly agentCommand?: string;
  readonly simulateScript?: string;
  readonly handlers?: string;
  readonly stately?: boolean;
}

/** Options of the commands that drive a run. */
export interface DriverOptions extends HandlerOptions {
  readonly answers?: string;
  readonly autoApprove?: boolean;
  readonly waitGates: boolean;
}

export interface HandlerSetup {
  readonly handlers: Readonly<Record<string, Handler>>;
  readonly codergen: CodergenBackend;
  /** The actors are shown in Stately Inspector. */
  readonly stately: boolean;
}

export interface DriverSetup extends HandlerSetup {
  readonly answers: GateAnswers;
  readonly waitGates: boolean;
  /** For the command that takes the run up again. */
  readonly words: readonly string[];
}

const BACKENDS = ["simulate", "command", "ai"] as const;

export function addHandlerOptions(command: Command): Command {
  return command
    .option("--backend <backend>", `what runs codergen nodes: ${BACKENDS.join(", ")}`, "simulate")
    .option("--agent <preset>", "command backend: a well-known agent (default: $SAFEPOINT_AGENT)")
    .option(
      "--agent-command <command>",
      "command backend: a shell command, prompt on stdin (default: $SAFEPOINT_AGENT_COMMAND)",
    )
    .option(
      "--simulate-script <file>",
      "simulate backend: JSON, node id to a list of status words, responses or outcomes",
    )
    .option("--handlers <module>", "module with the handlers of your own node types")
    .option("--stately", "show the actors in Stately Inspector, by a page on this machine");
}

export function addDriverOptions(command: Command): Command {
  return (
    addHandlerOptions(command)
      .option("--answers <file>", "JSON with answers to questions, in turn or by gate, stage or node")
      .option("--auto-approve", "answer every question with its first option")
      // Said here, because Commander gives a lone "no" its default before this command is loaded.
      .option("--no-wait-gates", "leave with 4 when nothing but a person's answer is missing", true)
  );
}

/** The options again, as words of a command line; those that are as they are anyway are left out. */
export function driverWords(options: DriverOptions): readonly string[] {
  const value = (name: string, given: string | undefined) => (given === undefined ? [] : [`--${name}=${given}`]);
  return [
    ...value("backend", options.backend === "simulate" ? undefined : options.backend),
    ...value("agent", options.agent),
    ...value("agent-command", options.agentCommand),
    ...value("simulate-script", options.simulateScript),
    ...value("handlers", options.handlers),
    ...value("answers", options.answers),
    ...(options.autoApprove ? ["--auto-approve"] : []),
    ...(options.waitGates ? [] : ["--no-wait-gates"]),
  ];
}

/** *Throws* `configuration`, `file_not_found`, `usage`. */
export async function readHandlerSetup(cli: Cli, options: HandlerOptions): Promise<HandlerSetup> {
  const stately = options.stately === true;
  return { handlers: await loadHandlers(cli, options.handlers), codergen: await chooseBackend(cli, options), stately };
}

/** *Throws* as {@link readHandlerSetup}. */
export async function readDriverSetup(cli: Cli, options: DriverOptions): Promise<DriverSetup> {
  return {
    ...(await readHandlerSetup(cli, options)),
    answers: await readAnswers(cli, options),
    waitGates: options.waitGates,
    words: driverWords(options),
  };
}

async function chooseBackend(cli: Cli, options: HandlerOptions): Promise<CodergenBackend> {
  switch (readWord("--backend", options.backend, BACKENDS)) {
    case "simulate": {
      const { simulateBackend } = await import("../actors/handlers/backends/simulate.ts");
      const { simulateScript } = options;
      if (simulateScript === undefined) return simulateBackend();
      return simulateBackend({ script: await readScript(cli, simulateScript) });
    }
    case "command":
      return commandAgent(cli, options);
    case "ai":
      throw new SafepointError("configuration", "the ai backend is not part of this version", {
        details: { backend: "ai", hint: "--backend command runs an agent that you have, as --agent claude" },
      });
  }
}

async function commandAgent(cli: Cli, options: HandlerOptions): Promise<CodergenBackend> {
  const command = options.agentCommand ?? cli.io.env["SAFEPOINT_AGENT_COMMAND"];
  const agent = options.agent ?? cli.io.env["SAFEPOINT_AGENT"];
  const { commandBackend } = await import("../actors/handlers/backends/command.ts");
  const { AGENT_PRESETS } = await import("../actors/handlers/backends/agent-presets.ts");
  if (options.agent === undefined && command) return commandBackend({ command });
  const presets = Object.keys(AGENT_PRESETS) as (keyof typeof AGENT_PRESETS)[];
  if (agent) return commandBackend({ preset: readWord("--agent", agent, presets) });
  throw new SafepointError("configuration", "the command backend does not know which agent to run", {
    details: { hint: `--agent with one of ${presets.join(", ")}, or --agent-command with any command`, presets },
  });
}

type Script = NonNullable<
  Parameters<typeof import("../actors/handlers/backends/simulate.ts").simulateBackend>[0]
>["script"];

async function readScript(cli: Cli, file: string): Promise<NonNullable<Script>> {
  const script = await readJsonFile(cli, "--simulate-script", file);
  if (isRecord(script) && Object.values(script).every(Array.isArray)) {
    return script as NonNullable<Script>;
  }
  throw new SafepointError("usage", `--simulate-script: expected an object from node id to a list in ${file}`, {
    details: { file },
  });
}
