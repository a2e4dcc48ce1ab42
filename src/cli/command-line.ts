import type { Cli } from "./cli.ts";

/** What to type for a command, in the same shell and directory: with `--store` where this command was given one. */
export function commandLine(cli: Cli, words: readonly string[]): string {
  const store = cli.globals.store === undefined ? [] : ["--store", cli.globals.store];
  return ["safepoint", ...words, ...store].map(shellWord).join(" ");
}

/** A word as a shell reads it back. */
function shellWord(word: string): string {
  return /^[A-Za-z0-9_./:=@%+,~-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}
