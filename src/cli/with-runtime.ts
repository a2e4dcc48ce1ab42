import type { HandlerLog } from "../actors/handler.ts";
import type { Store } from "../persistence/store.ts";
import type { Runtime, RuntimeOptions } from "../runtime/api.ts";
import type { Cli } from "./cli.ts";
import { disposing } from "./disposing.ts";
import type { HandlerSetup } from "./driver-options.ts";
import { withStore } from "./open-store.ts";
import { printable } from "./text/printable.ts";

/** Makes a runtime over the store, hands it on, and stops it whatever comes: its leases are given back, its processes end. */
export function withRuntime(
  cli: Cli,
  options: {
    readonly setup: HandlerSetup;
    readonly create?: boolean;
    /** Also drives what nobody drives. */
    readonly recover?: boolean;
    /** Around the store that the runtime has. */
    readonly wrap?: (store: Store) => Store;
    readonly interviewer?: RuntimeOptions["interviewer"];
  },
  use: (runtime: Runtime) => Promise<number>,
): Promise<number> {
  return withStore(cli, { create: options.create === true }, async (store) => {
    const { createRuntime } = await import("../runtime/create-runtime.ts");
    const { setup, recover = false, interviewer, wrap } = options;
    const runtimeWith = (inspect: RuntimeOptions["inspect"]) =>
      createRuntime({
        store: wrap ? wrap(store) : store,
        handlers: setup.handlers,
        codergen: setup.codergen,
        cwd: cli.io.cwd,
        log: logOf(cli),
        recover,
        ...(interviewer === undefined ? {} : { interviewer }),
        ...(inspect === undefined ? {} : { inspect }),
      });
    if (!setup.stately) return disposing(await runtimeWith(undefined), use);
    return disposing(await openStately(cli), async ({ inspect }) => disposing(await runtimeWith(inspect), use));
  });
}

/** Says where to look; whoever opens that page later is shown what was until then. */
async function openStately(cli: Cli) {
  const { openStatelyBridge } = await import("../inspect/stately/bridge.ts");
  const bridge = await openStatelyBridge();
  await cli.note(`stately: ${bridge.url}`);
  return bridge;
}

/** What handlers and the driver have to say: warnings and errors, as lines on stderr. */
export function logOf(cli: Cli): HandlerLog {
  const line = (level: string) => (message: string, fields?: Record<string, unknown>) => {
    const rest = fields === undefined ? "" : ` ${JSON.stringify(fields)}`;
    void cli.note(printable(`${level}: ${message}${rest}`));
  };
  const nothing = () => {};
  const verbose = Boolean(cli.io.env["SAFEPOINT_DEBUG"]);
  return {
    debug: verbose ? line("debug") : nothing,
    info: verbose ? line("info") : nothing,
    warn: line("warning"),
    error: line("error"),
  };
}
