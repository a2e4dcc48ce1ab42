import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import type { Command } from "commander";
import { messageOf, SafepointError } from "../../errors.ts";
import { SERVER_PORT_DEFAULT } from "../../limits.ts";
import type { ServeOptions } from "../../server/node/serve.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { addHandlerOptions, type HandlerOptions, readHandlerSetup } from "../driver-options.ts";
import { EXIT } from "../exit-codes.ts";
import { storeLocation } from "../open-store.ts";
import { badValue, collect, readCount, readDuration } from "../option-values.ts";
import { readDefinitions } from "../read-definitions.ts";
import { logOf, withRuntime } from "../with-runtime.ts";

interface Options extends HandlerOptions {
  readonly port: string;
  readonly host: string;
  readonly tokenFile?: string;
  readonly allowHost?: readonly string[];
  readonly pipelines?: string;
  readonly autoApprove?: boolean;
  readonly grace?: string;
}

const PORT_MAX = 65_535;

export function define(command: Command, act: Act): void {
  command
    .option("--port <port>", "where it listens; 0 takes any that is free", String(SERVER_PORT_DEFAULT))
    .option("--host <address>", "at which address; one beyond this machine takes a token", "127.0.0.1")
    .option("--token-file <file>", "file with the token that whoever asks has to show")
    .option("--allow-host <name>", "a name by which it may be called, as behind a proxy (repeatable)", collect)
    .option(
      "--pipelines <dir>",
      "directory of *.dot files that can be started by name; @file and child pipelines start there",
    );
  addHandlerOptions(command)
    .option("--auto-approve", "answer every question with its first option")
    .option("--grace <duration>", "how long what is under way may take to end when it stops (default: 10s)")
    .action(act(serve));
}

/** Drives what nobody drives, and answers, until it is told to stop: then it gives everything back. */
async function serve(cli: Cli, options: Options): Promise<number> {
  const setup = await readHandlerSetup(cli, options);
  const { assertCanServe, serve: listen } = await import("../../server/node/serve.ts");
  const asked = await readServeOptions(cli, options);
  // Before runs are taken up, which a port in use would cut short at once.
  await assertCanServe(asked);
  const grace = options.grace === undefined ? {} : { graceMs: readDuration("--grace", options.grace) };
  const interviewer = await chooseInterviewer(options);
  return withRuntime(cli, { setup, create: true, recover: true, ...interviewer }, async (runtime) => {
    const stopped = whenTold(cli);
    const serving = await listen(runtime, { ...asked, types: Object.keys(setup.handlers), log: logOf(cli) });
    try {
      const { url, port } = serving;
      await cli.result({ url, port, host: options.host, store: storeLocation(cli) }, () => url);
      await cli.note(`serving ${runtime.store.location}; Ctrl-C stops`);
      const signal = await stopped.signal;
      await cli.note(`${signal}: stopping; what is under way has a moment to end, a second signal leaves at once`);
      serving.drain();
      await runtime.stop(grace);
    } finally {
      stopped.end();
      await serving.close();
    }
    return EXIT.done;
  });
}

async function readServeOptions(cli: Cli, options: Options): Promise<ServeOptions> {
  const { allowHost, pipelines, tokenFile, host } = options;
  const port = readCount("--port", options.port);
  if (port > PORT_MAX) throw badValue("--port", `at most ${PORT_MAX}`, options.port);
  return {
    port,
    host,
    baseDir: resolve(cli.io.cwd, pipelines ?? "."),
    ...(tokenFile === undefined ? {} : { token: await readToken(cli, tokenFile) }),
    ...(allowHost === undefined ? {} : { hosts: [...allowHost, "localhost", "127.0.0.1", "[::1]"] }),
    ...(pipelines === undefined ? {} : { definitions: await readDefinitions(cli, pipelines) }),
  };
}

async function readToken(cli: Cli, file: string): Promise<string> {
  const text = await readFile(resolve(cli.io.cwd, file), "utf8").catch((cause: unknown) => {
    throw new SafepointError("file_not_found", `--token-file: cannot read ${file}: ${messageOf(cause)}`, { cause });
  });
  const token = text.trim();
  if (/^\S+$/.test(token)) return token;
  throw new SafepointError(
    "configuration",
    `--token-file: expected one word in ${file}, found ${token === "" ? "none" : "more"}`,
  );
}

async function chooseInterviewer({ autoApprove }: Options) {
  if (!autoApprove) return {};
  const { autoApproveInterviewer } = await import("../../actors/interviewers/auto-approve.ts");
  return { interviewer: autoApproveInterviewer() };
}

/** The first signal stops, the second leaves at once. */
function whenTold(cli: Cli) {
  const { promise, resolve: tell } = Promise.withResolvers<string>();
  let told = false;
  const listener = (signal: string, code: number) => () => {
    if (told) cli.io.exit(code);
    told = true;
    tell(signal);
  };
  const giveBack = [
    cli.io.onSignal("SIGINT", listener("SIGINT", EXIT.interrupted)),
    cli.io.onSignal("SIGTERM", listener("SIGTERM", EXIT.terminated)),
    cli.io.onSignal("SIGHUP", listener("SIGHUP", EXIT.hungUp)),
  ];
  const end = () => {
    for (const give of giveBack) give();
  };
  return { signal: promise, end };
}
