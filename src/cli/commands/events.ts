import type { Command } from "commander";
import type { JournalEntry } from "../../journal/entry.ts";
import type { Store } from "../../persistence/store.ts";
import { outsideEntry } from "../../runtime/queries/entry-outside.ts";
import { findRun } from "../../runtime/queries/find-run.ts";
import { journalPages } from "../../runtime/queries/journal-pages.ts";
import { tailChain } from "../../runtime/queries/tail-chain.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { EXIT } from "../exit-codes.ts";
import { withStore } from "../open-store.ts";
import { collect, readCount, readPlace, readWord } from "../option-values.ts";

interface Options {
  readonly after?: string;
  readonly follow?: boolean;
  readonly branch?: string;
  readonly stage?: string;
  readonly type?: readonly string[];
}

export function define(command: Command, act: Act): void {
  command
    .argument("<run>", "id of a run")
    .option("--after <seq>", "only later entries")
    .option("--follow", "wait for more, until the run, or the one it starts over as, has ended")
    .option("--branch <path>", "only of this branch or activation, and all below it")
    .option("--stage <address>", "only of this stage")
    .option("--type <type>", "only of this type (repeatable)", collect)
    .action(act(events));
}

async function events(cli: Cli, runId: string, options: Options): Promise<number> {
  const query = {
    runId,
    after: options.after === undefined ? 0 : readCount("--after", options.after),
    ...(options.branch === undefined ? {} : { within: readPlace("--branch", options.branch) }),
    ...(options.stage === undefined ? {} : { stage: options.stage }),
    ...(options.type === undefined ? {} : { types: await knownTypes(options.type) }),
  };
  return withStore(cli, {}, async (store) => {
    await findRun(store, runId);
    if (options.follow) return follow(cli, store, query);
    await print(cli, journalPages(store, query));
    return EXIT.done;
  });
}

async function follow(cli: Cli, store: Store, query: Parameters<typeof journalPages>[1]): Promise<number> {
  const stop = new AbortController();
  let code: number = EXIT.done;
  const end = (exit: number) => () => {
    code = exit;
    stop.abort();
  };
  const giveBack = [cli.io.onSignal("SIGINT", end(EXIT.interrupted)), cli.io.onSignal("SIGTERM", end(EXIT.terminated))];
  try {
    await print(cli, tailChain(store, { ...query, signal: stop.signal }));
    return code;
  } finally {
    for (const give of giveBack) give();
  }
}

/** Waits for each page to be taken before the next is read, and stops when nobody reads any more. */
async function print(cli: Cli, pages: AsyncIterable<readonly JournalEntry[]>): Promise<void> {
  for await (const page of pages) {
    await cli.io.stdout.write(page.map((entry) => `${JSON.stringify(outsideEntry(entry))}\n`).join(""));
    if (cli.io.stdout.closed) return;
  }
}

/** A type nobody writes would wait for ever without a word. */
async function knownTypes(types: readonly string[]): Promise<readonly string[]> {
  const { CATALOGUE } = await import("../../journal/catalogue.ts");
  return types.flatMap((type) => type.split(",")).map((type) => readWord("--type", type, Object.keys(CATALOGUE)));
}
