/** The server as a Hono app: guards, the operations, and what is said where there is none. Source: 05 §2. */
import { type Context, Hono } from "hono";
import { SafepointError } from "../errors.ts";
import type { Runtime } from "../runtime/api.ts";
import { KeptViews } from "../runtime/queries/kept-views.ts";
import { openApiDocument } from "./api/openapi.ts";
import { type Operation, routePattern } from "./api/operation.ts";
import { asSafepointError, problemOf, problemResponse } from "./api/problem.ts";
import { readBody, readQuery } from "./api/read-request.ts";
import type { Api } from "./api.ts";
import { mountDashboard } from "./dashboard/mount-dashboard.ts";
import { refuseForeign } from "./guards/origin.ts";
import { refuseWithoutToken } from "./guards/token.ts";
import { CensusTaker } from "./metrics/census.ts";
import { OPERATIONS } from "./operations.ts";
import type { ServerOptions } from "./server-options.ts";
import { Feeds } from "./sse/feeds.ts";

/**
 * Everything a runtime can be asked, over HTTP. Mounts anywhere: `app.route("/safepoint", createServer(runtime))`. The
 * runtime stays the caller's: whoever made it stops it.
 */
export function createServer(runtime: Runtime, options: ServerOptions = {}): Hono {
  const api = createApi(runtime, options);
  const app = new Hono();
  app.onError((thrown) => refusal(thrown, api));
  app.use("*", async (c, next) => {
    refuseForeign(c, options);
    await next();
    count(api, c.req.method, c.res.status);
  });
  const routes: readonly Route[] = [
    ...OPERATIONS.map((row) => {
      return { method: row.method, path: routePattern(row), isOpen: row.open === true, answer: answerOf(row, api) };
    }),
    { method: "get", path: "/openapi.json", isOpen: false, answer: () => json(documentText()) },
  ];
  for (const route of routes) {
    app.on(route.method.toUpperCase(), route.path, (c) => {
      if (options.token !== undefined && !route.isOpen) refuseWithoutToken(c, options.token);
      return route.answer(c);
    });
  }
  for (const path of new Set(routes.map((route) => route.path))) app.all(path, (c) => refuseMethod(c, routes, path));
  if (options.dashboard !== undefined) mountDashboard(app, options.dashboard);
  app.all("*", (c) => {
    throw new SafepointError("route_not_found", `there is nothing at ${c.req.method} ${c.req.path}`);
  });
  return app;
}

let madeDocument: string | undefined;

/** Made when it is first asked for: it takes longer than all else that a server begins with. */
function documentText(): string {
  madeDocument ??= `${JSON.stringify(openApiDocument(OPERATIONS), null, 2)}\n`;
  return madeDocument;
}

interface Route {
  readonly method: "get" | "post";
  readonly path: string;
  readonly isOpen: boolean;
  readonly answer: (c: Context) => Response | Promise<Response>;
}

function createApi(runtime: Runtime, options: ServerOptions): Api {
  const { store } = runtime;
  const now = () => Date.now();
  return {
    runtime,
    store,
    options,
    feeds: new Feeds(store),
    views: new KeptViews(store),
    census: new CensusTaker(store, now),
    requests: new Map(),
    runsByKey: new Map(),
    startsByKey: new Map(),
    now,
    closing: options.closing ?? new AbortController().signal,
  };
}

function answerOf(row: Operation, api: Api): Route["answer"] {
  return async (c) => {
    const query = readQuery(row, c.req.url);
    const body = row.method === "post" ? await readBody(row, c) : undefined;
    return row.handle({ c, params: c.req.param(), query, body }, api);
  };
}

function refuseMethod(c: Context, routes: readonly Route[], path: string): Response {
  const allowed = routes.filter((route) => route.path === path).map(({ method }) => method.toUpperCase());
  const allow = allowed.includes("GET") ? [...allowed, "HEAD"] : allowed;
  const error = new SafepointError("method_not_allowed", `${c.req.method} is not among ${allow.join(", ")}`);
  return problemResponse(problemOf(error), { allow: allow.join(", ") });
}

function refusal(thrown: unknown, { options }: Api): Response {
  const error = asSafepointError(thrown);
  if (error.httpStatus >= 500)
    options.log?.error("a request failed", { code: error.code, message: String(error.cause ?? error.message) });
  const problem = problemOf(error);
  return problemResponse(problem, error.code === "unauthorized" ? { "www-authenticate": "Bearer" } : {});
}

function count({ requests }: Api, method: string, status: number): void {
  const labels = `{method="${METHODS.has(method) ? method : "other"}",status="${status}"}`;
  requests.set(labels, (requests.get(labels) ?? 0) + 1);
}

/** Of those that a client may make up only some are told apart: each would be a series of its own. */
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "POST", "OPTIONS"]);

function json(text: string): Response {
  return new Response(text, { headers: { "content-type": "application/json" } });
}
