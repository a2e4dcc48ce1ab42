/** The server as a process has it: Node's HTTP server before the app, limits at the socket, and a way to stop. */
import { once } from "node:events";
import { createServer as createHttpServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { SafepointError } from "../../errors.ts";
import { HTTP_BODY_MS_MAX, HTTP_HEADERS_MS_MAX, SERVER_PORT_DEFAULT } from "../../limits.ts";
import type { Runtime } from "../../runtime/api.ts";
import { createServer } from "../create-server.ts";
import { findDashboard } from "../dashboard/find-dashboard.ts";
import type { ServerOptions } from "../server-options.ts";
import { answerBrokenRequest, nodeListener } from "./node-listener.ts";

export interface ServeOptions extends Omit<ServerOptions, "closing"> {
  /** 0 takes any that is free. Default 7331. */
  readonly port?: number;
  /** Address to listen at; one beyond loopback takes a token. Default 127.0.0.1. */
  readonly host?: string;
}

export interface Serving {
  readonly url: string;
  readonly port: number;
  /** Not ready any more, and event streams end; whoever asks is still answered. */
  drain(): void;
  /** Takes no more connections, and waits so long for what is being answered. Default 2,000 ms. */
  close(options?: { readonly graceMs?: number }): Promise<void>;
}

const CLOSE_GRACE_MS = 2_000;
/** How often Node looks for requests that take too long. */
const CHECK_MS = 5_000;
const HOST_DEFAULT = "127.0.0.1";

/** *Throws* `configuration`: the port is in use, the address is none of ours, or is open to others without a token. */
export async function serve(runtime: Runtime, options: ServeOptions = {}): Promise<Serving> {
  const { port = SERVER_PORT_DEFAULT, host = HOST_DEFAULT, ...rest } = options;
  assertGuarded({ host, token: rest.token });
  const draining = new AbortController();
  const dashboard = rest.dashboard ?? findDashboard();
  const found = dashboard === undefined ? {} : { dashboard };
  const app = createServer(runtime, { ...rest, ...found, closing: draining.signal });
  const server = createHttpServer(
    {
      requestTimeout: HTTP_BODY_MS_MAX + HTTP_HEADERS_MS_MAX,
      headersTimeout: HTTP_HEADERS_MS_MAX,
      connectionsCheckingInterval: CHECK_MS,
    },
    nodeListener(app),
  );
  server.on("clientError", answerBrokenRequest);
  await listen(server, { port, host });
  const bound = (server.address() as AddressInfo).port;
  let closed: Promise<void> | undefined;
  return {
    url: `http://${host.includes(":") ? `[${host}]` : host}:${bound}`,
    port: bound,
    drain: () => draining.abort(),
    close({ graceMs = CLOSE_GRACE_MS } = {}) {
      draining.abort();
      closed ??= closeServer(server, graceMs);
      return closed;
    },
  };
}

/**
 * Whether {@link serve} could listen there: to be asked before anything is begun that a refusal would cut short.
 * *Throws* as that does.
 */
export async function assertCanServe(options: Pick<ServeOptions, "port" | "host" | "token">): Promise<void> {
  const { port = SERVER_PORT_DEFAULT, host = HOST_DEFAULT, token } = options;
  assertGuarded({ host, token });
  const probe = createHttpServer();
  await listen(probe, { port, host });
  await new Promise<void>((resolve) => probe.close(() => resolve()));
}

function assertGuarded({ host, token }: { readonly host: string; readonly token: string | undefined }): void {
  if (isLoopback(host) || token !== undefined) return;
  throw new SafepointError(
    "configuration",
    `listening at ${host} takes a token: everybody who reaches it may run commands`,
    { details: { host, hint: "--token-file names a file with one; without, the server listens at 127.0.0.1" } },
  );
}

async function listen(server: Server, at: { readonly port: number; readonly host: string }): Promise<void> {
  server.listen(at);
  try {
    await once(server, "listening");
  } catch (cause) {
    throw cannotListen(at, cause as NodeJS.ErrnoException);
  }
}

function cannotListen({ port, host }: { readonly port: number; readonly host: string }, cause: NodeJS.ErrnoException) {
  const why: Readonly<Record<string, string>> = {
    EADDRINUSE: `port ${port} of ${host} is in use`,
    EACCES: `port ${port} of ${host} is not for us`,
    EADDRNOTAVAIL: `${host} is no address of this machine`,
    ENOTFOUND: `${host} is no address of this machine`,
  };
  return new SafepointError(
    "configuration",
    why[cause.code ?? ""] ?? `cannot listen at ${host}:${port}: ${cause.message}`,
    {
      details: {
        port,
        host,
        ...(cause.code === "EADDRINUSE" ? { hint: "--port names another; 0 takes any that is free" } : {}),
      },
      cause,
    },
  );
}

async function closeServer(server: Server, graceMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  const late = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearTimeout(late);
}

function isLoopback(host: string): boolean {
  return host === "localhost" || host === "::1" || /^127(?:\.[0-9]{1,3}){3}$/.test(host);
}
