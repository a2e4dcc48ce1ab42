import type { Io } from "./io.ts";

/** Options every command has, before or after its name. */
export interface GlobalOptions {
  readonly store: string | undefined;
  readonly json: boolean;
  readonly quiet: boolean;
  readonly color: boolean;
}

/** What a command is given: the world, the global options, and how to speak. stdout is data, stderr everything else. */
export interface Cli {
  readonly io: Io;
  readonly globals: GlobalOptions;
  /** The command's one result: indented JSON with `--json`, else what `human` makes of it. */
  result(value: unknown, human?: () => string): Promise<void>;
  /** One of many results, as a line of JSON. */
  jsonLine(value: unknown): Promise<void>;
  /** A word to the person in front, on stderr; not with `--quiet`. */
  note(text: string): Promise<void>;
}

export function createCli(io: Io, globals: GlobalOptions): Cli {
  return {
    io,
    globals,
    result: (value, human) =>
      io.stdout.write(
        globals.json || human === undefined ? `${JSON.stringify(value, null, 2)}\n` : withNewline(human()),
      ),
    jsonLine: (value) => io.stdout.write(`${JSON.stringify(value)}\n`),
    note: (text) => (globals.quiet ? Promise.resolve() : io.stderr.write(withNewline(text))),
  };
}

function withNewline(text: string): string {
  return text === "" || text.endsWith("\n") ? text : `${text}\n`;
}
