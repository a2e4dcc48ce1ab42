/** The dashboard's files, and nothing else of the disk. */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Hono } from "hono";
import { describe, expect, it, onTestFinished } from "vitest";
import { createRuntime } from "../../src/index.ts";
import { createServer } from "../../src/server/create-server.ts";
import { steps } from "./fixtures.ts";

async function openDashboard(options: { readonly token?: string } = {}) {
  const dir = await mkdtemp(join(tmpdir(), "safepoint-dashboard-"));
  const dashboard = join(dir, "web");
  await mkdir(join(dashboard, "assets"), { recursive: true });
  await writeFile(join(dashboard, "index.html"), "<!doctype html>");
  await writeFile(join(dashboard, "assets", "index-1a2b.js"), "export {};");
  await writeFile(join(dashboard, "notes.txt"), "not for the web");
  await writeFile(join(dir, "secret.html"), "for nobody");
  const runtime = await createRuntime({ handlers: steps });
  onTestFinished(async () => {
    await runtime.stop({ graceMs: 0 });
    await rm(dir, { recursive: true, force: true });
  });
  return createServer(runtime, { dashboard, ...options });
}

describe("a server with a dashboard", () => {
  it("serves the page at its root, and lets it run only what came with it", async () => {
    const app = await openDashboard();
    const page = await app.request("/");
    expect(page.status).toBe(200);
    expect(page.headers.get("content-type")).toBe("text/html; charset=utf-8");
    const policy = page.headers.get("content-security-policy") ?? "";
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).not.toContain("'unsafe-eval'");
    expect(page.headers.get("cache-control")).toBe("no-cache");
    const script = await app.request("/assets/index-1a2b.js");
    expect(script.headers.get("cache-control")).toContain("immutable");
  });

  it.each(["/secret.html", "/../secret.html", "/%2e%2e/secret.html", "/assets/..%2f..%2fsecret.html", "/notes.txt"])(
    "has nothing at %s",
    async (path) => {
      const app = await openDashboard();
      const response = await app.request(path);
      expect(response.status).toBe(404);
      expect(await response.text()).not.toContain("for nobody");
    },
  );

  it("still has its API, and says there what is not there", async () => {
    const app = await openDashboard();
    expect((await app.request("/healthz")).status).toBe(200);
    expect(await (await app.request("/runs/none")).json()).toMatchObject({ code: "run_not_found" });
  });

  it("gives the page to those without a token, and what it shows only to those with it", async () => {
    const app = await openDashboard({ token: "sesame" });
    expect((await app.request("/")).status).toBe(200);
    expect((await app.request("/runs")).status).toBe(401);
  });

  it("may be mounted below a path, from where it finds its files and the API", async () => {
    const outer = new Hono().route("/safepoint", await openDashboard());
    const response = await outer.request("/safepoint");
    expect([response.status, response.headers.get("location")]).toEqual([302, "/safepoint/index.html"]);
    expect((await outer.request("/safepoint/index.html")).status).toBe(200);
  });

  it("is refused for a directory without a page", async () => {
    const runtime = await createRuntime({ handlers: steps });
    onTestFinished(() => runtime.stop({ graceMs: 0 }));
    expect(() => createServer(runtime, { dashboard: join(tmpdir(), "no-such-directory") })).toThrow(/no dashboard in/);
  });
});
