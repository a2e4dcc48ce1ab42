import type { Command } from "commander";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { bashCompletion } from "../completion/bash.ts";
import { readCommands } from "../completion/command-words.ts";
import { fishCompletion } from "../completion/fish.ts";
import { zshCompletion } from "../completion/zsh.ts";
import { readWord } from "../option-values.ts";
import { createProgram } from "../program.ts";

const SHELLS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

export function define(command: Command, act: Act): void {
  command.argument("<shell>", Object.keys(SHELLS).join(", ")).action(act(completion));
}

async function completion(cli: Cli, shell: string): Promise<number> {
  const name = readWord("shell", shell, Object.keys(SHELLS) as (keyof typeof SHELLS)[]);
  const program = createProgram(cli.io);
  await program.loadAll();
  await cli.io.stdout.write(SHELLS[name](readCommands(program.command)));
  return 0;
}
