/** The API in servers of one's own: started as their READMEs say, asked, and stopped. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { afterEach, beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { ROOT } from "../tidy/sources.ts";
import { freshDist } from "./fresh-dist.ts";

const children: ChildProcess[] = [];

beforeAll(freshDist, 120_000);
afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

async function start(example: string) {
  const data = await mkdtemp(join(tmpdir(), "safepoint-server-"));
  onTestFinished(() => rm(data, { recursive: true, force: true }));
  const child = spawn(process.execPath, [`examples/${example}/main.ts`], {
    cwd: ROOT,
    env: { ...process.env, PORT: "0", DATA_DIR: data },
    stdio: ["ignore", "pipe", "inherit"],
  });
  children.push(child);
  const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
  const url = line.replace("listening on ", "");
  expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
  return { child, url };
}

const json = (body: unknown) => ({
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify(body),
});

describe("examples/server-hono", () => {
  it("has routes of its own and the API below a path, over one runtime", async () => {
    const { child, url } = await start("server-hono");
    const greeted = (await (await fetch(`${url}/greetings/Ada`, { method: "POST" })).json()) as { run: string };
    expect(greeted).toMatchObject({ greeting: "Hello, Ada" });
    expect(await (await fetch(url + greeted.run)).json()).toMatchObject({
      status: "completed",
      inputs: { name: "Ada" },
    });
    const started = await fetch(`${url}/safepoint/runs`, json({ pipeline: "greeting", inputs: { name: "Bo" } }));
    expect(started.headers.get("location")).toMatch(/^\/safepoint\/runs\/\w+$/);
    const events = await fetch(`${url}${started.headers.get("location")}/events`, {
      headers: { accept: "text/event-stream" },
    });
    expect(await events.text()).toContain('event: end\ndata: {"runId"');
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});

describe("examples/server-http", () => {
  it("answers itself, and has the API answer the rest", async () => {
    const { child, url } = await start("server-http");
    expect(await (await fetch(`${url}/hello`)).text()).toBe("hello\n");
    const source = 'digraph hello { start [shape=Mdiamond]; a [prompt="hi"]; end [shape=Msquare]; start -> a -> end }';
    expect((await fetch(`${url}/runs`, json({ source, runId: "one" }))).status).toBe(201);
    const events = await fetch(`${url}/runs/one/events`, { headers: { accept: "text/event-stream" } });
    expect(await events.text()).toContain('"status":"completed"');
    child.kill("SIGTERM");
    expect(await once(child, "exit")).toEqual([0, null]);
  });
});
