import type { CommandWords, OptionWords } from "./command-words.ts";

/** A completion script for fish. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const lines = ["# fish completion for safepoint", "complete -c safepoint -f"];
  for (const command of commands) {
    for (const name of command.names) {
      lines.push(`complete -c safepoint -n __fish_use_subcommand -a ${name} -d ${quote(command.summary)}`);
    }
    const condition = quote(`__fish_seen_subcommand_from ${command.names.join(" ")}`);
    if (command.takesFiles) lines.push(`complete -c safepoint -n ${condition} -F`);
    for (const option of command.options) lines.push(`complete -c safepoint -n ${condition} ${optionOf(option)}`);
  }
  return `${lines.join("\n")}\n`;
}

function optionOf({ flags, description, takesValue }: OptionWords): string {
  const words = flags.map((flag) => (flag.startsWith("--") ? `-l ${flag.slice(2)}` : `-s ${flag.slice(1)}`));
  return `${words.join(" ")}${takesValue ? " -r -F" : ""} -d ${quote(description)}`;
}

function quote(text: string): string {
  return `'${text.replaceAll("\\", "\\\\").replaceAll("'", "\\'")}'`;
}
