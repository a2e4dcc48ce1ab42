/** What is around the pages: keys, themes, narrow screens, tokens, and that everybody can use it. */
import { readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "playwright-core";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFixture } from "./fixture.ts";
import { openPage, waitForStatus } from "./page.ts";
import { EACH, FLAKY, GATES, HOLDING, REVIEW } from "./pipelines.ts";
import { TestServer } from "./server.ts";

const fixture = openFixture();
const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");

let halted = 0;

const TABS = [
  "",
  "/branches",
  "/timeline",
  "/journal?seq=3",
  "/context?key=outcome",
  "/artifacts",
  "/questions",
  "/charts",
];

describe("every page", () => {
  it.each([
    ["light", 1280],
    ["dark", 1280],
    ["light", 390],
    ["dark", 390],
  ] as const)("is without violations of axe, %s, %i px wide", async (colorScheme, width) => {
    const suffix = `${colorScheme}-${width}`;
    await fixture.server.start(GATES, { runId: `gates-${suffix}`, labels: { team: "docs" } });
    await fixture.server.start(HOLDING, { runId: `paused-${suffix}` });
    await fixture.server.entry(`paused-${suffix}`, ({ stage }) => stage === "main/first@1");
    await fixture.server.post(`/runs/paused-${suffix}/pause`, { reason: "looked at" });
    await startPaused(`halted-${suffix}`);
    await fixture.server.start(REVIEW, { runId: `review-${suffix}` });
    const items = Array.from({ length: 100 }, (_, index) => index);
    const each = await fixture.server.start(EACH, { runId: `each-${suffix}`, inputs: { items } });
    await fixture.server.entry(each, ({ type }) => type === "run.completed");
    const page = await openPage(fixture.browser, { colorScheme, viewport: { width, height: 800 } });
    const places = [
      "#/runs",
      "#/questions",
      "#/start",
      "#/nowhere",
      `#/runs/paused-${suffix}?node=first`,
      `#/runs/halted-${suffix}`,
      `#/runs/each-${suffix}/branches?branch=main/all@1/5`,
      `#/runs/each-${suffix}?at=12`,
      ...TABS.map((tab) => `#/runs/review-${suffix}${tab}`),
      `#/runs/gates-${suffix}/questions`,
    ];
    const found: string[] = [];
    for (const place of places) {
      await page.goto(fixture.at(place));
      await settle(page, place);
      found.push(...(await violations(page)).map((violation) => `${place}: ${violation}`));
    }
    expect(found).toEqual([]);
  });

  it("and dialog is without violations of axe", async () => {
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at("#/runs"));
    await page.locator("table.runs").waitFor();
    await page.getByRole("button", { name: "Pause…" }).click();
    await page.locator("dialog li").first().waitFor();
    const found = await violations(page);
    await page.keyboard.press("Escape");
    await page.keyboard.press("?");
    await page.getByRole("heading", { name: "Keyboard" }).waitFor();
    expect([...found, ...(await violations(page))]).toEqual([]);
  });
});

describe("the shell", () => {
  it("is used with keys alone", async () => {
    const runId = await fixture.server.start(HOLDING);
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at("#/runs"));
    await page.locator("a.run-link").first().waitFor();
    await page.keyboard.press("j");
    await page.keyboard.press("Enter");
    await waitForStatus(page, "running");
    for (const [key, name] of [
      ["4", "Journal"],
      ["3", "Timeline"],
      ["8", "Statecharts"],
      ["1", "Graph"],
    ] as const) {
      await page.keyboard.press(key);
      await page.locator('.tabs a[aria-current="page"]').filter({ hasText: name }).waitFor();
    }
    await page.locator("g.node").first().waitFor();
    await page.keyboard.press("p");
    await waitForStatus(page, "pausing");
    await page.keyboard.press("p");
    await waitForStatus(page, "running");
    await page.keyboard.press("x");
    await page.locator("dialog").getByRole("button", { name: "Cancel the run" }).click();
    await waitForStatus(page, "cancelled");
    await page.keyboard.press("g");
    await page.keyboard.press("r");
    await page.locator("tr", { hasText: runId }).waitFor();
  });

  it("keeps the theme that was chosen", async () => {
    const page = await openPage(fixture.browser, { colorScheme: "light" });
    await page.goto(fixture.at("#/runs"));
    const ground = () => page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    const light = await ground();
    await page.keyboard.press("t");
    const dark = await ground();
    expect(dark).not.toBe(light);
    await page.reload();
    expect(await ground()).toBe(dark);
  });

  it("says what lint finds while it is written, and where", async () => {
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at("#/start"));
    await page.fill(
      "#dot",
      'digraph broken {\n  start [shape=Mdiamond]\n  start -> nowhere [condition="outcome="]\n}\n',
    );
    await page.locator('[data-testid="lint"]').filter({ hasText: "cannot be run" }).waitFor();
    expect(await page.getByRole("button", { name: "Start" }).isDisabled()).toBe(true);
    await page.locator(".diagnostic.error").first().click();
    expect(await page.evaluate(() => document.activeElement?.id)).toBe("dot");
    await page.fill("#dot", FLAKY);
    await page.locator('[data-testid="lint"]').filter({ hasText: "can be run" }).waitFor();
  });

  it("says that a run is not there", async () => {
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at("#/runs/no-such-run"));
    await page.locator(".empty").filter({ hasText: "run_not_found" }).waitFor();
  });

  it("asks for the token of a server that wants one, and keeps it to itself", async () => {
    const dir = await mkdtemp(join(tmpdir(), "safepoint-token-"));
    await writeFile(join(dir, "token"), "sesame\n");
    const guarded = await TestServer.start({ store: join(dir, "runs.db"), tokenFile: join(dir, "token") });
    onTestFinished(async () => {
      await guarded.kill();
      await rm(dir, { recursive: true, force: true });
    });
    const page = await openPage(fixture.browser);
    await page.goto(`${guarded.url}/#/runs`);
    const field = page.locator('input[type="password"]');
    await field.fill("wrong");
    await page.getByRole("button", { name: "Go on" }).click();
    // Refused: it is asked for again.
    await page.waitForFunction(() => document.querySelector<HTMLInputElement>('input[type="password"]')?.value === "");
    await field.fill("sesame");
    await page.getByRole("button", { name: "Go on" }).click();
    await page.locator(".empty").filter({ hasText: "No runs yet" }).waitFor();
    expect(page.url()).not.toContain("sesame");
  });
});

/** A run that is paused, with a stage that ended in the pause and one that is held: all that the banner can list. */
async function startPaused(runId: string): Promise<void> {
  // A name of its own that is short: axe takes a link for one among words where the words are longer.
  const node = `h${++halted}`;
  await fixture.server.start(HOLDING.replaceAll("first", node), { runId });
  await fixture.server.entry(runId, ({ type, stage }) => type === "stage.started" && stage === `main/${node}@1`);
  await fixture.server.post(`/runs/${runId}/pause`, { reason: "looked at" });
  fixture.server.release(node);
  await fixture.server.entry(runId, ({ type }) => type === "run.paused");
}

/** Until the page shows what it is about. */
async function settle(page: Page, place: string): Promise<void> {
  if (place.includes("/runs/")) await page.locator(".connection.live, .connection.ended").waitFor();
  if (/^#\/runs\/[^/]*$|charts/.test(place)) await page.locator("g.node").first().waitFor();
  if (/^#\/runs\/halted/.test(place))
    await page.locator('[data-testid="held"] a, [data-testid="at-pause"] a').first().waitFor();
  if (place === "#/runs") await page.locator("table.runs").waitFor();
  if (place === "#/start") await page.locator('[data-testid="lint"]').filter({ hasText: "can be run" }).waitFor();
}

interface Violation {
  readonly id: string;
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[];
}

/** What axe finds, in words. */
async function violations(page: Page): Promise<string[]> {
  await page.evaluate(axe);
  const found = (await page.evaluate("axe.run(document)")) as { readonly violations: readonly Violation[] };
  return found.violations.flatMap(({ id, nodes }) =>
    nodes.map(({ html, failureSummary }) => `${id}: ${html.slice(0, 160)} ${failureSummary ?? ""}`),
  );
}
