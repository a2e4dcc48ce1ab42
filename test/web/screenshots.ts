/** Takes the pictures of docs/guides/dashboard.md anew: `node test/web/screenshots.ts`, after `npm run build`. */
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { ROOT } from "../tidy/sources.ts";
import { launchBrowser } from "./browser.ts";
import { EACH, FLAKY, GATES, HOLDING, LOOPS, REVIEW } from "./pipelines.ts";
import { TestServer } from "./server.ts";

interface Picture {
  readonly name: string;
  readonly hash: string;
  readonly isDark?: boolean;
  /** Has to be there before the picture is taken. */
  readonly shows: string;
}

const PICTURES: readonly Picture[] = [
  { name: "runs", hash: "#/runs", shows: "table.runs" },
  { name: "run", hash: "#/runs/review-42?node=law", isDark: true, shows: "g.node.s-failed" },
  { name: "pausing", hash: "#/runs/nightly-1", shows: "g.node.s-running" },
  { name: "items", hash: "#/runs/each-2000/branches?branch=main/all@1/5", isDark: true, shows: ".panel table" },
  { name: "timeline", hash: "#/runs/loops-3/timeline", shows: ".bar" },
  {
    name: "statecharts",
    hash: "#/runs/review-42/charts?actor=stage:main/review@1/1/facts@1",
    isDark: true,
    shows: "g.node.lit",
  },
];

const dir = await mkdtemp(join(tmpdir(), "safepoint-pictures-"));
const server = await TestServer.start({ store: join(dir, "runs.db") });
const browser = await launchBrowser();
try {
  await fill(server);
  await mkdir(join(ROOT, "docs", "images"), { recursive: true });
  for (const picture of PICTURES) {
    const colorScheme = picture.isDark ? ("dark" as const) : ("light" as const);
    const page = await browser.newPage({
      viewport: { width: 1080, height: 640 },
      reducedMotion: "reduce",
      colorScheme,
    });
    await take(page, picture);
    await page.close();
  }
} finally {
  await browser.close();
  await server.kill();
  await rm(dir, { recursive: true, force: true });
}

async function fill(server: TestServer): Promise<void> {
  await server.start(HOLDING, { runId: "nightly-1", labels: { team: "docs", env: "staging" } });
  await server.start(REVIEW, { runId: "review-42", labels: { team: "legal" } });
  await server.start(GATES, { runId: "release-7", labels: { team: "docs" } });
  await server.start(FLAKY, { runId: "checks-9", labels: { env: "ci" } });
  await server.start(LOOPS, { runId: "loops-3" });
  const items = Array.from({ length: 2_000 }, (_, index) => `item ${index}`);
  await server.start(EACH, { runId: "each-2000", inputs: { items } });
  for (const run of ["each-2000", "loops-3", "checks-9"])
    await server.entry(run, ({ type }) => type === "run.completed" || type === "run.failed");
  await server.entry("review-42", ({ type }) => type === "branch.failed");
  await server.entry("nightly-1", ({ stage }) => stage === "main/first@1");
  await server.post("/runs/nightly-1/pause", { reason: "deploy window", actor: "ada" });
}

async function take(page: Page, { name, hash, shows }: Picture): Promise<void> {
  await page.goto(`${server.url}/${hash}`);
  await page.locator(shows).first().waitFor();
  if (hash.includes("/runs/")) await page.locator(".connection.live, .connection.ended").waitFor();
  await page.screenshot({ path: join(ROOT, "docs", "images", `dashboard-${name}.png`) });
}
