/** The app as a listener of Node's `http`, and answers to what is no request at all. */
import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import { getRequestListener, RequestError } from "@hono/node-server";
import type { Hono } from "hono";
import { type ErrorCode, SafepointError } from "../../errors.ts";
import { asSafepointError, problemOf, problemResponse } from "../api/problem.ts";

/** For `http.createServer(nodeListener(app))`, also where the app is only a part of what the server answers. */
export function nodeListener(app: Hono): (request: IncomingMessage, response: ServerResponse) => void {
  const answer = getRequestListener((request, env) => app.fetch(request, env), {
    // Whoever embeds us keeps the Request and Response of its platform.
    overrideGlobalObjects: false,
    errorHandler: (thrown) => {
      const isRefusal = thrown instanceof RequestError;
      return problemResponse(
        problemOf(isRefusal ? new SafepointError("usage", thrown.message) : asSafepointError(thrown)),
      );
    },
  });
  return (request, response) => void answer(request, response);
}

/** What the parser of HTTP gives up on: nothing of ours has seen it. */
export function answerBrokenRequest(failure: NodeJS.ErrnoException, socket: Duplex): void {
  if (failure.code === "ECONNRESET" || !socket.writable) {
    socket.destroy();
    return;
  }
  const [code, detail] = BROKEN[failure.code ?? ""] ?? (["usage", "the request is not HTTP"] as const);
  const problem = { ...problemOf(new SafepointError(code, detail)) };
  const body = `${JSON.stringify(problem)}\n`;
  const head = [
    `HTTP/1.1 ${problem.status} ${problem.title}`,
    "content-type: application/problem+json",
    `content-length: ${Buffer.byteLength(body)}`,
    "connection: close",
  ];
  socket.end(`${head.join("\r\n")}\r\n\r\n${body}`);
}

const BROKEN: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ERR_HTTP_REQUEST_TIMEOUT: ["request_timeout", "the request did not arrive in time"],
  HPE_HEADER_OVERFLOW: ["headers_too_large", "the headers of the request are too large"],
};
