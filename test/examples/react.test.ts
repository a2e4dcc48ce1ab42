/** The example in React: rendered in the process of the runtime, and its server killed and started again under a page. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createElement } from "react";
import { renderToStaticMarkup } from "react-dom/server";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { waitFor } from "xstate";
import type { RunActorRef } from "../../src/index.ts";
import { createWorld, LINE } from "../runtime/control-world.ts";
import { ROOT } from "../tidy/sources.ts";
import { freshDist } from "./fresh-dist.ts";

let dir: string;

beforeAll(async () => {
  await freshDist();
  dir = await mkdtemp(join(tmpdir(), "safepoint-react-"));
}, 60_000);

afterAll(async () => await rm(dir, { recursive: true, force: true }));

describe("in the process that drives the run", () => {
  it("the panel shows the actor reference itself, as it was committed", async () => {
    const { RunPanel } = await import("../../examples/react/run-panel.ts");
    const world = createWorld();
    const runtime = await world.runtime();
    const run = await runtime.start(LINE, { runId: "r" });
    const call = await world.call("a");
    const ref: RunActorRef = runtime.actorRef("r");
    const shown = () => {
      const html = renderToStaticMarkup(createElement(RunPanel, { run: ref as never }));
      const buttons = [...html.matchAll(/<button type="button"( disabled="")?>(\w+)</g)];
      return [
        /role="status">(\w+)</.exec(html)?.[1],
        ...buttons.map(([, off, label]) => `${label}${off ? " off" : ""}`),
      ];
    };
    expect(shown()).toEqual(["running", "Pause", "Cancel"]);
    ref.send({ type: "PAUSE" });
    await waitFor(ref, ({ value }) => value.control === "pausing");
    expect(shown()).toEqual(["pausing", "Continue", "Cancel"]);
    call.end();
    await run.settled("paused");
    expect(shown()).toEqual(["paused", "Continue", "Cancel"]);
    ref.send({ type: "CONTINUE" });
    (await world.call("b")).end();
    await run.finished();
    expect(shown()).toEqual(["completed", "Pause off", "Cancel off"]);
    await world.clock.runUntil(runtime.stop());
  });
});

describe("over HTTP", () => {
  const children: ChildProcess[] = [];

  afterEach(() => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
  });

  async function start(stepMs: number) {
    const child = spawn(process.execPath, ["examples/react/main.ts"], {
      cwd: ROOT,
      env: { ...process.env, PORT: "0", DATA_DIR: dir, STEP_MS: String(stepMs) },
      stdio: ["ignore", "pipe", "inherit"],
    });
    children.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    const url = String((await lines.next()).value).replace("listening on ", "");
    expect(url).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/);
    return { child, url };
  }

  async function* snapshotsOf(url: string) {
    const response = await fetch(`${url}/snapshots`);
    expect(response.status).toBe(200);
    let text = "";
    for await (const chunk of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
      text += chunk;
      const blocks = text.split("\n\n");
      text = blocks.pop() ?? "";
      for (const block of blocks) yield JSON.parse(block.slice("data: ".length));
    }
  }

  it("a page sees the run before kill -9 and after it, sends it events, and is told the end", async () => {
    // So long that the step is under way when the kill comes.
    const first = await start(600_000);
    expect(await (await fetch(first.url)).text()).toContain('src="/page.js"');
    expect((await (await fetch(`${first.url}/page.js`)).text()).length).toBeGreaterThan(100_000);
    expect((await fetch(`${first.url}/runs/r1/snapshots`)).status).toBe(404);
    expect((await fetch(`${first.url}/runs/r1`, { method: "POST" })).status).toBe(201);
    const json = { "content-type": "application/json" };
    const send = (url: string, type: string, headers: Record<string, string> = json) =>
      fetch(`${url}/runs/r1/send`, { method: "POST", headers, body: JSON.stringify({ type }) });
    const before = snapshotsOf(`${first.url}/runs/r1`);
    expect((await before.next()).value).toMatchObject({ status: "active", value: { control: "running" } });
    expect((await send(first.url, "CANCEL", { "content-type": "text/plain" })).status).toBe(415);
    expect((await send(first.url, "PAUSE")).status).toBe(202);
    for await (const { value } of before) if (value.control === "pausing") break;
    first.child.kill("SIGKILL");
    await once(first.child, "exit");

    const second = await start(5);
    let last: { status: string; value: { control: string }; output?: object } | undefined;
    const controls = new Set<string>();
    for await (const snapshot of snapshotsOf(`${second.url}/runs/r1`)) {
      last = snapshot;
      if (snapshot.value.control === "paused" && !controls.has("paused")) await send(second.url, "CONTINUE");
      controls.add(snapshot.value.control);
    }
    // Nothing was in flight any more, so it was paused, and stayed so until it was told to go on.
    expect([...controls].filter((control) => control !== "pausing").slice(0, 2)).toEqual(["paused", "running"]);
    expect(last).toMatchObject({ status: "done", output: { status: "completed" } });
  });
});
