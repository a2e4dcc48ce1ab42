import type { Command, Option } from "commander";

export interface OptionWords {
  /** `--store`, and `-h` where there is one. */
  readonly flags: readonly string[];
  readonly description: string;
  readonly takesValue: boolean;
}

export interface CommandWords {
  /** Its name and aliases. */
  readonly names: readonly string[];
  readonly summary: string;
  /** Its own and the global ones. */
  readonly options: readonly OptionWords[];
  /** Whether a file name may follow. */
  readonly takesFiles: boolean;
}

/** The tree of commands as completions need it. All its commands must have been loaded. */
export function readCommands(root: Command): readonly CommandWords[] {
  const globals = root.options.map(optionWords);
  return root.commands
    .filter((command) => command.name() !== "help")
    .map((command) => ({
      names: [command.name(), ...command.aliases()],
      summary: command.summary(),
      options: [...command.options.map(optionWords), ...globals, HELP],
      takesFiles: command.registeredArguments.some((argument) => /file/.test(argument.name())),
    }));
}

const HELP: OptionWords = { flags: ["-h", "--help"], description: "print this help", takesValue: false };

function optionWords(option: Option): OptionWords {
  return {
    flags: [option.short, option.long].filter((flag) => flag !== undefined && flag !== null),
    description: option.description,
    takesValue: option.required || option.optional,
  };
}
