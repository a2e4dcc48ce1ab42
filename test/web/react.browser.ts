/** The example in React as its user has it: a page that goes on when its server is killed and started again. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { expect, it, onTestFinished } from "vitest";
import { freshDist } from "../examples/fresh-dist.ts";
import { ROOT } from "../tidy/sources.ts";
import { launchBrowser } from "./browser.ts";

async function start(options: { readonly dir: string; readonly port: string; readonly stepMs: number }) {
  const { dir, port, stepMs } = options;
  const child: ChildProcess = spawn(process.execPath, ["examples/react/main.ts"], {
    cwd: ROOT,
    env: { ...process.env, PORT: port, DATA_DIR: dir, STEP_MS: String(stepMs) },
    stdio: ["ignore", "pipe", "inherit"],
  });
  onTestFinished(() => void child.kill("SIGKILL"));
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
  return { child, url: String((await lines.next()).value).replace("listening on ", "") };
}

it("Pause becomes Continue, over a kill -9, and the end is shown", async () => {
  await freshDist();
  const dir = await mkdtemp(join(tmpdir(), "safepoint-react-"));
  onTestFinished(() => rm(dir, { recursive: true, force: true }));
  const browser = await launchBrowser();
  onTestFinished(() => browser.close());
  const first = await start({ dir, port: "0", stepMs: 600_000 });
  expect((await fetch(`${first.url}/runs/r1`, { method: "POST" })).status).toBe(201);

  const page = await browser.newPage();
  const broken: string[] = [];
  page.on("pageerror", ({ message }) => broken.push(message));
  await page.goto(`${first.url}/#r1`);
  const status = page.getByRole("status");
  const buttons = () => page.getByRole("button").allTextContents();
  await status.filter({ hasText: "running" }).waitFor();
  expect(await buttons()).toEqual(["Pause", "Cancel"]);
  await page.getByRole("button", { name: "Pause" }).click();
  await status.filter({ hasText: "pausing" }).waitFor();
  expect(await buttons()).toEqual(["Continue", "Cancel"]);
  first.child.kill("SIGKILL");
  await once(first.child, "exit");

  await start({ dir, port: new URL(first.url).port, stepMs: 5 });
  await status.filter({ hasText: "paused" }).waitFor();
  await page.getByRole("button", { name: "Continue" }).click();
  await status.filter({ hasText: "completed" }).waitFor();
  expect(await page.getByRole("button", { disabled: true }).allTextContents()).toEqual(["Pause", "Cancel"]);
  expect(broken).toEqual([]);
});
