/** The steps of a run's actors as they happen, below the statecharts. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFixture } from "./fixture.ts";
import { openPage, show, waitForStatus } from "./page.ts";
import { HOLDING, TICKING } from "./pipelines.ts";
import { TestServer } from "./server.ts";

const fixture = openFixture();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

const rowOf = (page: Page, actor: string, text: string) =>
  page.locator(".step", { has: page.locator(`.actor[title="${actor}"]`) }).filter({ hasText: text });
const counted = async (page: Page) =>
  Number(/(\d+) steps/.exec((await page.locator('[data-testid="steps"]').textContent()) ?? "")?.[1]);

/** What axe finds in the tab. */
async function violations(page: Page): Promise<readonly string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate('axe.run(".charts")')) as {
    violations: readonly { id: string; nodes: readonly { html: string }[] }[];
  };
  return found.violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html.slice(0, 160)}`));
}

interface Servers {
  readonly driver?: TestServer;
  /** Whose page it is. */
  readonly by?: TestServer;
}

/** A run that holds in a stage of that name, and the page that looks on at its actors. */
async function lookOn(node: string, servers: Servers = {}) {
  const { driver = fixture.server, by = driver } = servers;
  const runId = await driver.start(HOLDING.replaceAll("first", node));
  await driver.entry(runId, ({ type, stage }) => type === "stage.started" && stage === `main/${node}@1`);
  const page = await openPage(fixture.browser);
  await page.goto(`${by.url}/#/runs/${runId}/charts`);
  return { runId, page };
}

const says = (page: Page, words: string) =>
  page.locator('[data-testid="seen-from"]').filter({ hasText: words }).waitFor();

describe("steps of actors", () => {
  it("are listed as they happen, and each shows its snapshot", async () => {
    const { runId, page } = await lookOn("first");
    await says(page, "Live.");
    for (const actor of ["run", "branch:main", "stage:main/first@1"]) await rowOf(page, actor, "found").waitFor();
    await fixture.server.post(`/runs/${runId}/pause`, {});
    await rowOf(page, "run", "PAUSE").filter({ hasText: "control: running → pausing" }).waitFor();
    fixture.server.release("first");
    const ended = rowOf(page, "stage:main/first@1", "EXECUTION_ENDED");
    await ended.filter({ hasText: "→" }).click();
    const panel = page.locator(".step-panel");
    await panel.waitFor();
    for (const width of [1280, 390]) {
      await page.setViewportSize({ width, height: 800 });
      expect(await violations(page)).toEqual([]);
    }
    await page.setViewportSize({ width: 1280, height: 800 });
    const [event, snapshot] = await panel.locator("pre").allTextContents();
    expect(JSON.parse(event ?? "")).toMatchObject({ type: "EXECUTION_ENDED" });
    expect(JSON.parse(snapshot ?? "")).toMatchObject({ context: { node: "first" } });
    await panel.getByRole("button", { name: "Close the step" }).click();
    await panel.waitFor({ state: "detached" });

    await page.getByLabel("Whose").selectOption("stage:main/first@1");
    await rowOf(page, "run", "PAUSE").waitFor({ state: "detached" });
    expect(new Set(await page.locator(".step .actor").allTextContents())).toEqual(new Set(["stage first"]));
    await page.getByLabel("Whose").selectOption("");

    await fixture.server.post(`/runs/${runId}/continue`, {});
    await says(page, "The run has ended");
    const last = rowOf(page, "run", "BRANCH_ENDED");
    await last.waitFor();
    expect(await page.locator(".step").last().textContent()).toBe(await last.textContent());
  });

  it("stand still while they are frozen, and begin anew when cleared", async () => {
    const runId = await fixture.server.start(TICKING);
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}/charts`));
    await page.locator(".step").filter({ hasText: "begins" }).first().waitFor();
    const freeze = page.getByRole("button", { name: "Freeze" });
    await freeze.click();
    const rows = await page.locator(".step").allTextContents();
    await page
      .locator('[data-testid="steps"]')
      .filter({ hasText: /[1-9]\d+ more/ })
      .waitFor();
    expect(await page.locator(".step").allTextContents()).toEqual(rows);
    await freeze.click();
    // More than are listed: the oldest leave.
    await page.locator('[data-testid="steps"]').filter({ hasText: "newest 500 of" }).waitFor({ timeout: 50_000 });
    await fixture.server.post(`/runs/${runId}/pause`, {});
    await waitForStatus(page, "paused");
    await rowOf(page, "run", "→ paused").waitFor();
    await page.getByLabel("Whose").selectOption("run");
    await page.getByRole("button", { name: "Clear" }).click();
    await page.locator('[data-testid="steps"]').filter({ hasText: "0 steps" }).waitFor();
    await fixture.server.post(`/runs/${runId}/continue`, {});
    await rowOf(page, "run", "control: paused → running").waitFor();
    await fixture.server.post(`/runs/${runId}/cancel`, {});
    await says(page, "The run has ended");
  });

  it("that nobody looks at are not asked for, and the gap is said", async () => {
    const { runId, page } = await lookOn("unseen");
    await says(page, "Live.");
    await rowOf(page, "run", "found").waitFor();
    await show(page, "hidden");
    await says(page, "Reconnecting.");
    const before = await counted(page);
    await fixture.server.post(`/runs/${runId}/pause`, {});
    await fixture.server.entry(runId, ({ type }) => type === "run.pausing");
    expect(await counted(page)).toBe(before);
    await show(page, "visible");
    await waitForStatus(page, "pausing");
    await rowOf(page, "run", "found").filter({ hasText: "nobody looked on here" }).waitFor();
    await fixture.server.post(`/runs/${runId}/cancel`, {});
    await says(page, "The run has ended");
  });

  it("of a run that another process drives are not here, and the page says where they are", async () => {
    const dir = await mkdtemp(join(tmpdir(), "safepoint-steps-"));
    const store = join(dir, "runs.db");
    const driver = await TestServer.start({ store });
    const other = await TestServer.start({ store });
    onTestFinished(async () => {
      await Promise.all([driver.kill(), other.kill()]);
      await rm(dir, { recursive: true, force: true });
    });
    const { runId, page } = await lookOn("first", { driver, by: other });
    await says(page, "Another process drives this run");
    const { owner } = await driver.get<{ owner: { pid: number } }>(`/runs/${runId}`);
    await says(page, `:${owner.pid}:`);
    expect(await counted(page)).toBe(0);
    // The other one takes it up where the first left it, and its page sees what it does from then on.
    await driver.kill();
    await rowOf(page, "run", "").first().waitFor({ timeout: 40_000 });
    await says(page, "Live.");
  });
});
