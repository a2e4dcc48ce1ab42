/** Pages of the browser, and what is waited for in them. */
import type { Browser, BrowserContextOptions, Page } from "playwright-core";
import { expect, onTestFinished } from "vitest";

/** A page of its own that is closed after the test. What goes wrong in it, or leaves this machine, fails the test. */
export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Page> {
  const context = await browser.newContext({
    viewport: { width: 1280, height: 800 },
    reducedMotion: "reduce",
    colorScheme: "light",
    ...options,
  });
  const page = await context.newPage();
  const problems: string[] = [];
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
  onTestFinished(async () => {
    await context.close();
    expect(problems).toEqual([]);
  });
  return page;
}

/** The status in the run's header. */
export async function waitForStatus(page: Page, status: string): Promise<void> {
  await page.locator('[data-testid="status"]').filter({ hasText: status }).waitFor({ timeout: 20_000 });
}
