/** A run of 10,000 items: there at once, and smooth to move through. */
import { describe, expect, it } from "vitest";
import { openFixture } from "./fixture.ts";
import { openPage, waitForStatus } from "./page.ts";
import { EACH } from "./pipelines.ts";

const fixture = openFixture();
const ITEMS = 10_000;
/** Thirty frames a second: what half of them may take at most, on a machine that does other things too. */
const FRAME_MS = 33;

describe("a foreach of 10,000 items", () => {
  it("is painted within a second, drawn as squares, and scrolls without long pauses", async () => {
    const items = Array.from({ length: ITEMS }, (_, index) => `item ${index}`);
    const runId = await fixture.server.start(EACH, { inputs: { items } });
    await fixture.server.entry(runId, ({ type }) => type === "run.completed" || type === "run.failed");
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}/branches`));
    const paintedMs = await page.evaluate(firstPaint);
    expect(paintedMs).toBeLessThan(1_000);

    await page.locator(".connection.ended").waitFor();
    await page.locator(".chips").filter({ hasText: "failed 11" }).waitFor();
    await page.locator(".activation").filter({ hasText: "10000/10000" }).waitFor();
    const grid = page.locator('[data-testid="grid"]');
    expect(await grid.evaluate(scrollThrough, 60)).toBeLessThan(FRAME_MS);

    // The square of item 5, which failed.
    await grid.evaluate((element) => element.scrollTo(0, 0));
    await page.locator("canvas").click({ position: { x: 2 + 5 * 13 + 5, y: 8 } });
    await page.locator("aside").filter({ hasText: "item 5 is not to be had" }).waitFor();
    await page.getByLabel("Go to").fill("9999");
    await page.locator("aside").filter({ hasText: "item 9999" }).waitFor();
  });

  it("is listed without being in the page whole", async () => {
    const { runs } = await fixture.server.get<{ runs: { runId: string }[] }>("/runs?limit=1");
    const runId = runs[0]?.runId as string;
    const page = await openPage(fixture.browser);
    for (const [tab, rows] of [
      ["journal", ".entry"],
      ["timeline", ".gantt-row"],
    ] as const) {
      await page.goto(fixture.at(`#/runs/${runId}/${tab}`));
      await page.locator(".connection.ended").waitFor();
      await page.locator(rows).nth(5).waitFor();
      expect(await page.locator(rows).count()).toBeLessThan(120);
      expect(await page.locator(".virtual").first().evaluate(scrollThrough, 40), tab).toBeLessThan(FRAME_MS);
    }
  });

  it("moves through its past", async () => {
    const { runs } = await fixture.server.get<{ runs: { runId: string }[] }>("/runs?limit=1");
    const runId = runs[0]?.runId as string;
    const page = await openPage(fixture.browser);
    await page.goto(fixture.at(`#/runs/${runId}/branches`));
    await page.locator(".connection.ended").waitFor();
    const slider = page.locator('input[type="range"]');
    const newest = Number(await slider.getAttribute("max"));
    await slider.fill(String(Math.floor(newest / 2)));
    await waitForStatus(page, "running");
    await page
      .locator(".chips")
      .filter({ hasText: /queued \d{4}/ })
      .waitFor();
    await page
      .locator(".chips")
      .filter({ hasText: /succeeded \d{4}/ })
      .waitFor();
  });
});

/** In the page: first contentful paint since navigation. Ms. */
function firstPaint(): Promise<number> {
  return new Promise((resolve) => {
    new PerformanceObserver((list, observer) => {
      const entry = list.getEntriesByName("first-contentful-paint")[0];
      if (!entry) return;
      observer.disconnect();
      resolve(entry.startTime);
    }).observe({ type: "paint", buffered: true });
  });
}

/** In the page: scrolls from end to end, a step a frame; how long scripts and layout kept half of the frames. Ms. */
function scrollThrough(element: Element, steps: number): Promise<number> {
  const to = element.scrollHeight - element.clientHeight;
  const tookMs: number[] = [];
  return new Promise((resolve) => {
    const step = () => {
      const began = performance.now();
      element.scrollTop = (to * tookMs.length) / steps;
      element.dispatchEvent(new Event("scroll"));
      // Reading it has the browser lay out what the step has changed.
      void element.clientHeight;
      const channel = new MessageChannel();
      channel.port1.onmessage = () => {
        tookMs.push(performance.now() - began);
        if (tookMs.length < steps) requestAnimationFrame(step);
        else resolve(tookMs.sort((a, b) => a - b)[Math.floor(steps / 2)] as number);
      };
      channel.port2.postMessage(0);
    };
    requestAnimationFrame(step);
  });
}
