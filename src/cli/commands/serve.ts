import type { Command } from "commander";
import { SERVER_PORT_DEFAULT } from "../../limits.ts";
import type { Store } from "../../persistence/store.ts";
import type { Cli } from "../cli.ts";
import type { Act } from "../command-table.ts";
import { addHandlerOptions, type HandlerOptions, readHandlerSetup } from "../driver-options.ts";
import { EXIT } from "../exit-codes.ts";
import { storeLocation } from "../open-store.ts";
import { collect, readDuration } from "../option-values.ts";
import { readServeOptions, readWebhooks, type ServeWords } from "../serve-options.ts";
import { logOf, withRuntime } from "../with-runtime.ts";

interface Options extends HandlerOptions, ServeWords {
  readonly autoApprove?: boolean;
  readonly grace?: string;
}

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
    .option("--webhook <url>", "tell this address of questions and of ends of runs (repeatable)", collect)
    .option("--webhook-secret-file <file>", "file with the secret that webhooks are signed with")
    .option("--grace <duration>", "how long what is under way may take to end when it stops (default: 10s)")
    .action(act(serve));
}

/** Drives what nobody drives, and answers, until it is told to stop: then it gives everything back. */
async function serve(cli: Cli, options: Options): Promise<number> {
  const setup = await readHandlerSetup(cli, options);
  const { assertCanServe, serve: listen } = await import("../../server/node/serve.ts");
  const { deliverWebhooks } = await import("../../server/webhooks/deliver-webhooks.ts");
  const { withWebhooks } = await import("../../server/webhooks/webhook-store.ts");
  const asked = await readServeOptions(cli, options);
  const webhooks = await readWebhooks(cli, options);
  const grace = options.grace === undefined ? {} : { graceMs: readDuration("--grace", options.grace) };
  // Before runs are taken up, which a port in use would cut short at once.
  await assertCanServe(asked);
  const log = logOf(cli);
  const driving = {
    ...(await chooseInterviewer(options)),
    setup,
    create: true,
    recover: true,
    wrap: (store: Store) => withWebhooks(store, webhooks),
  };
  return withRuntime(cli, driving, async (runtime) => {
    const stopped = whenTold(cli);
    const serving = await listen(runtime, { ...asked, types: Object.keys(setup.handlers), log });
    const delivery = deliverWebhooks(runtime.store, webhooks, { log });
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
      await Promise.all([serving.close(), delivery.stop()]);
    }
    return EXIT.done;
  });
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
