import { createHash } from "node:crypto";
import type { Hono } from "hono";
import { expect, onTestFinished } from "vitest";
import { createRuntime, type Runtime } from "../../src/index.ts";
import type { RuntimeOptions } from "../../src/runtime/api.ts";
import { routePattern } from "../../src/server/api/operation.ts";
import { createServer } from "../../src/server/create-server.ts";
import { OPERATIONS } from "../../src/server/operations.ts";
import { problemSchema } from "../../src/server/schemas/basics.ts";
import type { ServerOptions } from "../../src/server/server-options.ts";
import { EagerClock } from "../runtime/eager-clock.ts";

export interface Client {
  readonly runtime: Runtime;
  readonly app: Hono;
  get(path: string, headers?: Record<string, string>): Promise<Response>;
  post(path: string, body?: unknown, headers?: Record<string, string>): Promise<Response>;
  /** The JSON of an answer with this status. */
  read<T = Record<string, never>>(response: Response | Promise<Response>, status?: number): Promise<T>;
}

/** A server over a runtime in memory. Every answer is held against the schema that the server documents for it. */
export async function openServer(
  options: { readonly runtime?: RuntimeOptions; readonly server?: ServerOptions } = {},
): Promise<Client> {
  const runtime = await createRuntime({ clock: new EagerClock(), actor: "tester", ...options.runtime });
  onTestFinished(() => runtime.stop({ graceMs: 0 }));
  return clientOf(runtime, createServer(runtime, options.server));
}

export function clientOf(runtime: Runtime, app: Hono): Client {
  const ask = async (method: string, path: string, init: RequestInit): Promise<Response> => {
    const response = await app.request(path, { method, ...init });
    await assertDocumented(method, path, response);
    return response;
  };
  return {
    runtime,
    app,
    get: (path, headers = {}) => ask("GET", path, { headers }),
    post: (path, body, headers = {}) => ask("POST", path, jsonOf(body, headers)),
    async read<T>(response: Response | Promise<Response>, status = 200): Promise<T> {
      const got = await response;
      const text = await got.text();
      expect({ status: got.status, text }).toEqual({ status, text });
      return JSON.parse(text) as T;
    },
  };
}

export function jsonOf(body: unknown, headers: Record<string, string> = {}): RequestInit {
  if (body === undefined) return { headers };
  return { headers: { "content-type": "application/json", ...headers }, body: JSON.stringify(body) };
}

/** That an answer is one that the table of operations has. */
async function assertDocumented(method: string, path: string, response: Response): Promise<void> {
  const type = response.headers.get("content-type") ?? "";
  if (response.status >= 400 && type !== "application/json") {
    expect(type).toBe("application/problem+json");
    const problem = problemSchema.parse(await response.clone().json());
    expect(problem.status).toBe(response.status);
    return;
  }
  const row = rowAt(method, path);
  if (!row) return;
  const answer = row.answers[response.status];
  expect(answer, `${method} ${path} answers ${response.status}`).toBeDefined();
  if (type.startsWith("application/json") && answer?.schema) answer.schema.parse(await response.clone().json());
  else expect(answer?.media?.some((media) => media === "*/*" || type.startsWith(media))).toBe(true);
}

function rowAt(method: string, path: string) {
  const [plain = ""] = path.split("?");
  return OPERATIONS.find((row) => {
    const pattern = routePattern(row)
      .replace(/:\w+\{\.\+\}/g, ".+")
      .replace(/:\w+/g, "[^/]+");
    return row.method.toUpperCase() === method && new RegExp(`^${pattern}$`).test(plain);
  });
}

/** What is stored: equal before and after means that nothing was. */
export async function storedDigest({ store }: Runtime): Promise<string> {
  const runs = await store.read("runs", {});
  const journal = await store.read("journal", {});
  return createHash("sha256")
    .update(JSON.stringify([runs, journal]))
    .digest("hex");
}

export async function newest({ runtime }: Client): Promise<number> {
  const [last] = await runtime.store.read("journal", { descending: true, limit: 1 });
  return last?.gseq ?? 0;
}

/** Until nothing that was set going writes any more. */
export async function settled(client: Client): Promise<number> {
  for (let quiet = 0, last = -1; ; ) {
    const now = await newest(client);
    quiet = now === last ? quiet + 1 : 0;
    last = now;
    if (quiet === 5) return now;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

export interface SentEvent {
  readonly id: number | undefined;
  readonly event: string;
  readonly data: Record<string, unknown>;
}

/** Server-sent events as they come in; comments are given as events named `:`. */
export async function* eventsOf(response: Response): AsyncGenerator<SentEvent> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of response.body ?? []) {
    text += decoder.decode(chunk as Uint8Array, { stream: true });
    const blocks = text.split("\n\n");
    text = blocks.pop() ?? "";
    for (const block of blocks) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1];
      if (block.startsWith(":")) yield { id: undefined, event: ":", data: {} };
      const data = field("data");
      if (data === undefined) continue;
      const id = field("id");
      yield { id: id === undefined ? undefined : Number(id), event: field("event") ?? "", data: JSON.parse(data) };
    }
  }
  expect(text).toBe("");
}

export async function allOf<T>(items: AsyncIterable<T>): Promise<T[]> {
  const all: T[] = [];
  for await (const item of items) all.push(item);
  return all;
}

/** A pipeline of nodes of the type `step`, between `start` and `exit`. */
export function pipeline(body: string, graph = ""): string {
  return `digraph test {
    graph [goal="test" ${graph}]
    node [type=step]
    start [shape=Mdiamond, type=start]
    exit [shape=Msquare, type=exit]
    ${body}
  }`;
}

export const HELLO = pipeline("a; b; start -> a -> b -> exit");
export const ASKING = pipeline(
  'ask [type="wait.human", label="Ship it?"]; no; start -> ask; ask -> exit [label="[Y] Yes"]; ask -> no [label="[N] No"]; no -> exit',
);
/** Handlers that do nothing, for pipelines of {@link pipeline}. */
export const steps = { step: () => ({ status: "success" as const }) };
