/** Requests that are none: refused with a problem, and nothing is stored. */
import { describe, expect, it } from "vitest";
import { HTTP_BODY_BYTES_MAX, JSON_NESTING_MAX } from "../../src/limits.ts";
import { readJsonBody } from "../../src/server/api/read-body.ts";
import { ASKING, HELLO, openServer, steps, storedDigest } from "./fixtures.ts";

const runtime = { handlers: steps };
const type = { "content-type": "application/json" };

async function refused(init: RequestInit, path = "/runs") {
  const { app, runtime: library } = await openServer({ runtime });
  const before = await storedDigest(library);
  const response = await app.request(path, { method: "POST", ...init });
  expect(await storedDigest(library)).toBe(before);
  expect(response.headers.get("content-type")).toBe("application/problem+json");
  const problem = (await response.json()) as { status: number; code: string; detail: string };
  expect(problem.status).toBe(response.status);
  return problem;
}

describe("a body", () => {
  it.each([
    ["no JSON", { headers: type, body: "{" }, 400, "usage"],
    ["no text", { headers: type, body: new Uint8Array([0x22, 0xff, 0x22]) }, 400, "usage"],
    ["nothing", {}, 400, "usage"],
    ["null", { headers: type, body: "null" }, 400, "usage"],
    ["a list", { headers: type, body: "[]" }, 400, "usage"],
    ["a field too much", { headers: type, body: JSON.stringify({ source: HELLO, input: {} }) }, 400, "usage"],
    ["a field of another kind", { headers: type, body: JSON.stringify({ source: 1 }) }, 400, "usage"],
    ["two pipelines", { headers: type, body: JSON.stringify({ source: HELLO, pipeline: "a" }) }, 400, "usage"],
    ["a number that is none", { headers: type, body: '{"source":"x","inputs":{"a":1e999}}' }, 400, "usage"],
    [
      "a form",
      { headers: { "content-type": "application/x-www-form-urlencoded" }, body: "source=x" },
      415,
      "media_type_unsupported",
    ],
    ["of no type", { headers: { "content-type": "" }, body: "{}" }, 415, "media_type_unsupported"],
    ["compressed", { headers: { ...type, "content-encoding": "gzip" }, body: "{}" }, 415, "media_type_unsupported"],
    [
      "an empty key",
      { headers: { ...type, "idempotency-key": "" }, body: JSON.stringify({ source: HELLO }) },
      400,
      "usage",
    ],
  ] as [string, RequestInit, number, string][])("that is %s is refused", async (_what, init, status, code) => {
    expect(await refused(init)).toMatchObject({ status, code });
  });

  it("that is too large is refused, whether it says so or not", async () => {
    const large = `{"source":"${"x".repeat(HTTP_BODY_BYTES_MAX)}"}`;
    expect(await refused({ headers: type, body: large })).toMatchObject({ status: 413, code: "body_too_large" });
    const told = { ...type, "content-length": String(HTTP_BODY_BYTES_MAX + 1) };
    expect(await refused({ headers: told, body: "{}" })).toMatchObject({ status: 413, code: "body_too_large" });
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(1024 * 1024).fill(32)),
    });
    expect(await refused({ headers: type, body, duplex: "half" } as RequestInit)).toMatchObject({ status: 413 });
  });

  it("that is nested without end is refused before anything walks it", async () => {
    const deep = `{"source":"x","inputs":{"a":${"[".repeat(500_000)}${"]".repeat(500_000)}}}`;
    expect(await refused({ headers: type, body: deep })).toMatchObject({ status: 400, code: "usage" });
    const most = JSON_NESTING_MAX - 2;
    const deepest = `{"source":"x","inputs":{"a":${"[".repeat(most)}${"]".repeat(most)}}}`;
    expect(await refused({ headers: type, body: deepest })).toMatchObject({ code: "pipeline_invalid" });
  });

  it("that does not come, or ends too early, is refused", async () => {
    const request = (body: ReadableStream) => {
      const raw = new Request("http://localhost/", {
        method: "POST",
        headers: type,
        body,
        duplex: "half",
      } as RequestInit);
      return { req: { raw, header: (name: string) => raw.headers.get(name) ?? undefined } } as never;
    };
    const silent = new ReadableStream({ pull: () => new Promise(() => {}) });
    await expect(readJsonBody(request(silent), { waitMs: 5 })).rejects.toMatchObject({ code: "request_timeout" });
    const broken = new ReadableStream({ pull: (controller) => controller.error(new Error("gone")) });
    await expect(readJsonBody(request(broken))).rejects.toMatchObject({ code: "usage" });
  });

  it("is nothing to a question, and to a command that wants none", async () => {
    const { post, read } = await openServer({ runtime });
    await post("/runs", { source: ASKING, runId: "one" });
    expect(await read(post("/runs/one/resume", { a: 1 }), 400)).toMatchObject({ code: "usage" });
  });
});

describe("a query", () => {
  it.each([
    "/runs?status=sleeping",
    "/runs?limit=0",
    "/runs?limit=101",
    "/runs?limit=1&limit=2",
    "/runs?limit=1e1",
    "/runs?label=team",
    "/runs?cursor=%00",
    "/runs?cursor=999999999999999999999",
    "/runs?stauts=running",
    "/runs/one?at=0",
    "/runs/one?at=-1",
    "/runs/one?at=x",
    "/runs/one/events?after=-1",
    "/runs/one/events?limit=1001",
    "/runs/one/events?type=stage.vanished",
    "/runs/one/events?branch=..",
    "/runs/one/stages?cursor=x",
    "/runs/one/branches?status=gone",
    "/runs/one/provenance",
    "/runs/one/graph?format=gif",
    "/healthz?deep=1",
  ])("%s is refused", async (path) => {
    const { post, get, read } = await openServer({ runtime });
    await post("/runs", { source: ASKING, runId: "one" });
    expect(await read(get(path), 400)).toMatchObject({ code: "usage" });
  });
});

describe("a path", () => {
  it.each(["/", "/nothing", "/runs/", "/runs/one/nothing", "/RUNS", "/runs/%ZZ/nothing", "/../etc/passwd"])(
    "%s leads nowhere",
    async (path) => {
      const { get, read } = await openServer();
      expect(await read(get(path), 404)).toMatchObject({ code: "route_not_found" });
    },
  );

  it.each(["/runs/%00", "/runs/%ZZ", "/runs/a%2Fb", `/runs/${"x".repeat(5_000)}`, "/runs/%F0%9F%98%80"])(
    "%s is no run",
    async (path) => {
      const { get, read } = await openServer();
      expect(await read(get(path), 404)).toMatchObject({ code: "run_not_found" });
    },
  );

  it("says which methods it takes", async () => {
    const { app } = await openServer();
    const wrong = await app.request("/runs/one/pause");
    expect([wrong.status, wrong.headers.get("allow")]).toEqual([405, "POST"]);
    for (const method of ["PUT", "DELETE", "PATCH", "OPTIONS", "PROPFIND"]) {
      const response = await app.request("/runs", { method });
      expect([method, response.status, response.headers.get("allow")]).toEqual([method, 405, "POST, GET, HEAD"]);
      expect(response.headers.get("access-control-allow-origin")).toBeNull();
    }
    expect((await app.request("/runs", { method: "HEAD" })).status).toBe(200);
  });
});

it("a fault of ours is a 500 that says nothing of it, and is in the log", async () => {
  const logged: unknown[] = [];
  const nothing = () => {};
  const log = { debug: nothing, info: nothing, warn: nothing, error: (...what: unknown[]) => logged.push(what) };
  const client = await openServer({ runtime, server: { log } });
  client.runtime.store.read = async () => {
    throw new Error("secret");
  };
  const problem = await client.read(client.get("/runs"), 500);
  expect(problem).toMatchObject({ code: "internal", status: 500 });
  expect(JSON.stringify(problem)).not.toContain("secret");
  expect(JSON.stringify(logged)).toContain("secret");
  expect(await client.read(client.get("/readyz"), 503)).toMatchObject({ ready: false });
});
