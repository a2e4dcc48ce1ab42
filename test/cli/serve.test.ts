/** `safepoint serve`: the process, from its URL to its end, and what a kill in the middle leaves. */
import { type ChildProcess, spawn } from "node:child_process";
import { createHmac } from "node:crypto";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { createServer as createHttpServer } from "node:http";
import { createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, it } from "vitest";
import { allOf, eventsOf, jsonOf } from "../server/fixtures.ts";
import { run, tempDir } from "./fake-io.ts";

const BIN = fileURLToPath(new URL("../../src/cli/bin.ts", import.meta.url));
const children: ChildProcess[] = [];

afterEach(() => {
  for (const child of children.splice(0)) child.kill("SIGKILL");
});

const HANDLERS = `
import { existsSync } from "node:fs";
const wait = async (signal) => {
  while (!existsSync("go")) {
    signal.throwIfAborted();
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
};
export const handlers = { step: () => ({ status: "success" }), slow: async ({ signal }) => { await wait(signal); return { status: "success" }; } };
`;
const STEPS = Array.from({ length: 20 }, (_, index) => `s${index}`);
const SLOW = `digraph slow {
  node [type=step]
  start [shape=Mdiamond, type=start]; exit [shape=Msquare, type=exit]
  ${STEPS.join("; ")}
  wait [type=slow]
  start -> ${STEPS.slice(0, 10).join(" -> ")} -> wait -> ${STEPS.slice(10).join(" -> ")} -> exit
}`;

interface Started {
  readonly child: ChildProcess;
  readonly url: string;
  /** Exit code and everything on stderr, once it has ended. */
  readonly ended: Promise<{ readonly code: number | null; readonly stderr: string }>;
}

async function start(cwd: string, ...args: string[]): Promise<Started> {
  const words = [BIN, "serve", "--port", "0", "--handlers", "handlers.mjs", ...args];
  const child = spawn(process.execPath, words, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  children.push(child);
  let stderr = "";
  child.stderr.on("data", (chunk) => {
    stderr += String(chunk);
  });
  const ended = once(child, "close").then(([code]) => ({ code: code as number | null, stderr }));
  const first = await Promise.race([once(createInterface({ input: child.stdout }), "line"), ended]);
  if (!Array.isArray(first)) throw new Error(`it ended: ${JSON.stringify(first)}`);
  return { child, url: String(first[0]), ended };
}

const folder = () => tempDir({ "handlers.mjs": HANDLERS, "slow.dot": SLOW });
const stream = { accept: "text/event-stream" };

describe("the process", () => {
  it("prints its URL, drives what it is given, and stops when asked with everything given back", async () => {
    const cwd = folder();
    const { child, url, ended } = await start(cwd, "--pipelines", ".", "--grace", "50ms");
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    expect(await (await fetch(`${url}/definitions`)).json()).toMatchObject({ definitions: [{ name: "slow" }] });
    await fetch(`${url}/runs`, { method: "POST", ...jsonOf({ pipeline: "slow", runId: "one" }) });
    const types: string[] = [];
    for await (const { event, data } of eventsOf(await fetch(`${url}/runs/one/events`, { headers: stream }))) {
      types.push(event);
      if (event === "stage.started" && data["stage"] === "main/wait@1") child.kill("SIGTERM");
    }
    expect(types).not.toContain("end");
    const { code, stderr } = await ended;
    expect(code).toBe(0);
    expect(stderr).toContain("SIGTERM: stopping");
    const shown = await run("show one --json", { cwd });
    expect(JSON.parse(shown.stdout)).toMatchObject({ status: "running", owner: null });
  }, 30_000);

  it("killed during a live stream goes on at its next start, and the client misses nothing", async () => {
    const cwd = folder();
    const first = await start(cwd);
    await fetch(`${first.url}/runs`, { method: "POST", ...jsonOf({ source: SLOW, runId: "one" }) });
    const before = await readUntilKilled(first);
    writeFileSync(join(cwd, "go"), "");
    const second = await start(cwd);
    const headers = { ...stream, "last-event-id": String(before.at(-1)) };
    const after = await allOf(eventsOf(await fetch(`${second.url}/runs/one/events`, { headers })));
    expect(after.at(-1)).toMatchObject({ event: "end", data: { status: "completed" } });
    const ids = [...before, ...after.flatMap(({ id }) => id ?? [])];
    expect(ids).toEqual(ids.map((_, index) => index + 1));
    expect(after.map(({ event }) => event)).toEqual(expect.arrayContaining(["run.resumed", "stage.interrupted"]));
    second.child.kill("SIGINT");
    expect(await second.ended).toMatchObject({ code: 0 });
  }, 30_000);

  it("does not continue what was paused", async () => {
    const cwd = folder();
    const first = await start(cwd);
    await fetch(`${first.url}/runs`, { method: "POST", ...jsonOf({ source: SLOW, runId: "one" }) });
    await fetch(`${first.url}/runs/one/pause`, { method: "POST", ...jsonOf({ mode: "interrupt" }) });
    for await (const { event } of eventsOf(await fetch(`${first.url}/runs/one/events`, { headers: stream })))
      if (event === "run.paused") break;
    first.child.kill("SIGKILL");
    await first.ended;
    writeFileSync(join(cwd, "go"), "");
    const second = await start(cwd);
    const live = fetch(`${second.url}/runs/one/events`, { headers: stream });
    for await (const { event } of eventsOf(await live)) if (event === "run.resumed") break;
    expect(await (await fetch(`${second.url}/runs/one`)).json()).toMatchObject({ status: "paused" });
    const accepted = await fetch(`${second.url}/runs/one/continue`, { method: "POST" });
    expect(accepted.status).toBe(202);
    const sent = await allOf(eventsOf(await fetch(`${second.url}/runs/one/events`, { headers: stream })));
    expect(sent.at(-1)).toMatchObject({ event: "end", data: { status: "completed" } });
  }, 30_000);

  it("tells webhooks, signed with the secret of its file", async () => {
    const cwd = tempDir({ "handlers.mjs": HANDLERS, secret: "s3cret\n", go: "", "slow.dot": SLOW });
    const told = Promise.withResolvers<readonly [string, string]>();
    const receiver = createHttpServer(async (request, response) => {
      told.resolve([String(request.headers["safepoint-signature"]), await text(request)]);
      response.end();
    }).listen(0, "127.0.0.1");
    await once(receiver, "listening");
    const hook = `http://127.0.0.1:${(receiver.address() as { port: number }).port}/`;
    const { url } = await start(cwd, "--webhook", hook, "--webhook-secret-file", "secret");
    await fetch(`${url}/runs`, { method: "POST", ...jsonOf({ source: SLOW, runId: "one" }) });
    const [signature, body] = await told.promise;
    expect(JSON.parse(body)).toMatchObject({ type: "run.completed", runId: "one" });
    const [, seconds] = /^t=(\d+),/.exec(signature) ?? [];
    const digest = createHmac("sha256", "s3cret").update(`${seconds}.${body}`).digest("hex");
    expect(signature).toBe(`t=${seconds},v1=${digest}`);
    receiver.close();
    receiver.closeAllConnections();
  }, 30_000);

  it("asks for the token of its file", async () => {
    const cwd = tempDir({ "handlers.mjs": HANDLERS, token: "s3cret\n" });
    const { url } = await start(cwd, "--host", "0.0.0.0", "--token-file", "token");
    const at = `${url.replace("0.0.0.0", "127.0.0.1")}/runs`;
    expect((await fetch(at)).status).toBe(401);
    expect((await fetch(at, { headers: { authorization: "Bearer s3cret" } })).status).toBe(200);
  }, 30_000);
});

/** Ids of a run's events up to the kill, which comes when its slow stage is under way. */
async function readUntilKilled({ child, url, ended }: Started): Promise<number[]> {
  const ids: number[] = [];
  const response = await fetch(`${url}/runs/one/events`, { headers: stream });
  await expect(async () => {
    for await (const { id, event, data } of eventsOf(response)) {
      if (id !== undefined) ids.push(id);
      if (event === "stage.started" && data["stage"] === "main/wait@1") child.kill("SIGKILL");
    }
  }).rejects.toThrow();
  await ended;
  return ids;
}

describe("what cannot be served", () => {
  it("is said before anything is begun", async () => {
    const cwd = tempDir({ empty: "\n", words: "two words", word: "one", "broken.dot": "digraph {" });
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    const refusals = [
      [`serve --port ${port}`, 78, `port ${port} of 127.0.0.1 is in use`],
      ["serve --host 0.0.0.0", 78, "takes a token"],
      ["serve --token-file empty", 78, "found none"],
      ["serve --token-file words", 78, "found more"],
      ["serve --token-file missing", 66, "cannot read missing"],
      ["serve --port 70000", 2, "at most 65535"],
      ["serve --port x", 2, "a whole number"],
      ["serve --webhook http://127.0.0.1:1/", 2, "--webhook-secret-file"],
      ["serve --webhook nowhere --webhook-secret-file word", 2, "an http or https URL"],
      ["serve --webhook ftp://nowhere --webhook-secret-file word", 78, "an http or https URL"],
      ["serve --pipelines missing", 66, "cannot read missing"],
      ["serve --pipelines .", 65, "broken.dot"],
    ] as const;
    for (const [line, code, message] of refusals) {
      const result = await run(line, { cwd });
      expect([line, result.code, result.stdout]).toEqual([line, code, ""]);
      expect(result.stderr).toContain(message);
    }
    taken.close();
    expect((await run("runs", { cwd })).code).toBe(66);
  });
});
