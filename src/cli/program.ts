import { Command } from "commander";
import type { Cli, GlobalOptions } from "./cli.ts";
import { createCli } from "./cli.ts";
import type { Act } from "./command-table.ts";
import { COMMANDS } from "./command-table.ts";
import type { Io } from "./io.ts";
import { packageVersion } from "./package-file.ts";

export interface Program {
  readonly command: Command;
  /** What the action that ran answered with. */
  readonly exitCode: () => number;
  /** The options as far as they were read. */
  readonly globals: () => GlobalOptions;
  /** Resolves when help and version have been handed over. */
  printed(): Promise<unknown>;
  /** Loads every command's arguments and options, for completions and documentation. */
  loadAll(): Promise<void>;
}

/** The tree of commands. A command's own file is loaded only once its name was read from the arguments. */
export function createProgram(io: Io): Program {
  const printed: Promise<void>[] = [];
  const command = rootCommand(io, printed);
  let exitCode = 0;
  const globals = () => globalOptions(command, io);
  const act: Act =
    (action) =>
    async (...args) => {
      const cli: Cli = createCli(io, globals());
      exitCode = await action(cli, ...args);
    };
  const loaded = new Set<string>();
  const load = async (name: string) => {
    const entry = COMMANDS.find((candidate) => candidate.name === name);
    const target = command.commands.find((candidate) => candidate.name() === name);
    if (!entry || !target || loaded.has(name)) return;
    loaded.add(name);
    (await entry.load()).define(target, act);
  };
  for (const entry of COMMANDS) {
    const sub = command
      .command(entry.name)
      .summary(entry.summary)
      .description(`${capitalise(entry.summary)}.`);
    if (entry.alias) sub.alias(entry.alias);
    sub.helpOption("-h, --help", "print this help");
  }
  command.hook("preSubcommand", (_root, sub) => load(sub.name()));
  return {
    command,
    exitCode: () => exitCode,
    globals,
    printed: () => Promise.all(printed),
    loadAll: async () => {
      for (const entry of COMMANDS) await load(entry.name);
    },
  };
}

function rootCommand(io: Io, printed: Promise<void>[]): Command {
  return new Command("safepoint")
    .description("Runs pipelines that can be stopped at any moment and trusted to go on.")
    .option("--store <file>", "the store (default: $SAFEPOINT_STORE, else .safepoint/safepoint.db)")
    .option("--json", "results as JSON")
    .option("--quiet", "nothing on stderr but errors")
    .option("--no-color", "no colours (also: $NO_COLOR)")
    .version(packageVersion(), "-V, --version", "print the version")
    .helpOption("-h, --help", "print help")
    .helpCommand("help [command]", "print help for a command")
    .configureHelp({ showGlobalOptions: true, helpWidth: 100 })
    .configureOutput({
      writeOut: (text) => {
        printed.push(io.stdout.write(text));
      },
      // Refusals are printed once, by main, in the form that was asked for.
      writeErr: () => {},
      outputError: () => {},
      getOutHelpWidth: () => 100,
      getErrHelpWidth: () => 100,
      getOutHasColors: () => false,
      getErrHasColors: () => false,
    })
    .exitOverride();
}

function globalOptions(command: Command, io: Io): GlobalOptions {
  const options = command.opts<{ store?: string; json?: boolean; quiet?: boolean; color: boolean }>();
  const noColor = io.env["NO_COLOR"] !== undefined && io.env["NO_COLOR"] !== "";
  return {
    store: options.store,
    json: options.json === true,
    quiet: options.quiet === true,
    color: options.color && !noColor && io.env["TERM"] !== "dumb",
  };
}

function capitalise(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}
