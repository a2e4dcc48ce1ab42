import type { Command } from "commander";
import { LIST_ITEMS_MAX as LIMIT_MAX } from "../limits.ts";
import type { Cli } from "./cli.ts";
import { badValue, readCount } from "./option-values.ts";

/** What every command that lists in pages may be given. */
export interface PageOptions {
  readonly limit: string;
  readonly cursor?: string;
}

/** `limit`: of one page, when nothing is said. */
export function addPageOptions(command: Command, limit: number): Command {
  return command
    .option("--limit <n>", `at most so many, up to ${LIMIT_MAX}`, String(limit))
    .option("--cursor <cursor>", "go on where the last page ended");
}

/** *Throws* `usage`. */
export function readPage({ limit: text, cursor }: PageOptions): { limit: number; cursor: string | undefined } {
  const limit = readCount("--limit", text, 1);
  if (limit > LIMIT_MAX) throw badValue("--limit", `at most ${LIMIT_MAX}`, text);
  return { limit, cursor };
}

/** Tells a person that there is more; a program finds the cursor in the document. */
export async function noteMore(cli: Cli, cursor: string | undefined, shown?: string): Promise<void> {
  if (cli.globals.json || cursor === undefined) return;
  await cli.note(`more${shown === undefined ? "" : ` (${shown})`}: --cursor ${cursor}`);
}
