/** Who may ask: this machine, no page of another origin, and elsewhere only who has the token. */
import { describe, expect, it } from "vitest";
import { OPERATIONS } from "../../src/server/operations.ts";
import { HELLO, openServer, steps, storedDigest } from "./fixtures.ts";

const runtime = { handlers: steps };

describe("without a token", () => {
  it.each(["localhost", "localhost:7331", "127.0.0.1:7331", "[::1]:7331", "LOCALHOST:1"])(
    "the server may be called %s",
    async (host) => {
      const { get } = await openServer();
      expect((await get("/healthz", { host })).status).toBe(200);
    },
  );

  it.each([
    "evil.example",
    "evil.example:7331",
    "localhost.evil.example",
    "127.0.0.1.evil.example",
    "0.0.0.0:7331",
    "10.0.0.1",
  ])("the server may not be called %s, as after DNS rebinding", async (host) => {
    const { get, read } = await openServer();
    expect(await read(get("/runs", { host }), 403)).toMatchObject({ code: "forbidden" });
  });

  it("it may be called as the caller says", async () => {
    const { get } = await openServer({ server: { hosts: ["safepoint.example"] } });
    expect((await get("/runs", { host: "safepoint.example:443" })).status).toBe(200);
    expect((await get("/runs", { host: "localhost" })).status).toBe(403);
  });
});

describe("a page", () => {
  const body = { source: HELLO };
  const host = "localhost:7331";

  it("of this server may ask", async () => {
    const { post } = await openServer({ runtime });
    for (const headers of [
      { host, origin: "http://localhost:7331", "sec-fetch-site": "same-origin" },
      { host, origin: "https://localhost:7331" },
      { host, "sec-fetch-site": "none" },
    ] as Record<string, string>[])
      expect((await post("/runs", body, headers)).status).toBe(201);
  });

  it.each([
    { origin: "https://evil.example" },
    { origin: "http://localhost:3000" },
    { origin: "null" },
    { origin: "" },
    { origin: "http://localhost:7331.evil.example" },
    { "sec-fetch-site": "cross-site" },
    { "sec-fetch-site": "same-site" },
    { "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" },
  ] as Record<string, string>[])("of another origin may not start anything: %o", async (headers) => {
    const { post, read, runtime: library } = await openServer({ runtime });
    const before = await storedDigest(library);
    expect(await read(post("/runs", body, { host, ...headers }), 403)).toMatchObject({ code: "forbidden" });
    expect(await read(post("/control", { verb: "cancel", all: true }, { host, ...headers }), 403)).toMatchObject({
      code: "forbidden",
    });
    expect(await storedDigest(library)).toBe(before);
  });

  it("of another origin may link here, and read nothing", async () => {
    const { get, app } = await openServer();
    expect((await get("/runs", { host, "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate" })).status).toBe(
      200,
    );
    expect((await get("/events", { host, origin: "https://evil.example", accept: "text/event-stream" })).status).toBe(
      403,
    );
    const preflight = await app.request("/runs", {
      method: "OPTIONS",
      headers: { host, origin: "https://evil.example", "access-control-request-method": "POST" },
    });
    expect(preflight.status).toBe(403);
    expect([...preflight.headers.keys()].filter((name) => name.startsWith("access-control"))).toEqual([]);
  });
});

describe("with a token", () => {
  const server = { token: "s3cret" };

  it("nothing but health is there without it", async () => {
    const { app } = await openServer({ runtime, server });
    for (const row of OPERATIONS) {
      const path = row.path.replace(/\{\w+\+?\}/g, "x");
      const response = await app.request(path, { method: row.method.toUpperCase() });
      if (row.open) expect([path, response.status]).toEqual([path, 200]);
      else expect([path, response.status, await response.json()]).toMatchObject([path, 401, { code: "unauthorized" }]);
    }
    expect((await app.request("/openapi.json")).headers.get("www-authenticate")).toBe("Bearer");
  });

  it.each([
    "Bearer wrong",
    "Bearer s3cre",
    "Bearer s3cret2",
    "Bearer",
    "Basic s3cret",
    "s3cret",
    "Bearer s3cret s3cret",
  ])("%s is refused", async (authorization) => {
    const { get, read } = await openServer({ server });
    expect(await read(get("/runs", { authorization }), 401)).toMatchObject({ code: "unauthorized" });
  });

  it("who has it may ask by any name, but no page of another origin", async () => {
    const { get } = await openServer({ server });
    const authorization = "Bearer s3cret";
    expect((await get("/runs", { authorization, host: "build-7.internal:7331" })).status).toBe(200);
    expect((await get("/runs", { authorization, origin: "https://evil.example" })).status).toBe(403);
  });
});
