/** Pages of the browser, and what is waited for in them. */
import type { Browser, BrowserContext, BrowserContextOptions, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";

/** A page of its own that is closed after the test. What goes wrong in it, or leaves this machine, fails the test. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
    colorScheme: "light",
    ...options,
  });
  const problems: string[] = [];
  const page = await openTab(context, problems);
  onTestFinished(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });
  return page;
}

/** One more page beside those of the context; what goes wrong in it is added to the problems. */
export async function openTab(context: BrowserContext, problems: string[] = []): Promise<Page> {
  const page = await context.newPage();
  page.on("pageerror", (error) => problems.push(error.message));
  page.on("console", (message) => {
    // A server that was killed on purpose, and an answer that is a refusal, are no faults of the page.
    const isNetwork = /net::ERR|Failed to load resource/.test(message.text());
    if (message.type() === "error" && !isNetwork) problems.push(message.text());
  });
  page.on("request", (request) => {
    const { protocol, hostname } = new URL(request.url());
    if (hostname !== "127.0.0.1" && protocol.startsWith("http")) problems.push(`asked ${request.url()}`);
  });
  return page;
}

/** Puts a page behind another, or in front. Playwright tells every page that it is in front, so the page is told here. */
export async function show(page: Page, state: "visible" | "hidden"): Promise<void> {
  await page.evaluate((value) => {
    Object.defineProperty(document, "visibilityState", { value, configurable: true });
    document.dispatchEvent(new Event("visibilitychange"));
  }, state);
}

/** The status in the run's header. */
export async function waitForStatus(page: Page, status: string): Promise<void> {
  await page.locator('[data-testid="status"]').filter({ hasText: status }).waitFor({ timeout: 20_000 });
}
