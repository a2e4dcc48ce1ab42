import { CommanderError } from "commander";
import { SafepointError } from "../errors.ts";
import { COMMANDS } from "./command-table.ts";
import { EXIT } from "./exit-codes.ts";
import type { Io } from "./io.ts";
import { createProgram } from "./program.ts";
import { reportError } from "./report-error.ts";

/**
 * The command line as a function: reads the arguments (without node and script), does what they say, answers with the
 * exit code. Never rejects.
 */
export async function main(argv: readonly string[], io: Io): Promise<number> {
  const program = createProgram(io);
  if (argv.length === 0) {
    await io.stderr.write(program.command.helpInformation());
    return EXIT.usage;
  }
  try {
    await program.command.parseAsync(helpAsOption(argv), { from: "user" });
    return program.exitCode();
  } catch (thrown) {
    if (isHelpOrVersion(thrown)) {
      await program.printed();
      return EXIT.done;
    }
    const error = thrown instanceof CommanderError ? usageError(thrown) : thrown;
    // Options behind a mistake have not been read yet, but how to speak must be known all the same.
    const json = program.globals().json || argv.includes("--json");
    return await reportError(error, { io, json });
  }
}

/** `help <command>` is `<command> --help`, because that loads the command's options first. */
function helpAsOption(argv: readonly string[]): readonly string[] {
  const at = argv.indexOf("help");
  const name = argv[at + 1];
  const onlyOptionsBefore = argv.slice(0, at).every((word) => word.startsWith("-"));
  if (at === -1 || !onlyOptionsBefore || name === undefined || name.startsWith("-")) return argv;
  const known = COMMANDS.some((entry) => entry.name === name || entry.alias === name);
  return [...argv.slice(0, at), name, ...(known ? ["--help"] : [])];
}

function isHelpOrVersion(thrown: unknown): boolean {
  return thrown instanceof CommanderError && thrown.exitCode === 0;
}

/** What Commander refuses, in our words: it begins its messages with "error: " and ends them with a suggestion line. */
function usageError(error: CommanderError): SafepointError {
  const [first = "", ...rest] = error.message.replace(/^error: /, "").split("\n");
  const suggestion = /\((?:Did you mean )(.+)\?\)/.exec(rest.join(" "))?.[1];
  const nearest = suggestion?.replace(/^one of /, "").split(", ");
  return new SafepointError("usage", first, { details: nearest ? { nearest } : {} });
}
