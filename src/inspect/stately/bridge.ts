/**
 * Shows what an inspection feed tells in Stately Inspector. A page on loopback holds the inspector in a frame, reads the
 * feed from here as server-sent events, and hands it on. Why not with their server: docs/decisions/0014.
 */
import { randomBytes } from "node:crypto";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { messageOf, SafepointError } from "../../errors.ts";
import { STATELY_PAGES_MAX } from "../../limits.ts";
import type { Inspection } from "../../runtime/inspection/inspection.ts";
import { StatelyFollower } from "./follower.ts";
import { StatelyHistory } from "./history.ts";
import { pageHeaders, pageHtml } from "./page.ts";

export interface StatelyOptions {
  /** Default: any that is free. */
  readonly port?: number;
  /** Of Stately Inspector. Default: `https://stately.ai/inspect`. */
  readonly inspectorUrl?: string;
}

export interface StatelyBridge extends AsyncDisposable {
  /** Of the page, to be opened in a browser on this machine. Whoever knows it sees everything: it is a secret. */
  readonly url: string;
  /** For `createRuntime({ inspect })`, or for `runtime.inspect().subscribe`. */
  readonly inspect: { readonly next: (step: Inspection) => void; readonly complete: () => void };
  /** Ends the pages when they have read what there is, and listens no more. */
  close(): Promise<void>;
}

const LOOPBACK = "127.0.0.1";
/** How long a page may go on reading what was there when the bridge was closed. */
const CLOSE_GRACE_MS = 1_000;
const STATELY_INSPECTOR = "https://stately.ai/inspect";

/**
 * Opens a bridge on loopback. It ends with the feed.
 *
 * Throws: configuration when the port is taken, or the inspector's address is none.
 */
export async function openStatelyBridge(options: StatelyOptions = {}): Promise<StatelyBridge> {
  const inspectorUrl = checkedUrl(options.inspectorUrl ?? STATELY_INSPECTOR);
  const history = new StatelyHistory();
  const followers = new Set<StatelyFollower>();
  const path = `/${randomBytes(24).toString("base64url")}/`;
  const server = await listen(options.port ?? 0, (request, response) => {
    // Or a connection that does nothing would keep the server from closing.
    response.setHeader("connection", "close");
    if (!isLocal(request) || request.method !== "GET") return refuse(response, 403);
    if (request.url === path) return sendPage(response, inspectorUrl);
    if (request.url !== `${path}events`) return refuse(response, 404);
    if (followers.size >= STATELY_PAGES_MAX) return refuse(response, 503);
    const follower = new StatelyFollower(response, history);
    followers.add(follower);
    response.once("close", () => followers.delete(follower));
    follower.pump();
  });
  let closed: Promise<void> | undefined;
  const close = (): Promise<void> => {
    closed ??= new Promise((resolve) => {
      const cut = setTimeout(() => server.closeAllConnections(), CLOSE_GRACE_MS);
      server.close(() => {
        clearTimeout(cut);
        resolve();
      });
      for (const follower of followers) follower.end();
    });
    return closed;
  };
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://${LOOPBACK}:${port}${path}`,
    inspect: {
      next(step) {
        history.add(step);
        for (const follower of followers) follower.pump();
      },
      complete: () => void close(),
    },
    close,
    [Symbol.asyncDispose]: close,
  };
}

function checkedUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new SafepointError("configuration", `the address of Stately Inspector is no address of the web: ${text}`);
}

type Answer = (request: IncomingMessage, response: ServerResponse) => void;

async function listen(port: number, answer: Answer): Promise<Server> {
  const { createServer } = await import("node:http");
  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once("error", (cause) => {
      reject(new SafepointError("configuration", `port ${port} cannot be listened to: ${messageOf(cause)}`, { cause }));
    });
    server.listen(port, LOOPBACK, resolve);
  });
  return server;
}

/** A page from elsewhere may have its own name resolved to loopback: then it does not call us by ours. */
function isLocal({ headers, socket }: IncomingMessage): boolean {
  const hosts = [LOOPBACK, "localhost"].map((name) => `${name}:${socket.localPort}`);
  return headers.host !== undefined && hosts.includes(headers.host);
}

function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { "content-length": 0 }).end();
}

function sendPage(response: ServerResponse, inspectorUrl: string): void {
  const parts = { inspectorUrl, nonce: randomBytes(16).toString("base64") };
  response.writeHead(200, pageHeaders(parts)).end(pageHtml(parts));
}
