/** HTTP: the server as an app that is asked without a socket, or behind one. */
import { expect } from "vitest";
import { ERROR_CODES, type ErrorCode } from "../../src/errors.ts";
import { createRuntime } from "../../src/index.ts";
import { sqliteStore } from "../../src/persistence/sqlite/index.ts";
import { createServer, serve } from "../../src/server/index.ts";
import { allOf, eventsOf } from "../server/fixtures.ts";
import { byRunId, type Doc, type Door, type Place, type RunDoc, type Said } from "./door.ts";
import { handlers } from "./hands.ts";

type Ask = (path: string, init?: RequestInit) => Promise<Response>;
type Query = object;

const STREAM = { accept: "text/event-stream" };

export function httpDoor(place: Place): Promise<Door> {
  return openDoor(place, { socket: false });
}

/** The same behind Node's HTTP server, asked as any client does. */
export function socketDoor(place: Place): Promise<Door> {
  return openDoor(place, { socket: true });
}

async function openDoor({ dir, path }: Place, { socket }: { readonly socket: boolean }): Promise<Door> {
  const store = sqliteStore({ path, create: true });
  const runtime = await createRuntime({ store, handlers, cwd: dir });
  const options = { types: Object.keys(handlers), baseDir: dir };
  const serving = socket ? await serve(runtime, { ...options, port: 0 }) : undefined;
  const app = serving ? undefined : createServer(runtime, options);
  const ask: Ask = async (at, init = {}) => (app ? app.request(at, init) : fetch(`${serving?.url}${at}`, init));
  return {
    name: socket ? "socket" : "http",
    ...commands(ask),
    ...questions(ask),
    ...following(ask),
    ...looks(ask),
    close: async () => {
      await serving?.close({ graceMs: 0 });
      await runtime.stop({ graceMs: 0 });
      await store.close();
    },
  };
}

function commands(ask: Ask) {
  return {
    start: async (source, as) => onlyRunId(await post(ask, "/runs", { source, ...as }, 201)),
    pause: (runId, options) => post(ask, of(runId, "pause"), options),
    continue: (runId, options) => post(ask, of(runId, "continue"), options),
    cancel: (runId, options) => post(ask, of(runId, "cancel"), options),
    steer: (runId, message, options) => post(ask, of(runId, "steer"), { message, ...options }),
    fork: (runId, as) => post(ask, of(runId, "fork"), { ...as, drive: false }),
    resume: async (runId) => onlyRunId(await post(ask, of(runId, "resume"))),
    async control(verb, selector, options) {
      const { code, value } = await post(ask, "/control", { verb, ...selector, ...options }, 200);
      if (code !== "ok") return { code, value };
      const results = byRunId(value["results"] as readonly RunDoc[]);
      const meant = results.map(({ runId, before: status }) => ({ runId, status }));
      return { code, value: { results: options?.dryRun ? meant : results } };
    },
  } satisfies Partial<Door>;
}

function questions(ask: Ask) {
  return {
    questions: (runId) => get(ask, runId === undefined ? "/questions" : of(runId, "questions")),
    answer: (runId, { gate, ...given }) =>
      post(ask, `${of(runId, "questions")}/${encodeURIComponent(gate)}/answer`, given),
    async validate(source) {
      // Of a text, and not of a file: what the pipeline calls itself tells which.
      const {
        code,
        value: { name: _, ...value },
      } = await post(ask, "/validate", { source }, 200);
      return { code, value };
    },
  } satisfies Partial<Door>;
}

/** Waiting is following: until the entry that proves it. */
function following(ask: Ask) {
  const follow = async (runId: string, isIt: (event: string) => boolean): Promise<Doc> => {
    const response = await ask(of(runId, "events"), { headers: STREAM });
    for await (const { event, data } of eventsOf(response)) if (isIt(event)) return data;
    throw new Error(`the stream of ${runId} ended without what was waited for`);
  };
  /** A stream is that of one run: where that was started over, the next one is followed. */
  const finished = async (runId: string): Promise<Said> => {
    const { status } = await follow(runId, (event) => event === "end");
    const { restartedAs } = (await get(ask, of(runId, "lineage"))).value;
    return typeof restartedAs === "string" ? finished(restartedAs) : { code: "ok", value: { status } };
  };
  return {
    finished,
    async follow(runId, after) {
      const response = await ask(`${of(runId, "events")}?after=${after}`, { headers: STREAM });
      const sent = await allOf(eventsOf(response));
      expect(sent.at(-1)).toMatchObject({ event: "end", data: { runId } });
      const entries = sent.slice(0, -1).filter(({ event }) => event !== ":");
      for (const { id, event, data } of entries)
        expect({ id, event }).toEqual({ id: data["seq"], event: data["type"] });
      return { code: "ok", value: { events: entries.map(({ data }) => data) } };
    },
    async settled(runId, status) {
      await follow(runId, (event) => event === `run.${status}`);
      return get(ask, of(runId));
    },
  } satisfies Partial<Door>;
}

function looks(ask: Ask) {
  return {
    view: (runId, point) => get(ask, of(runId), point),
    events: (runId, { types, ...query } = {}) => get(ask, of(runId, "events"), { ...query, type: types }),
    list: ({ labels, ...query } = {}) => get(ask, "/runs", { ...query, label: pairs(labels) }),
    branches: (runId, query) => get(ask, of(runId, "branches"), query),
    joins: (runId, query) => get(ask, of(runId, "joins"), query),
    context: (runId, query) => get(ask, of(runId, "context"), query),
    provenance: (runId, key, query) => get(ask, of(runId, "provenance"), { key, ...query }),
    artifacts: (runId) => get(ask, of(runId, "artifacts")),
    artifact: (runId, id) => text(ask, `${of(runId, "artifacts")}/${encodeURIComponent(id)}`),
    checkpoint: (runId) => get(ask, of(runId, "checkpoint")),
    lineage: (runId) => get(ask, of(runId, "lineage")),
    actors: (runId, query) => get(ask, of(runId, "actors"), query),
    graph: (runId, format) => text(ask, `${of(runId, "graph")}?format=${encodeURIComponent(format)}`),
  } satisfies Partial<Door>;
}

/** Where a run has begun, or goes on, its row is told; how it stands by then is a matter of the moment. */
function onlyRunId({ code, value }: Said): Said {
  return { code, value: code === "ok" ? { runId: value["runId"] } : value };
}

function of(runId: string, part?: string): string {
  return `/runs/${encodeURIComponent(runId)}${part === undefined ? "" : `/${part}`}`;
}

function pairs(labels: Readonly<Record<string, string>> = {}): string[] {
  return Object.entries(labels).map(([key, value]) => `${key}=${value}`);
}

function get(ask: Ask, path: string, query: Query = {}): Promise<Said> {
  const words = Object.entries(query).flatMap(([name, value]) =>
    [value].flat().flatMap((each) => (each === undefined ? [] : [[name, String(each)] as [string, string]])),
  );
  const search = words.length === 0 ? "" : `?${new URLSearchParams(words)}`;
  return said(ask(`${path}${search}`), 200, (response) => response.json() as Promise<Doc>);
}

function text(ask: Ask, path: string): Promise<Said> {
  return said(ask(path), 200, async (response) => ({ text: await response.text() }));
}

function post(ask: Ask, path: string, ...[body, status = 202]: [body?: Query, status?: number]): Promise<Said> {
  const json = body && { headers: { "content-type": "application/json" }, body: JSON.stringify(body) };
  return said(ask(path, { method: "POST", ...json }), status, (response) => response.json() as Promise<Doc>);
}

/** The status of every answer is that of its code in the table of errors. */
async function said(
  asked: Promise<Response>,
  status: number,
  read: (response: Response) => Promise<Doc>,
): Promise<Said> {
  const response = await asked;
  if (response.ok) {
    expect(response.status).toBe(status);
    return { code: "ok", value: await read(response) };
  }
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const { type, title, status: told, detail, retryable, details, ...result } = (await response.json()) as Doc;
  const code = result["code"] as ErrorCode;
  expect({ told, answered: response.status, type, retryable }).toEqual({
    told: ERROR_CODES[code].http,
    answered: ERROR_CODES[code].http,
    type: `urn:safepoint:error:${code}`,
    retryable: ERROR_CODES[code].retryable,
  });
  expect([typeof title, typeof detail]).toEqual(["string", "string"]);
  return { code, value: result["accepted"] === false ? result : ((details ?? {}) as Doc) };
}
