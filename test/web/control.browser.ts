/** A run from its beginning to its end, as somebody does it who looks rather than types. */
import { describe, expect, it } from "vitest";
import { openFixture } from "./fixture.ts";
import { openPage, waitForStatus } from "./page.ts";
import { HOLDING, REVIEW } from "./pipelines.ts";

const fixture = openFixture();

describe("a run in the dashboard", () => {
  it("is started from DOT, watched, paused, survives the server, and goes on", async () => {
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at("#/start"));
    await page.fill("#dot", HOLDING);
    await page.locator('[data-testid="lint"]').filter({ hasText: "can be run" }).waitFor();
    await page.getByLabel("Run id").fill("by-hand");
    await page.getByRole("button", { name: "Start" }).click();
    await waitForStatus(page, "running");
    await page.locator('g.node[data-name="prepare"].s-succeeded').waitFor();
    await page.locator('g.node[data-name="first"].s-running').waitFor();

    await page.getByLabel("Reason").fill("deploy window");
    await page.getByRole("button", { name: "Pause" }).click();
    await waitForStatus(page, "pausing");
    const halted = page.locator('[data-testid="halted"]');
    await halted.locator('[data-testid="draining"]').filter({ hasText: "first" }).waitFor();
    expect(await halted.textContent()).toContain("deploy window");
    expect(await page.getByRole("button", { name: "Continue" }).isEnabled()).toBe(true);

    await fixture.restart();
    await waitForStatus(page, "paused");
    await halted.locator('[data-testid="held"]').filter({ hasText: "first" }).waitFor();
    await page.locator(".connection.live").waitFor();
    await page.locator('g.node[data-name="first"].s-held').waitFor();

    await page.getByRole("button", { name: "Continue" }).click();
    await page.locator('g.node[data-name="first"].s-running').waitFor();
    fixture.server.release("first");
    await waitForStatus(page, "completed");
    await page.locator('g.node[data-name="done"].s-succeeded').waitFor();
    const pause = page.getByRole("button", { name: "Pause" });
    expect(await pause.isDisabled()).toBe(true);
    // A button that does nothing says why.
    expect(await page.locator(".hinted", { has: pause }).getAttribute("title")).toBe(
      "The run has ended: it is completed.",
    );
  });

  it("shows what a press has done within 200 ms", async () => {
    const runId = await fixture.server.start(HOLDING.replaceAll("first", "quick"));
    await fixture.server.entry(runId, ({ type, stage }) => type === "stage.started" && stage === "main/quick@1");
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}`));
    await page.locator(".connection.live").waitFor();
    const tookMs: number[] = [];
    for (const [press, shown] of [
      ["Pause", "pausing"],
      ["Continue", "running"],
      ["Pause", "pausing"],
    ] as const) {
      await page.getByRole("button", { name: press }).waitFor();
      await page.waitForFunction(() => !(document.querySelector(".controls .primary") as HTMLButtonElement).disabled);
      tookMs.push(await page.evaluate(pressAndWatch, shown));
    }
    // The middle one: a machine that does other things at the same time may stumble once.
    expect(tookMs.sort((a, b) => a - b)[1], `${tookMs}`).toBeLessThan(200);
    fixture.server.release("quick");
    await waitForStatus(page, "paused");
    await page.locator('[data-testid="at-pause"]').filter({ hasText: "succeeded" }).waitFor();
    // What is listed never contradicts the headline.
    expect(await page.locator('[data-testid="halted"]').textContent()).not.toContain("still running");
  });

  it("is cancelled after being asked twice, with a reason", async () => {
    const runId = await fixture.server.start(HOLDING.replaceAll("first", "doomed"));
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}`));
    await page.locator('g.node[data-name="doomed"].s-running').waitFor();
    await page.getByRole("button", { name: "Cancel…" }).click();
    await page.locator("dialog").getByLabel("Reason").fill("not needed any more");
    await page.getByRole("button", { name: "Cancel the run" }).click();
    await waitForStatus(page, "cancelled");
    await page.locator('g.node[data-name="doomed"].s-cancelled').waitFor();
    await page.getByRole("link", { name: "Journal" }).click();
    await page
      .locator(".entry")
      .filter({ hasText: "run.cancelling" })
      .filter({ hasText: "not needed any more" })
      .waitFor();
  });

  it("shows its branches, and cancels one of them", async () => {
    const runId = await fixture.server.start(REVIEW.replaceAll("facts", "stubborn"));
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}/branches`));
    const row = (text: string) => page.locator(".branch-row").filter({ hasText: text });
    await row("law").filter({ hasText: "failed" }).waitFor();
    await row("stubborn").click();
    await page.getByRole("button", { name: "Cancel this branch…" }).click();
    await page.getByRole("button", { name: "Cancel it, for good" }).click();
    await row("stubborn").filter({ hasText: "cancelled" }).waitFor();
    // Two of three are out: the quorum cannot be met any more.
    await waitForStatus(page, "failed");
    await page.locator(".banner.failed").filter({ hasText: "review" }).waitFor();
  });

  it("that is cancelled goes on as a fork, and one that runs is told something", async () => {
    const runId = await fixture.server.start(HOLDING.replaceAll("first", "kept"));
    await fixture.server.entry(runId, ({ type, stage }) => type === "stage.started" && stage === "main/kept@1");
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}`));
    await page.getByRole("button", { name: "Steer…" }).click();
    await page.getByLabel("Message").fill("mind the gap");
    await page.getByRole("button", { name: "Send" }).click();
    await page.getByRole("link", { name: "Context" }).click();
    await page.locator("tr", { hasText: "steer.message" }).filter({ hasText: "mind the gap" }).waitFor();
    await fixture.server.post(`/runs/${runId}/cancel`, {});
    await waitForStatus(page, "cancelled");
    expect(await page.getByRole("button", { name: "Steer…" }).isDisabled()).toBe(true);
    await page.getByRole("button", { name: "Fork…" }).click();
    await page.getByLabel("Id of the new run").fill("kept-on");
    await page.getByRole("button", { name: "Fork", exact: true }).click();
    await page.getByRole("heading", { name: "kept-on" }).waitFor();
    await page.locator('g.node[data-name="kept"].s-running').waitFor();
    await page.locator(".facts").filter({ hasText: runId }).waitFor();
    fixture.server.release("kept");
    await waitForStatus(page, "completed");
  });
});

/** In the page: from the press to the word in the header. Ms. */
function pressAndWatch(shown: string): Promise<number> {
  const status = document.querySelector('[data-testid="status"]') as HTMLElement;
  const began = performance.now();
  return new Promise((resolve) => {
    new MutationObserver((_, observer) => {
      if (!status.textContent?.includes(shown)) return;
      observer.disconnect();
      resolve(performance.now() - began);
    }).observe(status, { subtree: true, childList: true, characterData: true });
    (document.querySelector(".controls .primary") as HTMLButtonElement).click();
  });
}
